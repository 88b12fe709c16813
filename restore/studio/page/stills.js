// Painted frames: one is exported, painted over in any program, and dropped on its frame.

import { button, chooser, el } from "./dom.js";
import { words } from "./words.js";

export class Stills {
  constructor(place, store, api, say) {
    Object.assign(this, { store, api, say });
    this.list = el("ol", { class: "points" });
    place.append(el("h3", {}, words("stills")), el("p", { class: "hint" }, words("dropHint")), this.list,
      el("div", { class: "buttons" }, button(words("export"), () => this.#export()),
        ...chooser(words("stills"), ".png,.tif,.tiff", (file) => this.take(file))));
    store.on("look frame shots", () => this.#draw());
  }

  get #own() {
    return this.store.said(this.store.shot).stills ?? [];
  }

  async #export() {
    const { store } = this;
    try {
      this.say(words("painting"));
      const picture = await this.api.colour(store.clock.at(store.frame), store.lookOf(store.shot));
      const link = el("a", { href: URL.createObjectURL(picture), download: `${store.film.name}.f${store.frame}.tif` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      this.say("");
    } catch (error) {
      this.say(error.message, true);
    }
  }

  /** The file becomes the colour of the frame that is on the screen. */
  async take(file) {
    const { store } = this;
    if (!store.shot) return;
    const [shot, frame] = [store.shot, store.frame];
    try {
      const still = { file: await this.api.keep(file, frame), time: store.time(frame) };
      store.say(shot, { stills: [...this.#own.filter((each) => each.time !== still.time), still] });
    } catch (error) {
      this.say(error.message, true);
    }
  }

  #draw() {
    const { store } = this;
    this.list.replaceChildren(...this.#own.map((each) => {
      const frame = each.time && store.frameOf(each.time);
      const name = each.time ? store.clock.written(frame) : each.file ?? each;
      const go = button(name, () => each.time && store.go(frame), { class: "plain", title: each.file ?? each });
      const remove = button("×", () => {
        const left = this.#own.filter((other) => other !== each);
        store.say(store.shot, { stills: left.length ? left : undefined });
      }, { title: words("remove"), "aria-label": `${words("remove")}: ${name}` });
      return el("li", {}, go, remove);
    }));
  }
}
