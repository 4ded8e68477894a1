// Who takes part in the roll-out: everybody, or members of some domains and members listed by hand.
import { call } from "./api.js";
import { at, tell } from "./acting.js";
import { fill, find, focusOn, fromTemplate, rows, say } from "./render.js";
import { count } from "./words.js";

const form = find("policy-form"), sought = find("rollout-search"), said = find("rollout-said");
const names = new Map(); // of members that were found here; the policy holds only ids
let members = [];

export const rollout = {
  read: () => form.scope.value === "everybody" ? null : { domains: unique(find("rollout-domains").value.toLowerCase().split(/[\s,;]+/)), members },
  write(scope) {
    form.scope.value = scope ? "listed" : "everybody";
    find("rollout-domains").value = scope?.domains.join(", ") ?? "";
    members = scope?.members ?? [];
    show();
  },
};

export function listenToRollout(ask, edited) {
  form.addEventListener("input", show);
  find("rollout-find").addEventListener("click", () => ask(search));
  sought.addEventListener("input", (event) => event.stopPropagation());
  sought.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    ask(search);
  });
  find("rollout").addEventListener("click", ({ target }) => {
    const { add, remove } = target.dataset;
    if (add === undefined && remove === undefined) return;
    const id = target.closest("li").dataset.key;
    members = add === undefined ? members.filter((member) => member !== id) : unique([...members, id]);
    say(said, `${names.get(id) ?? id} was ${add === undefined ? "removed" : "added"}.`);
    if (add !== undefined) rows(find("rollout-found"), [], null);
    show();
    focusOn(sought);
    edited();
  });
}

export function whoTakesPart(scope) {
  if (!scope) return "Everybody takes part";
  const who = [...scope.domains, ...(scope.members.length ? [count(scope.members.length, "member listed", "members listed")] : [])];
  return who.length ? `Only these take part: ${who.join(", ")}` : "Nobody takes part";
}

const unique = (texts) => [...new Set(texts.filter(Boolean))].sort();

function show() {
  find("rollout").hidden = form.scope.value !== "listed";
  rows(find("rollout-members"), members.map((id) => ({ id })), fromTemplate("picked-row"), (row, { id }) => {
    fill(row, { name: names.get(id) ?? id });
    row.querySelector("button").ariaLabel = `Remove ${names.get(id) ?? id}`;
  });
}

async function search() {
  const text = sought.value.trim().slice(0, 200);
  if (!text) return say(said, "Write a name or an address first.");
  await tell(at(said), async () => {
    const { members: found, next } = await call("GET", `/api/outlook/members?${new URLSearchParams({ q: text, limit: 10 })}`);
    found.forEach(({ id, name }) => names.set(id, name));
    say(said, found.length ? (next ? "The first 10 are shown." : `${found.length} found.`) : "Nobody is like that.");
    rows(find("rollout-found"), found.filter(({ id }) => !members.includes(id)), fromTemplate("found-row"), (row, { name, addresses }) => {
      fill(row, { name, addresses: addresses.join(", ") });
      row.querySelector("button").ariaLabel = `Add ${name}`;
    });
  });
}
