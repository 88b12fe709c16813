// Colours to choose from: used before, of the frame, of the film, of skin, picked and typed.

import { button, el, refill, settled } from "./dom.js";
import { words } from "./words.js";

const SKIN = ["#8d5524", "#a96b45", "#c68642", "#d9a077", "#e0ac87", "#f1c9a5"];
const SIDE = 24; // of the small picture that stands for a shot
const PAUSE = 300; // milliseconds between two tiles after which the film's colours are counted
export const NONE = "none"; // in place of a colour
const GRAY = "#808080"; // by which it is drawn

export class Palette {
  colour = "#a33b2e";
  #tiles = new Map(); // small pictures, by number of shot

  /** @param take is called with each colour that is chosen */
  constructor(take, dropper) {
    this.take = take;
    this.used = this.#group("used");
    this.used.classList.add("used");
    this.ofFrame = this.#group("palette");
    this.ofFilm = this.#group("filmPalette");
    const skin = this.#group("skin");
    skin.append(...SKIN.map((colour) => this.#swatch(colour)));
    this.picker = el("input", { type: "color", id: "colour", value: this.colour, oninput: () => this.pick(this.picker.value) });
    this.typed = el("input", { type: "text", value: this.colour, maxLength: 7, pattern: "#[0-9a-fA-F]{6}", "aria-label": words("colour"),
      onchange: () => (this.typed.checkValidity() ? this.pick(this.typed.value) : this.show(this.colour)) });
    const row = (word, group) => el("div", { class: "field" }, el("span", {}, words(word)), group);
    this.element = el("div", { class: "colours" },
      el("div", { class: "field" }, el("label", { for: "colour" }, words("colour")), this.picker, this.typed,
        button(words("dropper"), dropper, { title: `${words("dropperHint")} (D)` })),
      this.usedRow = row("used", this.used), row("palette", this.ofFrame), row("filmPalette", this.ofFilm), row("skin", skin),
      button(words("noColour"), () => this.pick(NONE), { class: "wide" }));
    this.#count = settled(() => this.#draw(this.ofFilm, [...this.#tiles.values()]), PAUSE);
  }

  #count;

  #group(word) {
    return el("div", { class: "swatches", role: "group", "aria-label": words(word) });
  }

  #swatch(colour) {
    const made = button("", () => this.pick(colour), { class: "swatch", title: colour, "aria-label": colour });
    made.style.background = colour;
    return made;
  }

  #draw(group, pictures) {
    group.replaceChildren(...common(pictures).map((colour) => this.#swatch(colour)));
  }

  pick(colour) {
    this.show(colour);
    this.take(colour);
  }

  show(colour) {
    this.colour = colour;
    this.picker.value = this.typed.value = shown(colour);
  }

  /** @param colours that the film's points and regions have, in their order */
  setUsed(colours) {
    const own = [...new Set(colours)].filter((colour) => colour !== NONE);
    this.usedRow.hidden = !own.length;
    refill(this.used, ...own.map((colour) => this.#swatch(colour)));
  }

  /** @param data RGBA of the frame in colour, or null */
  setFrame(data) {
    if (data) this.#draw(this.ofFrame, [data]);
  }

  /** @param tile a canvas with a shot, before beside after */
  addTile(shot, tile) {
    const small = new OffscreenCanvas(SIDE, SIDE).getContext("2d");
    small.drawImage(tile, tile.width / 2, 0, tile.width / 2, tile.height, 0, 0, SIDE, SIDE);
    this.#tiles.set(shot.number, small.getImageData(0, 0, SIDE, SIDE).data);
    this.#count();
  }
}

/** A colour as it can be drawn. */
export function shown(colour) {
  return colour === NONE ? GRAY : colour;
}

/** The most common colours of pictures (RGBA), the most colourful ones first; grays are left out. */
function common(pictures, most = 6) {
  const bins = new Map();
  for (const data of pictures) {
    for (let i = 0; i < data.length; i += 4) {
      const [r, g, b] = data.subarray(i, i + 3);
      const chroma = Math.max(r, g, b) - Math.min(r, g, b);
      if (chroma < 12) continue;
      const key = (r >> 5) * 64 + (g >> 5) * 8 + (b >> 5);
      const bin = bins.get(key) ?? { r: 0, g: 0, b: 0, count: 0, chroma: 0 };
      bin.r += r; bin.g += g; bin.b += b; bin.chroma += chroma; bin.count += 1;
      bins.set(key, bin);
    }
  }
  const ranked = [...bins.values()].sort((one, other) => other.chroma - one.chroma);
  const hex = (sum, count) => Math.round(sum / count).toString(16).padStart(2, "0");
  return ranked.slice(0, most).map(({ r, g, b, count }) => `#${hex(r, count)}${hex(g, count)}${hex(b, count)}`);
}
