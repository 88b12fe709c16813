// What the page asks of the server.

export class Refused extends Error {
  /** @param told {what, hint} from the server */
  constructor(told, status) {
    super([told.what, told.hint].filter(Boolean).join("; "));
    this.status = status;
    this.what = told.what;
  }
}

async function asked(path, options = {}) {
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({ what: `${answer.status} ${answer.statusText}` }));
  throw new Refused(told, answer.status);
}

const body = (content) => ({ body: JSON.stringify(content), headers: { "Content-Type": "application/json" } });

export const studio = async () => (await asked("/api/studio")).json();

/** The archive's run over all films. */
export const archive = {
  command: async (out, isOverwriting) =>
    (await (await asked(`/api/archive?${new URLSearchParams({ out, overwrite: isOverwriting })}`)).json()).command,
  run: async (content) => (await asked("/api/archive", { method: "POST", ...body(content) })).json(),
  cancel: () => asked("/api/archive", { method: "DELETE" }),
};

export class FilmApi {
  constructor(number) {
    this.root = `/api/films/${number}`;
  }

  about = async () => (await asked(this.root)).json();
  look = async () => (await asked(`${this.root}/look`)).json();
  save = async (content) => (await asked(`${this.root}/look`, { method: "PUT", ...body(content) })).json();
  run = async (content) => (await asked(`${this.root}/run`, { method: "POST", ...body(content) })).json();
  cancel = () => asked(`${this.root}/run`, { method: "DELETE" });

  /** A frame: kind is still, tile, before or mask. */
  async picture(kind, at, look, signal) {
    const answer = await asked(`${this.root}/picture`, { method: "POST", signal, ...body({ kind, at, look }) });
    return createImageBitmap(await answer.blob());
  }

  /** A frame in colour, as a file to be painted over. */
  async colour(at, look) {
    return (await asked(`${this.root}/picture`, { method: "POST", ...body({ kind: "colour", at, look }) })).blob();
  }

  /** Keeps a painted frame beside the film; its path, as a look names it. */
  async keep(file, frame) {
    return (await (await asked(`${this.root}/stills/${frame}`, { method: "PUT", body: file })).json()).file;
  }

  /** Keeps a photograph beside the film; its path, as a look names it. */
  async keepPhotograph(file) {
    const path = `${this.root}/references?name=${encodeURIComponent(file.name)}`;
    return (await (await asked(path, { method: "POST", body: file })).json()).file;
  }

  /** The command of a run that would be started. */
  command = async (isOverwriting) => (await (await asked(`${this.root}/run?overwrite=${isOverwriting}`)).json()).command;

  /** The address of the finished result. */
  get result() {
    return `${this.root}/result`;
  }

  /** A stretch of film, before beside after, as a file. */
  async span(at, seconds, look, signal) {
    const content = { at, seconds: String(seconds), layout: "side", look };
    return (await asked(`${this.root}/span`, { method: "POST", signal, ...body(content) })).blob();
  }

  /** Calls `on[name](data)` for each event, until it is closed. */
  follow(on) {
    const events = new EventSource(`${this.root}/events`);
    for (const [name, take] of Object.entries(on)) {
      if (name !== "error") events.addEventListener(name, (event) => take(JSON.parse(event.data)));
    }
    events.addEventListener("error", () => on.error?.());
    return events;
  }
}
