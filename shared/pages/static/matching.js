// Who a member is in Microsoft 365, said by an admin: candidates to choose from, or left to the addresses again.
import { call } from "./api.js";
import { at, tell } from "./acting.js";
import { fill, find, focusOn, fromTemplate, rows, say, sayIfAny } from "./render.js";
import { nameOf } from "./tenants.js";

const details = find("who"), form = find("who-form"), said = find("who-said"), field = form.elements.address;
let candidates = [], addressOf;

// For a member whose dialog opens; answers with what there is to ask for then.
export function openMatching({ state }) {
  form.reset();
  show([], []);
  showWrong("");
  find("who-none").hidden = true;
  details.open = ["not_matched", "ambiguous"].includes(state);
  return details.open ? look : () => {};
}

export function listenToMatching(ask, address, decide) {
  addressOf = address;
  const choose = (method, body, words) => decide(method, "match", body, said, words).then(() => ask(look)).then(() => focusOn(details.querySelector("summary")));
  details.querySelector("summary").addEventListener("click", () => details.open || ask(look));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say(said, "");
    ask(look);
  });
  find("who-leave").addEventListener("click", () => choose("DELETE", undefined, "Left to the addresses. The member is looked for again."));
  find("candidates").addEventListener("click", ({ target }) => {
    if (!("choose" in target.dataset)) return;
    const { tenant, user } = candidates.find(({ id }) => id === target.closest("li").dataset.key);
    choose("PUT", { tenant, user }, "Chosen. The member is connected within a minute.");
  });
}

async function look() {
  const address = field.value.trim(), where = addressOf("candidates");
  showWrong("");
  await tell((problem) => sayProblem(problem, address), async () => {
    const found = await call("GET", `${where}${address ? `?${new URLSearchParams({ address })}` : ""}`);
    if (where === addressOf("candidates")) show(found.candidates, found.unanswered);
  });
}

function sayProblem(problem, address) {
  if (problem.field !== "address") return say(said, problem.words);
  showWrong(`“${address}” is not a mail address.`);
  field.focus();
}

function showWrong(text) {
  sayIfAny(find("who-wrong"), text);
  field.ariaInvalid = String(Boolean(text));
}

function show(found, unanswered) {
  candidates = found.map((one) => ({ ...one, id: `${one.tenant}/${one.user}` }));
  find("who-leave").hidden = !candidates.some((one) => one.is_chosen);
  find("who-none").hidden = candidates.length > 0;
  fill(details, { unanswered: unanswered.length && `Could not be asked just now: ${unanswered.map(nameOf).join(", ")}.` });
  rows(find("candidates"), candidates, fromTemplate("candidate-row"), (row, one) => {
    const button = row.querySelector("button");
    button.hidden = Boolean(one.objection) || one.is_chosen;
    button.ariaLabel = `Choose ${one.name}, ${one.address}`;
    fill(row, {
      name: one.name, address: one.address, tenant: `In ${nameOf(one.tenant)}`, objection: one.objection,
      standing: one.is_chosen ? "Chosen by an admin" : one.is_bound ? "Connected now, by the addresses" : "",
    });
  });
}
