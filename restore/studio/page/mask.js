// Where the frame is mended, over the film as it is: dark specks in orange, bright ones in blue.

import { repairsOf } from "./repairs.js";
import { words } from "./words.js";

const DARK = [255, 150, 40];
const BRIGHT = [60, 170, 255];
const BRIGHTER = 200; // levels of the mask from which it means a bright speck

export class Mask {
  #abort = null;
  #key = ""; // of what is shown

  constructor(store, api, viewer) {
    Object.assign(this, { store, api, viewer });
    viewer.onLayout(() => this.show());
    store.on("frame look shots", () => this.show());
  }

  async show() {
    const { store, viewer } = this;
    if (viewer.layout !== "mask") return;
    const look = store.lookOf(store.shot);
    const said = [look.film, ...look.shot, ...(look.range ?? [])];
    if (!said.some(({ repair }) => Object.keys(repairsOf(repair)).length)) return this.#take(null, words("noRepair"));
    const key = `${store.frame} ${JSON.stringify(look)}`;
    if (key === this.#key) return viewer.tell(this.text);
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    this.#take(null, words("looksForDamage"));
    try {
      const found = coloured(await this.api.picture("mask", store.clock.at(store.frame), look, signal));
      if (viewer.layout === "mask") this.#take(found, words(found ? "maskColours" : "nothingMended"), key);
    } catch (error) {
      if (!signal.aborted) this.#take(null, error.message);
    }
  }

  #take(mask, text, key = "") {
    this.#key = key;
    this.text = text;
    this.viewer.mask = mask;
    this.viewer.tell(text);
    this.viewer.draw();
  }
}

/** A mask in the colours of what it means, clear elsewhere; null where nothing is mended. */
function coloured(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const picture = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const { data } = picture;
  let isEmpty = true;
  for (let i = 0; i < data.length; i += 4) {
    const level = data[i];
    if (level) isEmpty = false;
    data.set(level > BRIGHTER ? BRIGHT : DARK, i);
    data[i + 3] = level ? 255 : 0;
  }
  context.putImageData(picture, 0, 0);
  return isEmpty ? null : canvas;
}
