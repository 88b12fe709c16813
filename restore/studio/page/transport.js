// Where the film is: time line, timecode, steps, and stretches that are played.

import { button, el } from "./dom.js";
import { words } from "./words.js";

const SECONDS = 4; // played where no stretch is marked
const LONGEST = 30;

export class Transport {
  video = null;
  #abort = null;
  #at = ""; // where the stretch begins that is waited for

  constructor(place, store, api, viewer, say) {
    Object.assign(this, { store, api, viewer, say });
    this.range = el("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": words("time"), oninput: () => this.go(this.range.valueAsNumber) });
    this.cuts = el("canvas", { class: "cuts", height: 10, "aria-hidden": "true" });
    this.code = el("output", { class: "timecode", "aria-label": words("time") });
    this.shot = el("span", { class: "where" });
    const labelled = (sign, word, run, key) => button(sign, run, { title: `${words(word)} (${key})`, "aria-label": words(word) });
    place.append(el("div", { class: "line" }, this.cuts, this.range),
      el("div", { class: "transport" },
        labelled("−1 s", "back", () => this.back(), "J"), labelled("◂", "previous", () => this.step(-1), "←"),
        this.playButton = labelled("▶", "play", () => this.toggle(), "L"), labelled("▸", "next", () => this.step(1), "→"),
        labelled("[", "in", () => this.mark("in"), "I"), labelled("]", "out", () => this.mark("out"), "O"), this.code, this.shot, viewer.zooms));
    store.on("frame film", () => this.refresh());
    store.on("shots look film", () => this.drawCuts());
    new ResizeObserver(() => this.drawCuts()).observe(this.range);
  }

  go(frame) {
    this.stop();
    this.store.go(frame);
  }

  step(frames) {
    this.go(this.store.frame + frames);
  }

  back() {
    this.step(-Math.round(this.store.clock.rate));
  }

  /** To the shot before or after, among those that the strip lists. */
  jump(by) {
    const { shots, shot } = this.store;
    const there = by < 0 ? shots.slice(0, shots.indexOf(shot)).reverse() : shots.slice(shots.indexOf(shot) + 1);
    const next = there.find((each) => this.store.isListed(each));
    if (next) this.go(next.start);
  }

  mark(which) {
    this.store.marks[which] = this.store.marks[which] === this.store.frame ? null : this.store.frame;
    this.drawCuts();
  }

  refresh() {
    this.range.max = this.store.clock.frames - 1;
    this.#tell(this.store.frame);
  }

  /** Shows where the film is. */
  #tell(frame) {
    const { clock } = this.store;
    const shot = this.store.shotAt(frame);
    this.range.value = frame;
    this.code.textContent = clock.written(frame);
    this.range.setAttribute("aria-valuetext", clock.written(frame));
    this.shot.textContent = shot ? words("shot", shot.number) : "";
  }

  drawCuts() {
    const { cuts, store } = this;
    const width = this.range.clientWidth;
    if (!width || !store.clock) return;
    cuts.width = width * devicePixelRatio;
    cuts.height = 10 * devicePixelRatio;
    const context = cuts.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const at = (frame) => (frame / store.clock.frames) * cuts.width;
    store.shots.forEach((shot) => {
      const said = store.said(shot);
      const state = said.neutral ? "bypass" : said.state ?? "none";
      context.fillStyle = style.getPropertyValue(`--state-${state}`);
      context.fillRect(at(shot.start), 0, Math.max(1, at(shot.end) - at(shot.start) - devicePixelRatio), cuts.height);
    });
    const [begin, end] = [store.marks.in, store.marks.out];
    context.fillStyle = style.getPropertyValue("--accent");
    if (begin !== null || end !== null) context.fillRect(at(begin ?? 0), cuts.height - 3 * devicePixelRatio, at(end ?? store.clock.frames) - at(begin ?? 0), 3 * devicePixelRatio);
  }

  toggle() {
    if (this.video || this.#abort) this.stop();
    else this.play();
  }

  /** The stretch to play: what is marked, or a few seconds from here. */
  #span() {
    const { marks, frame, clock } = this.store;
    const begin = marks.in !== null && (marks.out === null || marks.out > marks.in) ? marks.in : frame;
    const end = marks.out !== null && marks.out > begin ? marks.out + 1 : begin + SECONDS * clock.rate;
    return [begin, Math.min(LONGEST * clock.rate, end - begin, clock.frames - begin)];
  }

  /** Shows how far the stretch is that is waited for; `at` is where it begins, as the server was asked. */
  rendered({ at, percent }) {
    if (!this.#abort || this.video || at !== this.#at) return;
    this.shot.textContent = `${words("rendering")} ${percent} %`; // the foot of the page may have news of the picture
  }

  async play() {
    const { store } = this;
    const [begin, frames] = this.#span();
    const abort = this.#abort = new AbortController();
    this.#at = store.clock.at(begin);
    this.say(words("rendering"));
    this.rendered({ at: this.#at, percent: 0 });
    this.playButton.textContent = "■";
    try {
      const film = await this.api.span(this.#at, frames / store.clock.rate, store.lookOf(store.shotAt(begin)), abort.signal);
      if (abort.signal.aborted) return;
      this.say("");
      this.#run(URL.createObjectURL(film), begin);
    } catch (error) {
      if (!abort.signal.aborted) this.say(error.message, true);
      this.stop();
    }
  }

  #run(address, begin) {
    const video = this.video = el("video", { src: address, playsInline: true });
    this.viewer.stage.classList.add("plays");
    const show = () => {
      if (this.video !== video) return URL.revokeObjectURL(address);
      if (video.readyState >= 2) {
        this.viewer.set(video);
        this.#tell(begin + Math.round(video.currentTime * this.store.clock.rate));
      }
      requestAnimationFrame(show);
    };
    video.addEventListener("ended", () => this.stop());
    video.play().then(show, (error) => {
      this.say(error.message, true);
      this.stop();
    });
  }

  stop() {
    const wasPlaying = this.video || this.#abort;
    this.#abort?.abort();
    this.#abort = null;
    this.video?.pause();
    if (this.video && this.viewer.source === this.video) this.viewer.source = null; // a frame takes its place
    this.video = null;
    this.viewer.stage.classList.remove("plays");
    this.playButton.textContent = "▶";
    if (wasPlaying) {
      this.say("");
      this.refresh();
      this.store.changed("stopped");
    }
  }
}
