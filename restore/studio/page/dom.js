// Elements: text stays text, whatever a film is called.

import { words } from "./words.js";

/** An element with properties, listeners (onclick, …), attributes (aria-…, role, class) and children. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class" || name === "role" || name.includes("-") || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A button with a word; its key is shown to those who hover. */
export function button(word, onclick, properties = {}) {
  return el("button", { type: "button", onclick, ...properties }, word);
}

/** Buttons of which one is pressed; `choose` is called with the value of the one that is clicked. */
export function choice(label, values, choose, chosen) {
  const buttons = values.map(([value, word, title]) =>
    button(word, () => choose(value), { title, "aria-pressed": String(value === chosen), value }));
  return el("div", { class: "choice", role: "group", "aria-label": label }, ...buttons);
}

/** Marks the button of a choice. */
export function press(group, value) {
  for (const each of group.children) each.setAttribute("aria-pressed", String(each.value === String(value)));
}

/** Puts new children in place of the old ones; the focus stays on the one of the same name. */
export function refill(place, ...children) {
  const name = place.contains(document.activeElement) ? document.activeElement.ariaLabel : null;
  place.replaceChildren(...children);
  if (name) [...place.querySelectorAll("[aria-label]")].find((each) => each.ariaLabel === name)?.focus();
}

/** A button that lets a file be chosen, and the field that does it. */
export function chooser(label, accept, take) {
  const file = el("input", { type: "file", accept, hidden: true, "aria-label": label, onchange: () => {
    if (file.files[0]) take(file.files[0]);
    file.value = "";
  } });
  return [button(words("choose"), () => file.click(), { "aria-label": `${label}: ${words("choose")}` }), file];
}

/** Calls `run` once there was quiet for so many milliseconds. */
export function settled(run, milliseconds) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), milliseconds);
  };
}
