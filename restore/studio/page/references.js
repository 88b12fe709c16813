// References: photographs, and shots with a painted frame, whose colours are taken by likeness.

import { button, chooser, el } from "./dom.js";
import { words } from "./words.js";

export class References {
  constructor(place, store, api, say) {
    Object.assign(this, { store, api, say });
    this.list = el("ol", { class: "points" });
    this.shots = el("select", { id: "reference-shot", onchange: () => {
      if (this.shots.value) this.#add(this.shots.value);
    } });
    place.append(el("h3", {}, words("references")), el("p", { class: "hint" }, words("referenceHint")), this.list,
      el("div", { class: "field" }, el("label", { for: "reference-shot" }, words("takesFrom")), this.shots),
      el("div", { class: "buttons" }, ...chooser(words("references"), ".jpg,.jpeg,.png,.tif,.tiff", (file) => this.take(file))));
    store.on("look frame shots scope selected", () => this.#draw());
  }

  /** The photograph becomes a reference of what is aimed at. */
  async take(file) {
    const { target } = this.store;
    if (target && !target.length) return;
    try {
      this.#add(await this.api.keepPhotograph(file), target);
    } catch (error) {
      this.say(error.message, true);
    }
  }

  #add(source, target = this.store.target) {
    if (target && !target.length) return;
    this.store.say(target, ({ references = [] }) => ({ references: [...references.filter((each) => each !== source), source] }));
  }

  #remove(source) {
    this.store.say(this.store.target, ({ references = [] }) => {
      const left = references.filter((each) => each !== source);
      return { references: left.length ? left : undefined };
    });
  }

  #draw() {
    const { store } = this;
    const own = store.saidOfTarget?.references ?? [];
    this.list.replaceChildren(...own.map((source) => {
      const name = written(source);
      return el("li", {}, el("span", { class: "grow", title: source }, name),
        button("×", () => this.#remove(source), { title: words("remove"), "aria-label": `${words("remove")}: ${name}` }));
    }));
    const painted = store.look.shot.filter(({ number, stills }) => stills && !store.target?.some((shot) => shot.number === number));
    this.shots.replaceChildren(el("option", { value: "" }, words(painted.length ? "choosesShot" : "noPaintedShot")),
      ...painted.map(({ number }) => el("option", { value: `shot ${number}` }, words("shot", number))));
    this.shots.disabled = !painted.length;
  }
}

/** A reference as people read it. */
function written(source) {
  const [, number] = /^shot (\d+)$/.exec(source) ?? [];
  return number ? words("shot", number) : source.split("/").pop();
}
