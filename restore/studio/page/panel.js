// The direction of a shot: its state and note, and what its settings are said of.

import { button, choice, el, press } from "./dom.js";
import { Settings } from "./settings.js";
import { words } from "./words.js";

export class Panel {
  constructor(place, store, offered) {
    this.store = store;
    this.settings = new Settings(store, offered);
    this.scope = choice(words("scope"), [["shot", words("thisShot")], ["shots", words("theseShots", 0)], ["film", words("theFilm")]],
      (name) => store.aim(name), store.scope);
    this.state = choice(words("state"), [["approved", words("approved"), "A"], ["todo", words("todo"), "T"],
      ["bypass", words("bypass"), "B"]], (name) => this.setState(name));
    this.note = el("textarea", { id: "note", rows: 2, onchange: () => this.#say({ note: this.note.value || undefined }) });
    place.append(
      el("h2", {}, words("direction")),
      el("section", { class: "state-of-shot" }, this.state, el("label", { for: "note" }, words("note")), this.note),
      this.scope, ...this.settings.elements);
    store.on("frame look shots film scope selected", () => this.refresh());
  }

  /** State and note are of shots, even while settings are said of the film. */
  get #shots() {
    const { store } = this;
    return store.target ?? (store.shot ? [store.shot] : []);
  }

  #say(values) {
    if (this.#shots.length) this.store.say(this.#shots, values);
  }

  setState(name) {
    const next = this.#shown === name ? undefined : name;
    this.#say({ state: next === "bypass" ? undefined : next, neutral: next === "bypass" ? true : undefined });
  }

  get #said() {
    const { store } = this;
    return store.target ? store.saidOfTarget : store.shot ? store.said(store.shot) : {};
  }

  get #shown() {
    return this.#said.neutral ? "bypass" : this.#said.state;
  }

  refresh() {
    const { store } = this;
    if (!store.film) return;
    const several = this.scope.querySelector("[value=shots]");
    several.textContent = words("theseShots", store.selected.size);
    several.hidden = !store.selected.size;
    press(this.scope, store.scope);
    press(this.state, this.#shown);
    if (document.activeElement !== this.note) this.note.value = this.#said.note ?? "";
    this.settings.refresh();
  }
}
