// The strip of shots: tiles before and after, filled in as they come into view; filters; the state of each.

import { choice, el, press } from "./dom.js";
import { lasting } from "./clock.js";
import { words } from "./words.js";

const AT_ONCE = 2; // tiles asked for at a time
const FILTERS = {
  all: () => true,
  unchecked: (said) => !said.state,
  todo: (said) => said.state === "todo",
  changed: (said) => Object.keys(said).some((key) => !["number", "start", "end", "state", "note"].includes(key)),
};

export class Strip {
  filter = "all";
  #items = new Map(); // by number of shot
  #wanted = new Set();
  #busy = 0;

  constructor(place, store, api) {
    this.store = store;
    this.api = api;
    this.count = el("span", { class: "count" });
    this.filters = choice(words("shots"), Object.keys(FILTERS).map((name) => [name, words(name)]), (name) => this.#sift(name), "all");
    this.list = el("ol", { class: "shots", "aria-label": words("shots") });
    this.empty = el("p", { class: "hint" }, words("noneYet"));
    place.replaceChildren(el("h2", {}, words("shots"), " ", this.count), this.filters, this.empty, this.list);
    this.seen = new IntersectionObserver((found) => found.forEach((each) => this.#see(each)), { root: this.list, rootMargin: "200px" });
    store.on("look", () => this.refresh());
    store.on("frame shots", () => this.#mark());
  }

  add(shot) {
    const { store } = this;
    const item = el("li", { class: "shot" });
    const tile = el("canvas", { class: "tile", width: 288, height: 90 });
    const name = `${shot.number}`;
    const choose = el("button", {
      type: "button", class: "choose", onclick: () => store.go(shot.middle),
      "aria-label": `${words("shot", shot.number)}, ${store.clock.written(shot.start)}`,
    }, tile, el("span", { class: "label" }, el("b", {}, name), el("span", { class: "time" }, store.clock.written(shot.start)),
      el("span", {}, lasting((shot.end - shot.start) / store.clock.rate)), el("span", { class: "state" })));
    item.append(choose);
    item.shot = shot;
    this.#items.set(shot.number, { item, tile, shot, key: null });
    this.list.append(item);
    this.seen.observe(item);
    this.empty.hidden = true;
    this.#dress(this.#items.get(shot.number));
  }

  tell(text) {
    this.count.textContent = text;
  }

  refresh() {
    for (const entry of this.#items.values()) this.#dress(entry);
    this.#next();
  }

  #dress(entry) {
    const said = this.store.said(entry.shot);
    const state = said.neutral ? "bypass" : said.state;
    const mark = entry.item.querySelector(".state");
    const hasChanged = FILTERS.changed(said);
    mark.textContent = state ? words(state) : hasChanged ? words("changed") : "";
    entry.item.dataset.state = state ?? (hasChanged ? "changed" : "");
    entry.item.hidden = !FILTERS[this.filter](said);
    if (entry.isSeen) this.#wanted.add(entry);
  }

  #sift(name) {
    this.filter = name;
    press(this.filters, name);
    this.refresh();
    this.empty.hidden = [...this.#items.values()].some(({ item }) => !item.hidden);
    this.empty.textContent = words(this.#items.size ? "nothing" : "noneYet");
  }

  #mark() {
    const shot = this.store.shot;
    for (const { item, shot: own } of this.#items.values()) {
      const isHere = own === shot;
      if (isHere && item.getAttribute("aria-current") !== "true") item.scrollIntoView({ block: "nearest", inline: "nearest" });
      item.setAttribute("aria-current", String(isHere));
    }
  }

  #see({ target, isIntersecting }) {
    const entry = this.#items.get(target.shot.number);
    entry.isSeen = isIntersecting;
    if (isIntersecting) this.#wanted.add(entry);
    else this.#wanted.delete(entry);
    this.#next();
  }

  async #next() {
    const [entry] = this.#wanted;
    if (!entry || this.#busy >= AT_ONCE) return;
    this.#wanted.delete(entry);
    const look = this.store.lookOf(entry.shot);
    const key = JSON.stringify(look);
    if (entry.key === key) return this.#next();
    this.#busy += 1;
    try {
      const picture = await this.api.picture("tile", this.store.clock.at(entry.shot.middle), look);
      entry.tile.width = picture.width;
      entry.tile.height = picture.height;
      entry.tile.getContext("2d").drawImage(picture, 0, 0);
      entry.key = key;
    } catch (error) {
      entry.item.title = error.message;
    } finally {
      this.#busy -= 1;
    }
    return this.#next();
  }
}
