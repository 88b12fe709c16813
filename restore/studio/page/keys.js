// Keys; those that are typed into a field are its own.

import { LAYOUTS, TOOLS } from "./viewer.js";

export function listen({ store, transport, viewer, panel, hints, strip, actions }) {
  const plain = {
    ArrowLeft: () => transport.step(-1), ArrowRight: () => transport.step(1),
    ArrowUp: () => transport.jump(-1), ArrowDown: () => transport.jump(1),
    j: () => transport.back(), k: () => transport.stop(), l: () => transport.play(), " ": () => transport.toggle(),
    i: () => transport.mark("in"), o: () => transport.mark("out"),
    "+": () => viewer.zoomBy(1.5), "-": () => viewer.zoomBy(1 / 1.5), 0: () => viewer.fit(), 9: () => viewer.full(),
    ...Object.fromEntries(TOOLS.map((name) => [name[0], () => viewer.take(name)])),
    Enter: () => viewer.close(), Escape: () => {
      if (viewer.outline.length) viewer.take(viewer.tool);
      else if (hints.chosen !== null) hints.choose(null);
      else store.select([]);
    },
    a: () => panel.setState("approved"), t: () => panel.setState("todo"), b: () => panel.setState("bypass"),
    Delete: () => hints.remove(), "?": actions.help,
    ...Object.fromEntries(LAYOUTS.map((name, n) => [n + 1, () => viewer.show(name)])),
  };
  const held = { z: () => store.undo(), y: () => store.redo(), Z: () => store.redo(), s: actions.save, a: () => strip.selectAll() };

  document.addEventListener("keydown", (event) => {
    if (event.altKey || document.querySelector("dialog[open]")) return;
    const field = event.target.closest("input, textarea, select");
    const isTyped = field && !(field.type === "range" && !event.key.startsWith("Arrow")) && field.type !== "color";
    const isPress = event.target.closest("button, summary") && (event.key === " " || event.key === "Enter");
    let run = event.ctrlKey || event.metaKey ? held[event.key] : !isTyped && !isPress ? plain[event.key] : undefined;
    if (event.shiftKey && !field && event.key.startsWith("Arrow")) {
      const second = Math.round(store.clock.rate);
      run = {
        ArrowLeft: () => transport.step(-second), ArrowRight: () => transport.step(second),
        ArrowUp: () => strip.extend(-1), ArrowDown: () => strip.extend(1),
      }[event.key];
    }
    if (!run || (isTyped && event.key !== "s")) return;
    event.preventDefault();
    run();
  });
}
