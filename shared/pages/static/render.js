// Puts values into the page, touching only what differs, so that focus, selection and scrolling stay.
import { kind } from "./words.js";

export const find = (id) => document.getElementById(id);

export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function fill(row, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const element = row.querySelector(`[data-text="${name}"]`);
    say(element, text ?? "");
    element.hidden = !text;
  }
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
