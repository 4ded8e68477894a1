// What counts as busy, as boxes to tick.
import { fill, fromTemplate, rows } from "./render.js";
import { STATUSES } from "./words.js";

const CHOICES = Object.entries(STATUSES).map(([id, { word, note }]) => ({ id, word, note }));

export function statusBoxes(parent) {
  rows(parent, CHOICES, fromTemplate("status-choice"), (row, { id, word, note }) => {
    row.querySelector("input").value = id;
    fill(row, { word, note });
  });
  const boxes = [...parent.querySelectorAll("input")];
  return {
    read: () => boxes.filter((box) => box.checked).map((box) => box.value),
    write: (statuses) => boxes.forEach((box) => { box.checked = statuses.includes(box.value); }),
  };
}

export function inWords(statuses) {
  const words = CHOICES.filter(({ id }) => statuses.includes(id)).map(({ word }) => word.toLowerCase());
  if (words.length === CHOICES.length) return "everything that is not shown as free";
  return words.length ? new Intl.ListFormat("en").format(words) : "nothing";
}
