// A picture that is dropped on the frame: the person says whether it is that frame, painted, or a photograph to go by.

import { button, el } from "./dom.js";
import { words } from "./words.js";

export class Drop {
  constructor(stage, stills, references) {
    this.name = el("h2", {});
    const choose = (take) => button("", () => {
      this.dialog.close();
      take(this.file);
    }, { class: "choice-of-two" });
    this.still = choose((file) => stills.take(file));
    this.still.append(el("b", {}, words("isStill")), el("span", { class: "hint" }, words("isStillHint")));
    this.reference = choose((file) => references.take(file));
    this.reference.append(el("b", {}, words("isReference")), el("span", { class: "hint" }, words("isReferenceHint")));
    this.dialog = el("dialog", { "aria-label": words("dropped") }, this.name, this.still, this.reference,
      el("div", { class: "buttons" }, button(words("cancelDrop"), () => this.dialog.close())));
    document.body.append(this.dialog);
    const mark = (isOver) => (event) => {
      event.preventDefault();
      stage.classList.toggle("dropping", isOver);
    };
    stage.addEventListener("dragover", mark(true));
    stage.addEventListener("dragleave", mark(false));
    stage.addEventListener("drop", (event) => {
      mark(false)(event);
      const [file] = event.dataTransfer.files;
      if (file) this.#ask(file);
    });
  }

  #ask(file) {
    this.file = file;
    this.name.textContent = words("whatIs", file.name);
    const isPhotograph = /\.jpe?g$/i.test(file.name);
    this.still.disabled = isPhotograph;
    this.dialog.showModal();
    (isPhotograph ? this.reference : this.still).focus();
  }
}
