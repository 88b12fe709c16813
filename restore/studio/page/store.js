// What the page knows: a film, its shots, where it is, and its look with all earlier ones.

const EMPTY = { film: {}, shot: [] };

export class Store extends EventTarget {
  film = null; // facts from the server
  clock = null;
  shots = []; // {number, start, end, middle} in frames
  frame = 0;
  marks = { in: null, out: null };
  scope = "shot";
  look = EMPTY;
  saved = EMPTY;
  #past = [];
  #future = [];
  #last = "";

  /** Says that something has changed: film, shots, frame, look, scope. */
  changed(name) {
    this.dispatchEvent(new Event(name));
  }

  on(names, take) {
    for (const name of names.split(" ")) this.addEventListener(name, () => take());
  }

  /** The shot that the frame is in. */
  get shot() {
    return this.shotAt(this.frame);
  }

  shotAt(frame) {
    return this.shots.findLast((shot) => shot.start <= frame) ?? null;
  }

  /** A frame as a look names it, and back. */
  time(frame) {
    return `f${frame}`;
  }

  frameOf(time) {
    return /^f\d+$/.test(time) ? Number(time.slice(1)) : this.clock.read(time);
  }

  go(frame) {
    const last = this.clock ? this.clock.frames - 1 : 0;
    const wanted = Math.min(last, Math.max(0, Math.round(frame)));
    if (wanted === this.frame) return;
    this.frame = wanted;
    this.changed("frame");
  }

  /** What the look says of a shot; of the film where `shot` is null. */
  said(shot) {
    if (!shot) return this.look.film;
    return this.look.shot.find((each) => each.number === shot.number) ?? {};
  }

  /** The look of a shot alone: what its pictures depend on. */
  lookOf(shot) {
    const entry = shot && this.look.shot.find((each) => each.number === shot.number);
    const own = entry && Object.fromEntries(Object.entries(entry).filter(([key]) => key !== "state" && key !== "note"));
    return { ...this.look, shot: own && Object.keys(own).length > 3 ? [own] : [] };
  }

  /** Sets keys of a shot, or of the film; undefined takes one away. Changes of one key in a row are one step. */
  say(shot, values) {
    const kind = `${shot?.number ?? "film"} ${Object.keys(values)}`;
    const isOne = kind === this.#last && Date.now() - this.#at < 1000;
    this.#last = kind;
    this.#at = Date.now();
    if (!isOne) this.#past.push(this.look);
    this.#future = [];
    this.look = shot ? this.#withShot(shot, values) : { ...this.look, film: merged(this.look.film, values) };
    this.changed("look");
  }

  #at = 0;

  #withShot(shot, values) {
    const place = { number: shot.number, start: shot.from, end: shot.to };
    const entry = { ...place, ...merged(this.said(shot), values) };
    const others = this.look.shot.filter((each) => each.number !== shot.number);
    const kept = Object.keys(entry).length > 3 ? [...others, entry] : others;
    return { ...this.look, shot: kept.sort((one, other) => one.number - other.number) };
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  #step(from, to) {
    if (!from.length) return;
    to.push(this.look);
    this.look = from.pop();
    this.#last = "";
    this.changed("look");
  }

  /** Takes a look as it was saved. */
  open(look) {
    const { name, mark, ...film } = look.film ?? {}; // the server writes these two
    this.look = this.saved = { ...EMPTY, ...look, film };
    this.#past = [];
    this.#future = [];
    this.changed("look");
  }

  get isSaved() {
    return this.look === this.saved;
  }
}

function merged(before, values) {
  return Object.fromEntries(Object.entries({ ...before, ...values }).filter(([, value]) => value !== undefined));
}
