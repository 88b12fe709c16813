// The run: its command, how far it is, what came of it.

import { button, el } from "./dom.js";
import { lasting } from "./clock.js";
import { words } from "./words.js";

export class RunDialog {
  state = null;

  constructor(api, save) {
    this.api = api;
    this.save = save;
    this.title = el("h2", {}, words("run"));
    this.command = el("code", { class: "command" });
    this.progress = el("progress", { max: 1, value: 0, "aria-label": words("run") });
    this.text = el("p", { role: "status" });
    this.overwrite = el("input", { type: "checkbox", id: "overwrite" });
    this.startButton = button(words("start"), () => this.start(), { class: "main" });
    this.stopButton = button(words("cancel"), () => this.api.cancel());
    this.element = el("dialog", { "aria-label": words("run") }, this.title, this.progress, this.text,
      this.goesOn = el("p", { class: "hint" }, words("goesOn")), el("h3", {}, words("command")), this.command,
      el("label", { class: "check" }, this.overwrite, words("overwrite")),
      el("div", { class: "buttons" }, this.startButton, this.stopButton, button(words("close"), () => this.element.close())));
    document.body.append(this.element);
    this.show(null);
  }

  open() {
    this.element.showModal();
  }

  async start() {
    try {
      await this.save();
      this.show(await this.api.run({ overwrite: this.overwrite.checked }));
    } catch (error) {
      this.text.textContent = error.message;
      this.text.className = "error";
    }
  }

  /** @param state of a run, from the server; null: there was none */
  show(state) {
    this.state = state;
    const isRunning = state?.state === "running";
    this.startButton.hidden = isRunning;
    this.stopButton.hidden = !isRunning;
    this.progress.hidden = this.goesOn.hidden = !isRunning;
    this.command.textContent = state?.command ?? "";
    this.command.previousSibling.hidden = !state;
    this.text.className = state?.state === "failed" ? "error" : "";
    this.text.textContent = state ? this.#told(state) : "";
    if (isRunning) this.progress.value = this.#share(state);
  }

  #share(state) {
    return state.total ? Math.min(1, (state.seconds ?? 0) / state.total) : 0;
  }

  #told(state) {
    if (state.state === "running") {
      const share = this.#share(state);
      const begun = (this.began ??= Date.now());
      const left = share > 0.02 ? words("left", lasting(((Date.now() - begun) / share) * (1 - share) / 1000)) : "";
      return [words("running"), state.phase, `${Math.round(share * 100)} %`, state.fps && `${state.fps.toFixed(1)} fps`, left].filter(Boolean).join(" · ");
    }
    this.began = undefined;
    if (state.state === "failed") return `${words("failed")}: ${[state.what, state.hint].filter(Boolean).join("; ")}`;
    return [words(state.state), state.state === "done" ? state.out : state.hint].filter(Boolean).join(": ");
  }
}
