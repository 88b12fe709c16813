// Points and regions of a shot, and their colours.

import { button, el, refill } from "./dom.js";
import { Palette, shown } from "./palette.js";
import { words } from "./words.js";

export class Hints {
  chosen = null; // number of a hint of the shot
  #shot = null; // whose hint is chosen
  #toolBefore = "point"; // the one that the dropper gives way to

  constructor(place, store, viewer, offered) {
    Object.assign(this, { place, store, viewer, offered });
    viewer.onpoint = (at) => this.addPoint(at);
    viewer.onregion = (outline) => this.addRegion(outline);
    viewer.onchoose = (index) => this.choose(index);
    viewer.oncolour = (colour) => this.#dropped(colour);
    this.palette = new Palette((colour) => this.#take(colour), () => viewer.take("dropper"));
    this.list = el("ol", { class: "points" });
    this.hint = el("p", { class: "hint" });
    this.target = el("span", { class: "grow", role: "status" });
    this.free = button(words("nextOne"), () => this.choose(null), { class: "small", title: "Esc" });
    this.add = button(words("addPoint"), () => this.addPoint({ ...viewer.centre }), { class: "wide" });
    this.own = el("div", {}, this.list, this.add,
      button(words("addRegion"), () => this.addRegion(viewer.middle()), { class: "wide" }));
    place.append(el("h3", {}, words("points")), this.hint, el("div", { class: "target" }, this.target, this.free),
      this.palette.element, this.own);
    viewer.onTool((tool) => { if (tool !== "dropper") this.#toolBefore = tool; });
    store.on("frame look shots film", () => this.refresh());
    store.on("picture", () => this.palette.setFrame(viewer.sampled()));
  }

  /** A colour that was chosen: of the hint that is marked, and of the next one. */
  #take(colour) {
    if (this.chosen !== null) this.#change(this.chosen, { colour });
  }

  /** Marks a hint of the shot, to which colours go from now on; null: none, and they are for the next one. */
  choose(index) {
    this.chosen = index;
    this.refresh();
  }

  #dropped(colour) {
    if (!colour) return;
    this.palette.pick(colour);
    this.viewer.take(this.#toolBefore);
  }

  get #own() {
    return this.store.said(this.store.shot).hints ?? [];
  }

  addPoint({ x, y }) {
    const { store } = this;
    if (!store.shot || !this.offered.points) return;
    const { width, height } = store.film;
    this.#add({ time: store.time(store.frame), x: Math.floor(x * width), y: Math.floor(y * height), colour: this.palette.colour });
  }

  /** @param outline corners, in shares of the picture */
  addRegion(outline) {
    const { store } = this;
    if (!store.shot) return;
    const within = (share, side) => Math.round(Math.min(1, Math.max(0, share)) * side);
    const polygon = outline.map(({ x, y }) => [within(x, store.film.width), within(y, store.film.height)]);
    this.#add({ time: store.time(store.frame), polygon, colour: this.palette.colour });
  }

  #add(hint) {
    this.chosen = this.#own.length;
    this.store.say(this.store.shot, { hints: [...this.#own, hint] }, true);
  }

  #change(index, values) {
    const hints = this.#own.map((each, n) => (n === index ? { ...each, ...values } : each));
    this.store.say(this.store.shot, { hints });
  }

  remove(index = this.chosen) {
    if (index === null) return;
    const hints = this.#own.filter((_, n) => n !== index);
    this.chosen = null;
    this.store.say(this.store.shot, { hints: hints.length ? hints : undefined }, true);
  }

  refresh() {
    const { store, viewer } = this;
    if (!store.film) return;
    this.add.disabled = !this.offered.points;
    this.hint.textContent = words(this.offered.points ? "hintPoint" : "noPoints");
    const hints = this.#own;
    if (store.shot !== this.#shot || this.chosen >= hints.length) this.chosen = null;
    this.#shot = store.shot;
    const colour = hints[this.chosen]?.colour ?? this.palette.colour;
    if (colour !== this.palette.colour) this.palette.show(colour); // it was undone
    const here = store.time(store.frame);
    viewer.points = hints.map((each, n) => ({ ...each, n })).filter((each) => each.time === here).map((each) => ({
      n: each.n, ...placed(each, store.film), colour: shown(each.colour), isChosen: each.n === this.chosen,
    }));
    viewer.draw();
    this.free.hidden = this.chosen === null;
    const target = this.free.hidden ? words("colourOfNext") : words("colourOf", named(hints[this.chosen], this.chosen));
    if (target !== this.target.textContent) this.target.textContent = target;
    this.palette.setUsed(store.look.shot.flatMap((each) => each.hints ?? []).map((each) => each.colour));
    refill(this.list, ...hints.map((each, n) => this.#item(each, n)));
  }

  #item(hint, n) {
    const { store } = this;
    const { time, x, y, colour } = hint;
    const frame = store.frameOf(time);
    const name = named(hint, n);
    const swatch = el("input", { type: "color", value: shown(colour), "aria-label": `${name}, ${words("colour")}`, onchange: () => this.#change(n, { colour: swatch.value }) });
    const number = (value, key, side) => {
      const made = el("input", { type: "number", min: 0, max: side - 1, value, "aria-label": `${name}, ${words(key)}`,
        onchange: () => made.value !== "" && made.checkValidity() && this.#change(n, { [key]: made.valueAsNumber }) });
      return made;
    };
    const go = button(store.clock.written(frame), () => {
      store.go(frame);
      this.choose(n);
    }, { class: "plain", "aria-label": `${name}, ${store.clock.written(frame)}` });
    const { width, height } = store.film;
    return el("li", { "aria-current": String(n === this.chosen) }, swatch, go,
      ...(x === undefined ? [el("span", { class: "grow" }, words("region"))] : [number(x, "x", width), number(y, "y", height)]),
      button("×", () => this.remove(n), { title: words("remove"), "aria-label": `${words("remove")}: ${name}` }));
  }
}

/** A hint as people call it. A region has no x and y: its outline is in the picture. */
function named({ x }, n) {
  return `${words(x === undefined ? "region" : "point")} ${n + 1}`;
}

/** Where a hint is, in shares of the picture. */
function placed({ x, y, polygon }, { width, height }) {
  if (polygon) return { outline: polygon.map(([left, top]) => ({ x: left / width, y: top / height })) };
  return { x: (x + 0.5) / width, y: (y + 0.5) / height };
}
