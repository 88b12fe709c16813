// Settings of what is aimed at: this shot, these shots, the film.

import { button, el, settled } from "./dom.js";
import { REPAIRS, repairsOf, withRepair } from "./repairs.js";
import { words } from "./words.js";

const SLIDERS = [
  ["saturation", 0, 2, 0.05, 1], ["warmth", -100, 100, 1, 0], ["steady", 0, 5, 0.25, 1.75],
];
const STRENGTHS = [1, 2, 3, 4, 5];
const ROWS = ["dust", "scratches", "flicker", "flicker-local", "weave"];
const PAUSE = 150; // milliseconds without a movement after which a slider counts

export class Settings {
  #controls = [];

  constructor(store, offered) {
    Object.assign(this, { store, offered });
    const sliders = SLIDERS.filter(([key]) => offered.settings.includes(key)).map((each) => this.#slider(...each));
    this.stays = el("p", { class: "hint", role: "status" });
    this.colours = el("fieldset", { "aria-label": words("colour") }, ...sliders, this.#network());
    this.elements = [this.stays, this.colours, ...(offered.settings.includes("repair") ? [this.#repair()] : [])];
  }

  say(values) {
    const { target } = this.store;
    if (!target || target.length) this.store.say(target, values);
  }

  refresh() {
    const { store } = this;
    this.#controls.forEach((show) => show(store.saidOfTarget, store.look.film));
    const isBypassed = Boolean(store.target?.length) && store.target.every((shot) => store.said(shot).neutral);
    this.colours.disabled = isBypassed;
    this.stays.textContent = isBypassed ? words("bypassHint") : "";
  }

  #slider(key, min, max, step, neutral) {
    const own = this.offered[key] ?? neutral; // of the run
    const say = settled((value) => this.say({ [key]: value }), PAUSE);
    const number = el("input", { type: "number", min, max, step, "aria-label": words(key), onchange: () => {
      if (number.value !== "" && number.checkValidity()) this.say({ [key]: number.valueAsNumber });
      else this.refresh();
    } });
    const range = el("input", { type: "range", id: key, min, max, step, oninput: () => {
      number.value = range.value;
      say(range.valueAsNumber);
    } });
    const reset = button("↺", () => this.say({ [key]: undefined }), { title: words("reset"), "aria-label": `${words(key)}: ${words("reset")}` });
    this.#controls.push((said, under) => {
      const value = said[key] ?? under[key] ?? own;
      if (document.activeElement !== range || Number(range.value) !== value) range.value = value;
      number.value = value;
      reset.disabled = said[key] === undefined;
    });
    return el("div", { class: "field slider" }, el("label", { for: key }, words(key)), range, number, reset);
  }

  #network() {
    const { networks, network: own } = this.offered;
    const select = el("select", { id: "network", onchange: () => this.say({ network: select.value || undefined }) },
      el("option", { value: "" }, `${words("resetFilm")} (${own})`), ...networks.map((name) => el("option", { value: name }, name)));
    this.#controls.push((said) => { select.value = said.network ?? ""; });
    return el("div", { class: "field" }, el("label", { for: "network" }, words("network")), select);
  }

  #repair() {
    const summary = el("summary", {});
    const made = el("details", { class: "repair" }, summary, el("p", { class: "hint" }, words("repairHint")),
      ...ROWS.map((name) => this.#strength(name)));
    this.#controls.push((said, under) => {
      const on = repairsOf(said.repair ?? under.repair);
      const written = REPAIRS.filter((name) => on[name]).map((name) => `${words(name)} ${on[name]}`).join(", ");
      summary.textContent = `${words("repair")}: ${written || words("off")}`;
    });
    return made;
  }

  #strength(name) {
    const options = (value, label) => STRENGTHS.map((n) => el("option", { value: `${value}:${n}` }, label(n)));
    const fine = name === "weave" ? options("weave-fine", (n) => words("fine", n)) : [];
    const select = el("select", { id: name, onchange: () => this.#setStrength(name, select.value) },
      el("option", { value: "" }, words("off")), ...options(name, (n) => `${n}`), ...fine);
    this.#controls.push((said, under) => {
      const on = repairsOf(said.repair ?? under.repair);
      const found = [name, `${name}-fine`].find((each) => on[each]);
      select.value = found ? `${found}:${on[found]}` : "";
    });
    return el("div", { class: "field" }, el("label", { for: name }, words(name)), select);
  }

  #setStrength(name, chosen) {
    const { film } = this.store.look;
    const [found, strength] = chosen ? chosen.split(":") : [name, 0];
    this.say((said) => ({ repair: withRepair(said.repair, said === film ? undefined : film.repair, found, Number(strength)) }));
  }
}
