// The studio: brings its parts together, and asks for the picture of where the film is.

import { FilmApi, studio } from "./api.js";
import { Clock } from "./clock.js";
import { Compare } from "./compare.js";
import { button, el } from "./dom.js";
import { Drop } from "./drop.js";
import { Hints } from "./hints.js";
import { listen } from "./keys.js";
import { Mask } from "./mask.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { References } from "./references.js";
import { RunDialog } from "./run.js";
import { Stills } from "./stills.js";
import { Store } from "./store.js";
import { Strip } from "./strip.js";
import { Transport } from "./transport.js";
import { Viewer } from "./viewer.js";
import { words } from "./words.js";

const part = (name) => document.getElementById(name);

/** Shows a sentence at the foot of the page. */
function say(text, isError = false) {
  part("status").textContent = text;
  part("status").classList.toggle("error", isError);
}

async function open() {
  history.replaceState(null, "", location.pathname + location.hash); // the token is in the cookie now
  const offered = await studio();
  const number = Math.min(offered.films.length - 1, Math.max(0, Number(location.hash.slice(1)) || 0));
  const store = new Store();
  const api = new FilmApi(number);
  const viewer = new Viewer(part("viewer"));
  const films = offered.films;
  document.title = `${films[number]} – restore studio`;
  part("bar").append(head(films, number));
  say(words("begins"));
  const about = await api.about();
  store.film = about;
  store.clock = new Clock(about);
  offered.points = about.takes_points;
  const { look, stamp, name } = await api.look();
  let written = stamp;

  const save = async () => {
    const send = (replaced) => api.save({ look: store.look, stamp: replaced ? undefined : written, replace: replaced });
    const answer = await send(false).catch((error) => {
      if (error.status !== 409 || !confirm(words("conflict"))) throw error;
      return send(true);
    });
    written = answer.stamp;
    store.saved = store.look;
    store.changed("saved");
    say(words("saved", name));
  };
  const saveAloud = () => save().catch((error) => say(error.message, true));

  const pictures = new Pictures(store, api, viewer, say);
  const strip = new Strip(part("strip"), store, api);
  const transport = new Transport(part("viewer"), store, api, viewer, say);
  const panel = new Panel(part("panel"), store, offered);
  const hints = new Hints(part("panel"), store, viewer, offered);
  strip.ontile = (shot, tile) => hints.palette.addTile(shot, tile);
  new Drop(viewer.stage, new Stills(part("panel"), store, api, say), new References(part("panel"), store, api, say));
  new Compare(store, api, viewer, offered);
  new Mask(store, api, viewer);
  const run = new RunDialog(api, save, films.length);
  const help = keysDialog();
  part("bar").append(buttons(store, saveAloud, run, help));
  document.body.prepend(skips({ theShots: strip.list, thePicture: viewer.stage, theDirection: panel.state, thePoints: hints.own }));
  listen({ store, transport, viewer, panel, hints, strip, actions: { save: saveAloud, help: () => help.showModal() } });
  addEventListener("beforeunload", (event) => store.isSaved || event.preventDefault());

  store.on("frame look stopped", () => transport.video || pictures.show());
  store.open(look);
  store.changed("film");
  about.notes?.forEach((note) => say(note));
  follow(api, store, { strip, run, transport });
}

function follow(api, store, { strip, run, transport }) {
  const { clock } = store;
  const known = new Set();
  api.follow({
    shot(shot) {
      if (known.has(shot.number)) return; // the connection was lost, and all is told again
      known.add(shot.number);
      const frames = Object.fromEntries(["start", "end"].map((key) => [key, clock.frame(shot[key])]));
      const own = { number: shot.number, ...frames, from: shot.from, to: shot.to };
      store.shots.push(own);
      strip.add(own);
      store.changed("shots");
      if (own === store.shot) store.changed("frame");
    },
    looked: (seconds) => strip.tell(words("looking", `${Math.round((100 * clock.frame(seconds)) / clock.frames)} %`)),
    found: ({ shots, what, hint }) => (what ? say(`${what}; ${hint}`, true) : strip.tell(words("found", shots))),
    rendered: (state) => transport.rendered(state),
    run: (state) => run.film.show(state),
    archive: (state) => run.archive.show(state),
    error: () => say(words("lost"), true),
  });
}

function head(films, number) {
  const name = films.length === 1 ? el("h1", {}, films[0]) : el("select", {
    "aria-label": words("film"),
    onchange: (event) => { location.hash = event.target.selectedIndex; location.reload(); },
  }, ...films.map((film, n) => el("option", { selected: n === number }, film)));
  return el("div", { class: "name" }, el("span", { class: "brand" }, "restore studio"), name);
}

/** What Tab stops at first: buttons that go to the parts of the page, seen while one has the focus. */
function skips(places) {
  const stops = ":is(button, input, canvas):not(:disabled, [tabindex='-1'])";
  const enter = (place) => [...place.querySelectorAll(stops)].find((each) => each.checkVisibility())?.focus();
  return el("nav", { class: "skips", "aria-label": words("skips") },
    ...Object.entries(places).map(([word, place]) => button(words(word), () => enter(place))));
}

function buttons(store, save, run, help) {
  const undo = button("↶", () => store.undo(), { title: `${words("undo")} (Ctrl Z)`, "aria-label": words("undo") });
  const redo = button("↷", () => store.redo(), { title: `${words("redo")} (Ctrl ⇧ Z)`, "aria-label": words("redo") });
  const saving = button(words("save"), save, { title: "Ctrl S" });
  const refresh = () => {
    undo.disabled = !store.canUndo;
    redo.disabled = !store.canRedo;
    saving.disabled = store.isSaved;
  };
  store.on("look saved", refresh);
  refresh();
  return el("div", { class: "buttons" }, undo, redo, saving,
    button("?", () => help.showModal(), { title: words("help"), "aria-label": words("help") }),
    button(words("run"), () => run.open(), { class: "main" }));
}

function keysDialog() {
  const list = el("dl", {}, ...words("keyList").flatMap(([key, what]) => [el("dt", {}, key), el("dd", {}, what)]));
  const dialog = el("dialog", { "aria-label": words("keys") }, el("h2", {}, words("keys")), list,
    el("div", { class: "buttons" }, button(words("close"), () => dialog.close())));
  document.body.append(dialog);
  return dialog;
}

open().catch((error) => say(error.message, true));
