// The frame, before and after: layouts, zoom and pan together, wipe line, points.

import { button, choice, el, press } from "./dom.js";
import { drawMarks, markAt } from "./marks.js";
import { words } from "./words.js";

export const LAYOUTS = ["wipe", "side", "after", "before", "difference", "mask", "compare"];
export const TOOLS = ["move", "point", "region", "dropper"];
const REACH = 10; // pixels around the wipe line in which it is taken

export class Viewer {
  layout = "wipe";
  tool = "move";
  wipe = 0.5; // share of the width
  zoom = 1; // 1: the whole picture
  centre = { x: 0.5, y: 0.5 }; // of the view, in shares of the picture
  source = null; // before beside after: a bitmap, or a video
  points = []; // {n, x, y, colour, isChosen}, or {n, outline, colour, isChosen}; in shares of the picture
  outline = []; // corners of a region that is being drawn
  mask = null; // what is mended of the frame, in colours, over the film as it is
  onpoint = () => {};
  onregion = () => {};
  onchoose = () => {};
  oncolour = () => {};
  #layoutListeners = [];
  #toolListeners = [];

  constructor(place) {
    this.canvas = el("canvas", { tabIndex: 0, role: "img", "aria-label": words("wipe") });
    this.layouts = choice(words("layout"), LAYOUTS.map((name, n) => [name, words(name), `${n + 1}`]),
      (name) => this.show(name), this.layout);
    this.tools = choice(words("tool"), TOOLS.map((name) => [name, words(name), name[0].toUpperCase()]),
      (name) => this.take(name), this.tool);
    this.busy = el("span", { class: "busy", hidden: true }, words("painting"));
    this.note = el("p", { class: "note", hidden: true });
    this.grid = el("div", { class: "grid", hidden: true });
    const sizes = [["−", "zoomOut", () => this.zoomBy(1 / 1.5)], ["⤢", "fit", () => this.fit()],
      ["1:1", "full", () => this.full()], ["+", "zoomIn", () => this.zoomBy(1.5)]];
    this.zooms = el("div", { class: "choice", role: "group", "aria-label": words("size") },
      ...sizes.map(([sign, word, run]) => button(sign, run, { title: words(word), "aria-label": words(word) })));
    this.stage = el("div", { class: "stage" }, this.canvas, this.grid, this.busy, this.note);
    place.append(el("div", { class: "tools" }, this.layouts, this.tools), this.stage);
    new ResizeObserver(() => this.draw()).observe(this.stage);
    this.#listen();
  }

  /** Calls `take` with each layout that is chosen. */
  onLayout(take) {
    this.#layoutListeners.push(take);
  }

  /** Calls `take` with each tool that is taken. */
  onTool(take) {
    this.#toolListeners.push(take);
  }

  /** A sentence over the picture, in one layout; empty takes it away. */
  tell(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  show(layout) {
    this.layout = layout;
    press(this.layouts, layout);
    this.canvas.hidden = layout === "compare";
    this.grid.hidden = layout !== "compare";
    this.canvas.setAttribute("aria-label", words(layout));
    this.tell("");
    this.#layoutListeners.forEach((take) => take(layout));
    this.draw();
  }

  take(tool) {
    this.tool = tool;
    this.outline = [];
    press(this.tools, tool);
    this.#toolListeners.forEach((take) => take(tool));
    this.canvas.classList.toggle("pointing", tool !== "move");
    this.draw();
  }

  /** Ends the region that is being drawn: it is taken where it has three corners. */
  close() {
    const outline = this.outline;
    this.outline = [];
    if (outline.length > 2) this.onregion(outline);
    this.draw();
  }

  /** A square in the middle of what is seen. */
  middle() {
    const [x, y, half] = [this.centre.x, this.centre.y, 0.1 / this.zoom];
    return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([right, down]) => ({ x: x + right * half, y: y + down * half }));
  }

  #corner(place) {
    const box = this.#box(0);
    const [first] = this.outline;
    const isClosing = first && Math.hypot((place.x - first.x) * box.width, (place.y - first.y) * box.height) < REACH;
    if (isClosing && this.outline.length > 2) return this.close();
    this.outline = [...this.outline, place];
    this.draw();
  }

  /** @param source before beside after, or one picture where `isGray`; null keeps what is there */
  set(source, isGray = false) {
    this.source = source;
    this.isGray = isGray;
    this.draw();
  }

  fit() {
    this.zoom = 1;
    this.centre = { x: 0.5, y: 0.5 };
    this.draw();
  }

  full() {
    if (this.source) this.zoomTo(this.#size().width / this.#fitted().width / devicePixelRatio);
  }

  zoomBy(factor) {
    this.zoomTo(this.zoom * factor);
  }

  zoomTo(zoom, point = this.centre) {
    const next = Math.min(32, Math.max(1, zoom));
    const keep = 1 - this.zoom / next;
    this.centre = { x: this.centre.x + (point.x - this.centre.x) * keep, y: this.centre.y + (point.y - this.centre.y) * keep };
    this.zoom = next;
    this.#hold();
    this.draw();
  }

  /** The small picture of what is shown in colour, for palettes; null where there is none. */
  sampled(side = 48) {
    if (!this.source || this.isGray) return null;
    const { width, height } = this.#size();
    const small = new OffscreenCanvas(side, side).getContext("2d");
    small.drawImage(this.source, width, 0, width, height, 0, 0, side, side);
    return small.getImageData(0, 0, side, side).data;
  }

  /** The colour of a place in the picture as #rrggbb; null where it is not coloured yet. */
  colourAt({ x, y }) {
    if (!this.source || this.isGray) return null;
    const { width, height } = this.#size();
    const one = new OffscreenCanvas(1, 1).getContext("2d");
    one.drawImage(this.source, width + Math.floor(x * width), Math.floor(y * height), 1, 1, 0, 0, 1, 1);
    return `#${[...one.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  }

  #size() {
    const source = this.source;
    if (!source) return { width: 0, height: 0 };
    const width = source.videoWidth ?? source.width;
    return { width: this.isGray ? width : width / 2, height: source.videoHeight ?? source.height };
  }

  #panes() {
    return this.layout === "side" ? 2 : 1;
  }

  /** The picture's size when all of it is shown, in CSS pixels. */
  #fitted() {
    const { width, height } = this.#size();
    const room = { width: this.canvas.clientWidth / this.#panes() - (this.#panes() - 1) * 4, height: this.canvas.clientHeight };
    const scale = Math.min(room.width / width, room.height / height) || 1;
    return { width: width * scale, height: height * scale };
  }

  #hold() {
    for (const [axis, side] of [["x", "width"], ["y", "height"]]) {
      const room = (side === "width" ? this.canvas.clientWidth / this.#panes() : this.canvas.clientHeight);
      const half = Math.min(0.5, room / (2 * this.#fitted()[side] * this.zoom));
      this.centre[axis] = Math.min(1 - half, Math.max(half, this.centre[axis]));
    }
  }

  /** Where a pane's picture lies, in CSS pixels. */
  #box(pane) {
    const fitted = this.#fitted();
    const [width, height] = [fitted.width * this.zoom, fitted.height * this.zoom];
    const room = this.canvas.clientWidth / this.#panes();
    return {
      left: pane * room + room / 2 - this.centre.x * width, top: this.canvas.clientHeight / 2 - this.centre.y * height,
      width, height, pane: { left: pane * room, width: room },
    };
  }

  draw() {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.source) return;
    this.#hold();
    context.imageSmoothingEnabled = this.zoom < 8;
    context.imageSmoothingQuality = "high";
    this.#paint(context);
    if (this.source instanceof HTMLVideoElement || this.layout === "before") return; // marks are of still frames in colour
    drawMarks(context, this.#box(this.#panes() - 1), this.points, this.outline);
  }

  #paint(context) {
    const box = this.#box(0);
    const part = (isAfter, at) => {
      const { width, height } = this.#size();
      context.drawImage(this.source, isAfter && !this.isGray ? width : 0, 0, width, height, at.left, at.top, at.width, at.height);
    };
    const clipped = (left, width, paint) => {
      context.save();
      context.beginPath();
      context.rect(left, 0, width, this.canvas.clientHeight);
      context.clip();
      paint();
      context.restore();
    };
    if (this.layout === "side") {
      for (const pane of [0, 1]) {
        const own = this.#box(pane);
        clipped(own.pane.left, own.pane.width - 2 * (1 - pane), () => part(pane === 1, own));
      }
    } else if (this.layout === "wipe") {
      const line = this.#line(box);
      clipped(0, line, () => part(false, box));
      clipped(line, this.canvas.clientWidth, () => part(true, box));
      context.fillStyle = "#fff";
      context.fillRect(line - 0.75, Math.max(0, box.top), 1.5, Math.min(box.height, this.canvas.clientHeight));
    } else {
      part(this.layout === "after" || this.layout === "difference", box);
      if (this.layout === "difference") {
        context.globalCompositeOperation = "difference";
        part(false, box);
        context.globalCompositeOperation = "source-over";
      }
      if (this.layout === "mask" && this.mask && !this.source.videoWidth) this.#paintMask(context, box);
    }
  }

  /** Specks of a pixel are seen where the picture is small, too: they are drawn larger by one on each side. */
  #paintMask(context, { left, top, width, height }) {
    for (const [x, y] of [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.drawImage(this.mask, left + x, top + y, width, height);
    }
  }

  #line(box) {
    return box.left + this.wipe * box.width;
  }

  /** The place of an event in the picture, in shares of its sides. */
  #place(event) {
    const pane = this.#panes() === 2 && event.offsetX > this.canvas.clientWidth / 2 ? 1 : 0;
    const box = this.#box(pane);
    return { x: (event.offsetX - box.left) / box.width, y: (event.offsetY - box.top) / box.height };
  }

  #listen() {
    let drag = null;
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomTo(this.zoom * Math.exp(-event.deltaY / 400), this.#place(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const nearLine = this.layout === "wipe" && this.source && Math.abs(event.offsetX - this.#line(this.#box(0))) < REACH;
      drag = { x: event.offsetX, y: event.offsetY, isWipe: nearLine, hasMoved: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) return;
      const [dx, dy] = [event.offsetX - drag.x, event.offsetY - drag.y];
      drag.hasMoved ||= Math.hypot(dx, dy) > 3;
      if (drag.isWipe) this.wipe = Math.min(1, Math.max(0, this.#place(event).x));
      else if (drag.hasMoved) {
        const box = this.#box(0);
        this.centre = { x: this.centre.x - dx / box.width, y: this.centre.y - dy / box.height };
        [drag.x, drag.y] = [event.offsetX, event.offsetY];
      }
      this.draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      const place = this.#place(event);
      const isInside = place.x >= 0 && place.x < 1 && place.y >= 0 && place.y < 1;
      const isStill = drag && !drag.hasMoved && !drag.isWipe;
      const isClick = isStill && isInside && this.source;
      if (isStill && this.tool === "move" && this.layout !== "before") this.onchoose(markAt(this.#box(0), this.points, place)?.n ?? null);
      if (isClick && this.tool === "point") this.onpoint(place);
      if (isClick && this.tool === "region") this.#corner(place);
      if (isClick && this.tool === "dropper") this.oncolour(this.colourAt(place));
      drag = null;
    });
  }
}
