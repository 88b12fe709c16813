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
    viewer.onlayout = (layout) => layout === "compare" && this.refresh();
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
    const look = store.lookOf(store.shot);
    const others = Object.fromEntries(Object.entries(look.shot[0] ?? {}).filter(([key]) => !SHOWN.includes(key)));
    const place = store.shot ? { number: store.shot.number, start: store.shot.from, end: store.shot.to } : null;
    return place ? { film: look.film, shot: [{ ...place, ...others, ...variant }] } : { ...look, film: { ...look.film, ...variant } };
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
    store.say(store.shot, { ...cleared, ...variant });
    this.viewer.show("wipe");
  }
}
