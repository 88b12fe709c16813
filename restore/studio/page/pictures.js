// The picture of the frame where the film is: the last one stays until the next is there, and old answers are dropped.

import { el } from "./dom.js";
import { words } from "./words.js";

const KEPT = 12; // pictures

export class Pictures {
  #kept = new Map();
  #abort = null;
  #shown = null; // {frame, key}

  constructor(store, api, viewer, say) {
    Object.assign(this, { store, api, viewer, say });
    this.stays = el("span", { class: "stays", hidden: true }, words("bypassed"));
    viewer.stage.append(this.stays);
  }

  /** Shows the frame; a new one at once without colour, then with it. */
  async show() {
    const { store, viewer } = this;
    const [frame, look] = [store.frame, store.lookOf(store.shot)];
    const key = `${frame} ${JSON.stringify(look)}`;
    if (key === this.#shown?.key && viewer.source === this.#kept.get(key)) return;
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    this.stays.hidden = !store.isKept(store.shot);
    viewer.busy.hidden = !this.stays.hidden || this.#kept.has(key); // of what stays as it is, nothing is painted
    try {
      if (!this.#kept.has(key)) {
        if (frame !== this.#shown?.frame || !this.stays.hidden) {
          viewer.set(await this.api.picture("before", store.clock.at(frame), {}, signal), true);
          this.#shown = { frame, key: null };
        }
        this.#keep(key, await this.api.picture("still", store.clock.at(frame), look, signal));
      }
      viewer.busy.hidden = true;
      if (viewer.source instanceof HTMLVideoElement) return; // what plays stays in sight; its end asks again
      viewer.set(this.#kept.get(key));
      this.#shown = { frame, key };
      this.say("");
      store.changed("picture");
    } catch (error) {
      if (signal.aborted) return;
      viewer.busy.hidden = true;
      this.say(error.message, true);
    }
  }

  #keep(key, picture) {
    this.#kept.set(key, picture);
    if (this.#kept.size > KEPT) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
  }
}
