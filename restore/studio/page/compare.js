// Up to four settings of the shot side by side; one click takes one.

import { button, el } from "./dom.js";
import { words } from "./words.js";

const MOST = 4;
const SHOWN = ["network", "saturation", "warmth", "steady", "sharpen", "neutral"];

export class Compare {
  variants = []; // values of the shot
  #abort = null;

  constructor(store, api, viewer, offered) {
    Object.assign(this, { store, api, viewer, offered });
    this.cells = el("div", { class: "cells" });
    this.bar = el("div", { class: "compare-bar" }, el("span", { class: "hint" }, words("variants")),
      button(words("addVariant"), () => this.add(this.#own())),
      button(words("saturations"), () => this.#several([0.7, 1, 1.3, 1.6].map((saturation) => ({ saturation })))),
      offered.networks.length > 1 ? button(words("networks"), () => this.#several(offered.networks.slice(0, MOST).map((network) => ({ network })))) : null,
      button(words("clear"), () => this.#several([])));
    viewer.grid.append(this.bar, this.cells);
    viewer.onLayout((layout) => layout === "compare" && this.refresh());
    store.on("frame", () => viewer.layout === "compare" && this.refresh());
  }

  #own() {
    const said = this.store.said(this.store.shot);
    return Object.fromEntries(Object.entries(said).filter(([key]) => SHOWN.includes(key)));
  }

  #several(changes) {
    this.variants = changes.map((each) => ({ ...this.#own(), ...each }));
    this.refresh();
  }

  add(variant) {
    this.variants = [...this.variants, variant].slice(-MOST);
    this.refresh();
  }

  async refresh() {
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    const cells = this.variants.map((variant) => this.#cell(variant));
    this.cells.replaceChildren(...cells.map((cell) => cell.element));
    for (const cell of cells) {
      if (abort.signal.aborted) return;
      try {
        cell.show(await this.api.picture("still", this.store.clock.at(this.store.frame), this.#look(cell.variant), abort.signal));
      } catch (error) {
        if (!abort.signal.aborted) cell.tell(error.message);
      }
    }
  }

  #look(variant) {
    const { store } = this;
    const { shot } = store;
    const look = store.lookOf(shot);
    if (!shot) return { ...look, film: { ...look.film, ...variant } };
    const own = look.shot.find(({ number }) => number === shot.number);
    const others = Object.fromEntries(Object.entries(own ?? {}).filter(([key]) => !SHOWN.includes(key)));
    const entry = { number: shot.number, start: shot.from, end: shot.to, ...others, ...variant };
    return { ...look, shot: [entry, ...look.shot.filter((each) => each !== own)] };
  }

  #cell(variant) {
    const { store } = this;
    const canvas = el("canvas", { width: 16, height: 9 });
    const said = Object.entries(variant).map(([key, value]) => `${words(key)} ${value}`).join(", ") || words("reset");
    const text = el("figcaption", {}, said, " ", button(words("take"), () => this.take(variant)));
    return {
      variant,
      element: el("figure", {}, canvas, text),
      show(picture) {
        canvas.width = picture.width / 2;
        canvas.height = picture.height;
        canvas.getContext("2d").drawImage(picture, -picture.width / 2, 0);
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `${words("shot", store.shot?.number ?? "")}: ${said}`);
      },
      tell(message) {
        text.prepend(el("span", { class: "error" }, message, " "));
      },
    };
  }

  take(variant) {
    const { store } = this;
    const cleared = Object.fromEntries(SHOWN.map((key) => [key, undefined]));
    const target = store.target ?? [store.shot].filter(Boolean);
    if (target.length) store.say(target, { ...cleared, ...variant });
    this.viewer.show("wipe");
  }
}
