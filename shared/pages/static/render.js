// Puts values into the page, touching only what differs, so that focus, selection and scrolling stay.
import { kind, label } from "./words.js";

export const find = (id) => document.getElementById(id);

export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Nothing to say leaves no gap.
export function sayIfAny(element, text) {
  say(element, text || "");
  element.hidden = !text;
}

export function fill(row, texts) {
  for (const [name, text] of Object.entries(texts)) sayIfAny(row.querySelector(`[data-text="${name}"]`), text);
}

export function rows(parent, items, make, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, place) => {
    const row = old.get(item.id) ?? make(item);
    old.delete(item.id);
    row.dataset.key = item.id;
    update(row, item);
    if (parent.children[place] !== row) parent.insertBefore(row, parent.children[place] ?? null);
  });
  old.forEach((row) => row.remove());
}

export function mark(row, state) {
  row.querySelector(".mark").className = `mark ${kind(state)}`;
}

export const fromTemplate = (id) => () => find(id).content.firstElementChild.cloneNode(true);

// The states to filter by; the one that is chosen stays, though nobody is in it any more.
export function choices(select, all, states) {
  const known = Object.keys(states).filter((state) => states[state]).concat(select.value || []);
  const options = [...new Set(known)].sort().map((state) => ({ id: state, text: `${label(state)} (${states[state] ?? 0})` }));
  rows(select, [{ id: "", text: all }, ...options], ({ id: value }) => new Option("", value), (option, { text }) => say(option, text));
}

// For places where reading goes on when what had the focus is gone.
export function focusOn(element) {
  if (!element) return;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

// Sentences as a list; none, no list.
export function list(parent, sentences) {
  rows(parent, sentences.map((text) => ({ id: text, text })), () => document.createElement("li"), (item, { text }) => say(item, text));
  parent.hidden = !sentences.length;
}
