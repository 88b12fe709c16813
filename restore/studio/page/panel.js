// The direction of a shot or of the film: sliders, network, points with their colours, state and note.

import { button, choice, el, press, settled } from "./dom.js";
import { words } from "./words.js";

const SKIN = ["#8d5524", "#a96b45", "#c68642", "#d9a077", "#e0ac87", "#f1c9a5"];
const SLIDERS = [
  ["saturation", 0, 2, 0.05, 1], ["warmth", -100, 100, 1, 0], ["steady", 0, 5, 0.25, 1.75],
];
const NONE = "none"; // in place of a colour
const GRAY = "#808080"; // by which it is drawn
const PAUSE = 150; // milliseconds without a movement after which a slider counts

export class Panel {
  colour = "#a33b2e";
  chosen = null; // a point
  #controls = {};

  constructor(place, store, viewer, offered) {
    Object.assign(this, { place, store, viewer, offered });
    viewer.onpoint = (at) => this.addPoint(at);
    viewer.onregion = (outline) => this.addRegion(outline);
    this.scope = choice(words("scope"), [["shot", words("thisShot")], ["film", words("theFilm")]], (name) => {
      store.scope = name;
      press(this.scope, name);
      this.refresh();
    }, store.scope);
    this.state = choice(words("state"), [["approved", words("approved"), "A"], ["todo", words("todo"), "T"],
      ["bypass", words("bypass"), "B"]], (name) => this.setState(name));
    this.note = el("textarea", { id: "note", rows: 2, onchange: () => store.say(store.shot, { note: this.note.value || undefined }) });
    this.points = el("ol", { class: "points" });
    this.hint = el("p", { class: "hint" });
    this.palette = el("div", { class: "swatches", role: "group", "aria-label": words("palette") });
    this.picker = el("input", { type: "color", id: "colour", value: this.colour, oninput: () => this.pick(this.picker.value) });
    place.append(
      el("h2", {}, words("direction")), this.#perShot(), this.scope, ...this.#settings(),
      el("h3", {}, words("points")), this.hint, this.#colours(), this.points,
      button(words("addPoint"), () => this.addPoint({ ...viewer.centre }), { class: "wide", id: "add-point" }),
      button(words("addRegion"), () => this.addRegion(viewer.middle()), { class: "wide" }));
    store.on("frame look shots film", () => this.refresh());
    store.on("picture", () => this.#drawPalette());
  }

  #perShot() {
    return el("section", { class: "state-of-shot" }, this.state, el("label", { for: "note" }, words("note")), this.note);
  }

  #settings() {
    const made = SLIDERS.filter(([key]) => this.offered.settings.includes(key)).map((each) => this.#slider(...each));
    const network = el("select", { id: "network", onchange: () => this.say({ network: network.value || undefined }) },
      el("option", { value: "" }, `${words("resetFilm")} (${this.offered.network})`),
      ...this.offered.networks.map((name) => el("option", { value: name }, name)));
    this.#controls.network = (said) => { network.value = said.network ?? ""; };
    return [...made, ...this.#repair(), el("div", { class: "field" }, el("label", { for: "network" }, words("network")), network)];
  }

  #repair() {
    if (!this.offered.settings.includes("repair")) return [];
    const dust = el("select", { id: "dust", onchange: () => this.say({ repair: dust.value ? `dust:${dust.value}` : undefined }) },
      el("option", { value: "" }, words("off")), ...[1, 2, 3, 4, 5].map((n) => el("option", { value: n }, n)));
    this.#controls.repair = (said, under) => { dust.value = /^dust:(\d)$/.exec(said.repair ?? under.repair)?.[1] ?? ""; };
    return [el("div", { class: "field" }, el("label", { for: "dust" }, words("dust")), dust)];
  }

  #slider(key, min, max, step, neutral) {
    const own = this.offered[key] ?? neutral; // of the run
    const say = settled((value) => this.say({ [key]: value }), PAUSE);
    const number = el("input", { type: "number", min, max, step, "aria-label": words(key), onchange: () => number.value !== "" && this.say({ [key]: number.valueAsNumber }) });
    const range = el("input", { type: "range", id: key, min, max, step, oninput: () => {
      number.value = range.value;
      say(range.valueAsNumber);
    } });
    const reset = button("↺", () => this.say({ [key]: undefined }), { title: words("reset"), "aria-label": `${words(key)}: ${words("reset")}` });
    this.#controls[key] = (said, under) => {
      const value = said[key] ?? under[key] ?? own;
      if (document.activeElement !== range || Number(range.value) !== value) range.value = value;
      number.value = value;
      reset.disabled = said[key] === undefined;
    };
    return el("div", { class: "field slider" }, el("label", { for: key }, words(key)), range, number, reset);
  }

  #colours() {
    const typed = el("input", { type: "text", value: this.colour, maxLength: 7, pattern: "#[0-9a-fA-F]{6}", "aria-label": words("colour"), onchange: () => typed.checkValidity() && this.pick(typed.value) });
    this.typed = typed;
    const skin = el("div", { class: "swatches", role: "group", "aria-label": words("skin") }, ...SKIN.map((colour) => this.#swatch(colour)));
    return el("div", { class: "colours" },
      el("div", { class: "field" }, el("label", { for: "colour" }, words("colour")), this.picker, typed),
      el("div", { class: "field" }, el("span", {}, words("palette")), this.palette),
      el("div", { class: "field" }, el("span", {}, words("skin")), skin),
      button(words("noColour"), () => this.pick(NONE), { class: "wide" }));
  }

  #swatch(colour) {
    const made = button("", () => this.pick(colour), { class: "swatch", title: colour, "aria-label": colour });
    made.style.background = colour;
    return made;
  }

  /** Takes a colour: of the point that is chosen, and of the next one. */
  pick(colour) {
    this.colour = colour;
    this.picker.value = shown(colour);
    this.typed.value = shown(colour);
    if (this.chosen !== null) this.#changePoint(this.chosen, { colour });
  }

  get target() {
    return this.store.scope === "shot" ? this.store.shot : null;
  }

  say(values) {
    if (this.store.scope === "shot" && !this.store.shot) return;
    this.store.say(this.target, values);
  }

  setState(name) {
    const { store } = this;
    if (!store.shot) return;
    const said = store.said(store.shot);
    const is = said.neutral ? "bypass" : said.state;
    const next = is === name ? undefined : name;
    store.say(store.shot, { state: next === "bypass" ? undefined : next, neutral: next === "bypass" ? true : undefined });
  }

  #hints() {
    return this.store.said(this.store.shot).hints ?? [];
  }

  addPoint({ x, y }) {
    const { store } = this;
    if (!store.shot || !this.offered.points) return;
    const point = { time: store.time(store.frame), x: Math.floor(x * store.film.width), y: Math.floor(y * store.film.height), colour: this.colour };
    this.#add(point);
  }

  /** @param outline corners, in shares of the picture */
  addRegion(outline) {
    const { store } = this;
    if (!store.shot) return;
    const within = (share, side) => Math.round(Math.min(1, Math.max(0, share)) * side);
    const polygon = outline.map(({ x, y }) => [within(x, store.film.width), within(y, store.film.height)]);
    this.#add({ time: store.time(store.frame), polygon, colour: this.colour });
  }

  #add(hint) {
    this.chosen = this.#hints().length;
    this.store.say(this.store.shot, { hints: [...this.#hints(), hint] });
  }

  #changePoint(index, values) {
    const hints = this.#hints().map((each, n) => (n === index ? { ...each, ...values } : each));
    this.store.say(this.store.shot, { hints });
  }

  removePoint(index = this.chosen) {
    const hints = this.#hints().filter((_, n) => n !== index);
    this.chosen = null;
    this.store.say(this.store.shot, { hints: hints.length ? hints : undefined });
  }

  refresh() {
    const { store } = this;
    if (!store.film) return;
    const said = store.said(this.target);
    for (const show of Object.values(this.#controls)) show(said, store.look.film);
    const ofShot = store.shot ? store.said(store.shot) : {};
    press(this.state, ofShot.neutral ? "bypass" : ofShot.state);
    if (document.activeElement !== this.note) this.note.value = ofShot.note ?? "";
    this.place.querySelector("#add-point").disabled = !this.offered.points;
    this.hint.textContent = words(this.offered.points ? "hintPoint" : "noPoints");
    this.#drawPoints();
  }

  #drawPoints() {
    const { store, viewer } = this;
    const hints = this.#hints();
    if (this.chosen !== null && this.chosen >= hints.length) this.chosen = null;
    const here = store.time(store.frame);
    viewer.points = hints.map((each, n) => ({ ...each, n })).filter((each) => each.time === here).map((each) => ({
      ...placed(each, store.film), colour: shown(each.colour), isChosen: each.n === this.chosen,
    }));
    viewer.draw();
    this.points.replaceChildren(...hints.map((each, n) => this.#point(each, n)));
  }

  #point({ time, x, y, colour }, n) { // a region has no x and y: its outline is in the picture
    const { store } = this;
    const frame = store.frameOf(time);
    const swatch = el("input", { type: "color", value: shown(colour), "aria-label": `${words("point")} ${n + 1}, ${words("colour")}`, onchange: () => this.#changePoint(n, { colour: swatch.value }) });
    const number = (value, key, label) => {
      const made = el("input", { type: "number", min: 0, value, "aria-label": `${words("point")} ${n + 1}, ${words(label)}`, onchange: () => made.value !== "" && this.#changePoint(n, { [key]: made.valueAsNumber }) });
      return made;
    };
    const go = button(store.clock.written(frame), () => {
      this.chosen = n;
      store.go(frame);
      this.refresh();
    }, { class: "plain" });
    return el("li", { "aria-current": String(n === this.chosen) }, swatch, go,
      ...(x === undefined ? [el("span", {}, words("region"))] : [number(x, "x", "x"), number(y, "y", "y")]),
      button("×", () => this.removePoint(n), { title: words("remove"), "aria-label": `${words("remove")}: ${words("point")} ${n + 1}` }));
  }

  #drawPalette() {
    const data = this.viewer.sampled();
    if (data) this.palette.replaceChildren(...common(data).map((colour) => this.#swatch(colour)));
  }
}

/** A colour as it can be drawn. */
function shown(colour) {
  return colour === NONE ? GRAY : colour;
}

/** Where a hint is, in shares of the picture. */
function placed({ x, y, polygon }, { width, height }) {
  if (polygon) return { outline: polygon.map(([left, top]) => ({ x: left / width, y: top / height })) };
  return { x: (x + 0.5) / width, y: (y + 0.5) / height };
}

/** The most common colours of a picture (RGBA), the most colourful ones first; grays are left out. */
function common(data, most = 6) {
  const bins = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = data.subarray(i, i + 3);
    const chroma = Math.max(r, g, b) - Math.min(r, g, b);
    if (chroma < 12) continue;
    const key = `${r >> 5},${g >> 5},${b >> 5}`;
    const bin = bins.get(key) ?? { r: 0, g: 0, b: 0, count: 0, chroma: 0 };
    bin.r += r; bin.g += g; bin.b += b; bin.chroma += chroma; bin.count += 1;
    bins.set(key, bin);
  }
  const ranked = [...bins.values()].sort((one, other) => other.count * other.chroma - one.count * one.chroma);
  const hex = (sum, count) => Math.round(sum / count).toString(16).padStart(2, "0");
  return ranked.slice(0, most).map(({ r, g, b, count }) => `#${hex(r, count)}${hex(g, count)}${hex(b, count)}`);
}
