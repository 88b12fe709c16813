// What the page knows: a film, its shots, where it is, and its look with all earlier ones.

const EMPTY = { film: {}, shot: [] };
const COLOURED = ["hints", "stills", "keep_colour"]; // keys that give colours to a shot that is bypassed, too

export class Store extends EventTarget {
  film = null; // facts from the server
  clock = null;
  shots = []; // {number, start, end} in frames
  frame = 0;
  marks = { in: null, out: null };
  scope = "shot"; // shot, shots or film: what a setting is said of
  selected = new Set(); // numbers of shots, two at least or none
  isListed = () => true; // whether the strip shows a shot
  look = EMPTY;
  saved = EMPTY;
  #past = [];
  #future = [];
  #last = "";

  /** Says that something has changed: film, shots, frame, look, scope, selected, picture. */
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

  /** Whether a shot is known to stay black and white as a whole; ranges, which only files have, may say otherwise. */
  isKept(shot) {
    const said = { ...this.look.film, ...this.said(shot) };
    return Boolean(said.neutral) && !COLOURED.some((key) => said[key]) && !this.look.range?.length;
  }

  /** What the look says of that which settings are said of; of several shots, of the one that is seen or the first. */
  get saidOfTarget() {
    const { target } = this;
    return this.said(target && (target.find((shot) => shot === this.shot) ?? target[0]));
  }

  /** The shots that a setting is said of; null: the film. */
  get target() {
    if (this.scope === "film") return null;
    if (this.scope === "shots") return this.shots.filter((shot) => this.selected.has(shot.number));
    return this.shot ? [this.shot] : [];
  }

  aim(scope) {
    this.scope = scope;
    this.changed("scope");
  }

  /** Selects shots by their numbers: settings are said of them from now on. Fewer than two are none. */
  select(numbers) {
    const wanted = new Set(numbers);
    if (wanted.size < 2) wanted.clear();
    if (!wanted.size && !this.selected.size) return;
    this.selected = wanted;
    if (wanted.size || this.scope === "shots") this.scope = wanted.size ? "shots" : "shot";
    this.changed("selected");
    this.changed("scope");
  }

  /** The look of a shot alone: what its pictures depend on. Of shots whose colours it takes, their stills are needed. */
  lookOf(shot) {
    const { film } = this.look;
    const own = shot && this.look.shot.find((each) => each.number === shot.number);
    const { state, note, ...said } = own ?? {};
    const named = [...(film.references ?? []), ...(said.references ?? [])];
    const others = this.look.shot.filter((each) => each !== own && named.includes(`shot ${each.number}`) && each.stills);
    const sources = others.map(({ number, start, end, stills }) => ({ number, start, end, stills }));
    return { ...this.look, shot: [...(Object.keys(said).length > 3 ? [said] : []), ...sources] };
  }

  /**
   * Sets keys of a shot, of several, or of the film (null); undefined takes one away. Changes of one key in a row are one
   * step.
   * @param values of the keys, or a function that gives them for what is said by now
   * @param isStep whether it is a step of its own
   */
  say(target, values, isStep = false) {
    const shots = target && [target].flat();
    const valuesFor = (said) => (typeof values === "function" ? values(said) : values);
    const kind = `${shots ? shots.map((shot) => shot.number) : "film"} ${Object.keys(valuesFor({}))}`;
    const isOne = !isStep && kind === this.#last && Date.now() - this.#at < 1000;
    this.#last = isStep ? "" : kind;
    this.#at = Date.now();
    if (!isOne) this.#past.push(this.look);
    this.#future = [];
    if (shots) shots.forEach((shot) => { this.look = this.#withShot(shot, valuesFor(this.said(shot))); });
    else this.look = { ...this.look, film: merged(this.look.film, valuesFor(this.look.film)) };
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
