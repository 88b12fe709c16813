// The strip of shots: tiles before and after, filled in as they come into view; filters; the state of each.

import { button, choice, el, press } from "./dom.js";
import { lasting } from "./clock.js";
import { words } from "./words.js";

const AT_ONCE = 2; // tiles asked for at a time
const PLACE = ["number", "start", "end", "state", "note"]; // of an entry, beside its settings
const FILTERS = {
  all: () => true,
  unchecked: (said) => !said.state && !said.neutral,
  marked: (said) => said.state === "todo" || Boolean(said.neutral) || Boolean(said.note),
  changed: (said) => Object.keys(said).some((key) => !PLACE.includes(key)),
};

export class Strip {
  filter = "all";
  #items = new Map(); // by number of shot
  #wanted = new Set();
  #busy = 0;
  ontile = () => {}; // called with a shot and the canvas of its tile

  constructor(place, store, api) {
    this.store = store;
    this.api = api;
    this.count = el("span", { class: "count" });
    this.filters = choice(words("shots"), Object.keys(FILTERS).map((name) => [name, words(name)]), (name) => this.#sift(name), "all");
    this.list = el("ol", { class: "shots", "aria-label": words("shots") });
    this.empty = el("p", { class: "hint" }, words("noneYet"));
    this.several = button(words("several"), () => this.#pickSeveral(this.several.ariaPressed !== "true"), {
      class: "small", "aria-pressed": "false", title: words("severalHint"),
    });
    const head = el("div", { class: "strip-head" }, el("h2", {}, words("shots"), " ", this.count), this.several);
    place.replaceChildren(head, this.filters, this.empty, this.list);
    store.isListed = (shot) => this.#items.get(shot.number)?.item.hidden === false;
    this.seen = new IntersectionObserver((found) => found.forEach((each) => this.#see(each)), { root: this.list, rootMargin: "200px" });
    store.on("look", () => this.refresh());
    store.on("frame shots selected", () => this.#mark());
  }

  add(shot) {
    const { store } = this;
    const item = el("li", { class: "shot" });
    const tile = el("canvas", { class: "tile", width: 288, height: 90 });
    const name = `${shot.number}`;
    const choose = el("button", {
      type: "button", class: "choose", onclick: (event) => this.#choose(event, shot),
      "aria-label": `${words("shot", shot.number)}, ${store.clock.written(shot.start)}`,
    }, tile, el("span", { class: "label" }, el("b", {}, name), el("span", { class: "time" }, store.clock.written(shot.start)),
      el("span", {}, lasting((shot.end - shot.start) / store.clock.rate)), el("span", { class: "state" })));
    item.append(choose);
    item.shot = shot;
    this.#items.set(shot.number, { item, tile, choose, shot, key: null });
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
    this.store.select([...this.store.selected].filter((number) => !this.#items.get(number).item.hidden));
    this.#mark();
    this.#next();
  }

  get #listed() {
    return [...this.#items.values()].filter(({ item }) => !item.hidden).map(({ shot }) => shot);
  }

  #pickSeveral(isOn) {
    this.several.ariaPressed = String(isOn);
    if (!isOn) this.store.select([]);
  }

  #choose(event, shot) {
    const { store } = this;
    const isMore = event.ctrlKey || event.metaKey || this.several.ariaPressed === "true";
    if (event.shiftKey && store.shot) {
      const [first, last] = [store.shot.number, shot.number].sort((one, other) => one - other);
      const between = this.#listed.filter(({ number }) => number >= first && number <= last);
      store.select([...store.selected, ...between.map(({ number }) => number)]);
    } else if (isMore) {
      const now = new Set(store.selected.size || !store.shot ? store.selected : [store.shot.number]);
      if (now.has(shot.number) && store.selected.size) now.delete(shot.number);
      else now.add(shot.number);
      store.select(now);
    } else {
      store.select([]);
    }
    store.go(shot.start);
  }

  /** Takes the next shot in a direction to those that are selected, and goes there. */
  extend(by) {
    const { store } = this;
    const listed = this.#listed;
    const next = listed[listed.indexOf(store.shot) + by];
    if (!next || !store.shot) return;
    store.select([...store.selected, store.shot.number, next.number]);
    store.go(next.start);
  }

  selectAll() {
    this.store.select(this.#listed.map(({ number }) => number));
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

  /** Shows where the film is, and what is selected; Tab stops at one shot alone, as arrows go on from there. */
  #mark() {
    const { shot, selected } = this.store;
    const stop = this.#listed.includes(shot) ? shot : this.#listed[0];
    for (const { item, choose, shot: own } of this.#items.values()) {
      const isHere = own === shot;
      if (isHere && item.getAttribute("aria-current") !== "true") item.scrollIntoView({ block: "nearest", inline: "nearest" });
      item.setAttribute("aria-current", String(isHere));
      choose.ariaPressed = String(selected.has(own.number));
      choose.tabIndex = own === stop ? 0 : -1;
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
      const picture = await this.api.picture("tile", this.store.clock.at(entry.shot.start), look);
      entry.tile.width = picture.width;
      entry.tile.height = picture.height;
      entry.tile.getContext("2d").drawImage(picture, 0, 0);
      entry.key = key;
      this.ontile(entry.shot, entry.tile);
    } catch (error) {
      entry.item.title = error.message;
    } finally {
      this.#busy -= 1;
    }
    return this.#next();
  }
}
