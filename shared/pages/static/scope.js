// How the Microsoft admin limits the app to a group of mailboxes: commands to copy, asked for once they are looked at.
import { call } from "./api.js";
import { at, tell } from "./acting.js";
import { copy } from "./copying.js";
import { fill, find, fromTemplate, rows, say } from "./render.js";

let all = "";

export function listenToScope(ask) {
  const said = find("scope-said");
  find("scope").addEventListener("toggle", () => find("scope").open && !all && ask(() => tell(at(said), load)));
  find("scope-all").addEventListener("click", () => copy(all, said));
  find("scope-steps").addEventListener("click", ({ target }) => {
    if ("copy" in target.dataset) copy(target.closest("li").querySelector("pre").textContent, said);
  });
}

async function load() {
  const answer = await call("GET", "/api/outlook/mailbox-scope");
  all = answer.text;
  say(find("scope-introduction"), answer.introduction);
  const steps = answer.steps.map((step, place) => ({ ...step, id: String(place + 1) }));
  rows(find("scope-steps"), steps, fromTemplate("scope-step"), (row, { id, step, command }) => {
    fill(row, { step, command });
    row.querySelector("button").ariaLabel = `Copy the commands of step ${id}`;
  });
  find("scope-all").hidden = false;
}
