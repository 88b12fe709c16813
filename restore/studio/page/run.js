// Runs: of this film, or of all films as an archive; their commands, how far they are, and what came of them.

import { archive } from "./api.js";
import { button, choice, el, press, settled } from "./dom.js";
import { lasting } from "./clock.js";
import { words } from "./words.js";

const PAUSE = 200; // milliseconds without a letter after which the command is asked for

export class RunDialog {
  constructor(api, save, count) {
    this.film = new Part(save, {
      command: (how) => api.command(how.overwrite), run: (how) => api.run(how), cancel: () => api.cancel(),
      share: ({ seconds, total }) => (total ? (seconds ?? 0) / total : 0), result: api.result,
    }, words("overwrite"));
    this.out = el("input", { type: "text", id: "out", value: "coloured", oninput: settled(() => this.archive.ask(), PAUSE) });
    this.archive = new Part(save, {
      command: (how) => archive.command(this.out.value, how.overwrite),
      run: (how) => archive.run({ out: this.out.value, ...how }), cancel: () => archive.cancel(), share: ({ share }) => share ?? 0,
    }, words("overwriteChanged"), el("p", { class: "hint" }, words("archiveHint")),
    el("div", { class: "field" }, el("label", { for: "out" }, words("folder")), this.out));
    this.which = choice(words("run"), [["film", words("oneFilm")], ["archive", words("allFilms", count)]], (name) => this.#pick(name));
    this.element = el("dialog", { "aria-label": words("run"), onclose: () => this.film.pause() },
      el("header", {}, el("h2", {}, words("run")), button(words("close"), () => this.element.close())), this.which,
      this.film.element, this.archive.element);
    document.body.append(this.element);
    this.#pick("film");
  }

  #pick(name) {
    press(this.which, name);
    for (const each of ["film", "archive"]) this[each].element.hidden = each !== name;
    this.film.pause();
    if (this.element?.open) this[name].ask();
  }

  open() {
    this.element.showModal();
    for (const each of [this.film, this.archive]) if (!each.element.hidden) each.ask();
  }
}

/** One kind of run. */
class Part {
  state = null;

  /** @param job its command, run, cancel and share of a state; result is the address of what it writes */
  constructor(save, job, overwriteWord, ...fields) {
    Object.assign(this, { save, job });
    this.command = el("code", { class: "command" });
    this.progress = el("progress", { max: 1, value: 0, "aria-label": words("run") });
    this.text = el("p", { role: "status" });
    this.overwrite = el("input", { type: "checkbox", onchange: () => this.ask() });
    this.startButton = button(words("start"), () => this.start(), { class: "main" });
    this.stopButton = button(words("cancel"), () => job.cancel());
    this.place = el("code", { class: "command" });
    this.playButton = button(words("playResult"), () => this.play(), { class: "main" });
    this.result = el("div", { class: "result" }, el("h3", {}, words("result")), this.place,
      el("div", { class: "buttons" }, button(words("copyPath"), () => this.copy(), { class: job.result ? "" : "main" }), job.result ? this.playButton : null));
    this.screen = el("div", {});
    this.element = el("section", {}, ...fields, el("h3", {}, words("command")), this.command,
      el("label", { class: "check" }, this.overwrite, overwriteWord), this.progress, this.text,
      this.goesOn = el("p", { class: "hint" }, words("goesOn")), this.result, this.screen,
      el("div", { class: "buttons" }, this.startButton, this.stopButton));
    this.show(null);
  }

  get how() {
    return { overwrite: this.overwrite.checked };
  }

  /** Asks for the command, and shows it. */
  async ask() {
    if (this.state?.state === "running") return;
    try {
      this.#write(await this.job.command(this.how));
      if (this.text.className === "error" && !this.state) this.#say("");
    } catch (error) {
      this.#write("");
      this.#say(error.message, true);
    }
  }

  async start() {
    try {
      await this.save();
      this.show(await this.job.run(this.how));
    } catch (error) {
      this.#say(error.message, true);
    }
  }

  /** Shows the command, each of its words in one line where it fits. */
  #write(command) {
    this.command.replaceChildren(...command.split(" ").flatMap((word) => [el("span", {}, word), " "]).slice(0, -1));
  }

  #say(text, isError = false) {
    this.text.textContent = text;
    this.text.className = isError ? "error" : "";
  }

  /** @param state of a run, from the server; null: there was none */
  show(state) {
    this.state = state;
    const isRunning = state?.state === "running";
    const out = state?.state === "done" || state?.report ? state.out ?? state.report : null;
    this.startButton.hidden = isRunning;
    this.startButton.classList.toggle("main", !out); // of what is done, the result is
    this.stopButton.hidden = !isRunning;
    this.progress.hidden = this.goesOn.hidden = !isRunning;
    this.result.hidden = !out;
    this.place.textContent = out ?? "";
    if (isRunning) this.screen.replaceChildren();
    if (state) this.#write(state.command);
    this.#say(state ? this.#told(state) : "", state?.state === "failed");
    const share = isRunning ? Math.min(1, this.job.share(state)) : 0;
    if (share) this.progress.value = share;
    else this.progress.removeAttribute("value"); // it moves to and fro
  }

  /** Plays the result in the page; one that the browser cannot play is named by its path. */
  play() {
    const film = el("video", { src: this.job.result, controls: true, autoplay: true, "aria-label": words("result") });
    film.addEventListener("error", () => this.screen.replaceChildren(el("p", { class: "hint" }, words("cannotPlay"))));
    film.addEventListener("loadedmetadata", () => film.scrollIntoView({ block: "nearest" }));
    this.screen.replaceChildren(film);
    film.focus();
  }

  pause() {
    this.screen.querySelector("video")?.pause();
  }

  async copy() {
    await navigator.clipboard.writeText(this.place.textContent).then(() => this.#say(words("copied")), () => {
      getSelection().selectAllChildren(this.place); // clipboards may be forbidden
    });
  }

  #told(state) {
    if (state.state === "running") {
      const share = Math.min(1, this.job.share(state));
      if (!share && !state.phase && !state.films) return `${words("running")} · ${words("begins")}`;
      if (share) this.began ??= { time: Date.now(), share }; // a run that goes on does not begin at 0
      const done = share - (this.began?.share ?? share);
      const left = done > 0.02 ? words("left", lasting(((Date.now() - this.began.time) / done) * (1 - share) / 1000)) : "";
      const films = state.films ? words("ofFilms", state.ended, state.films) : "";
      return [words("running"), state.phase, films, `${Math.round(share * 100)} %`, state.fps && `${state.fps.toFixed(1)} fps`, left]
        .filter(Boolean).join(" · ");
    }
    this.began = undefined;
    if (state.restored !== undefined) {
      const changed = state.changed ? words("changedFilms", state.changed) : "";
      return [words(state.state), words("restored", state.restored, state.failed), changed].filter(Boolean).join(" · ");
    }
    if (state.state === "failed") return `${words("failed")}: ${[state.what, state.hint].filter(Boolean).join("; ")}`;
    return [words(state.state), state.state === "stopped" ? state.hint : ""].filter(Boolean).join(": ");
  }
}
