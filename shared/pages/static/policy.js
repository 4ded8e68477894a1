// The policy: what holds, a form to change it, and whom a change touches, before it is saved.
import { call } from "./api.js";
import { enable, isEnabled, tell } from "./acting.js";
import { inWords, statusBoxes } from "./busy.js";
import { editing } from "./editing.js";
import { find, list, say, sayIfAny } from "./render.js";
import { listenToRollout, rollout, whoTakesPart } from "./rollout.js";

const ADDRESS = "/api/outlook/policy", TYPING_MS = 400, RETRY_MS = 5000;
const form = find("policy-form"), save = find("policy-save"), discard = find("policy-discard");
const UNKNOWN_TIME = {
  read_live: "Time not known to be free is looked up in Outlook, and not bookable if that fails.",
  block: "Time not known to be free is not bookable.",
  allow: "Time not known to be free is bookable.",
};
const ticked = (name) => ({ read: () => form[name].checked, write: (value) => { form[name].checked = value; } });
const edits = editing({
  members_may_disconnect: ticked("members_may_disconnect"),
  members_may_connect_personal: ticked("members_may_connect_personal"),
  busy_statuses: statusBoxes(find("policy-statuses")),
  members_may_choose_busy: ticked("members_may_choose_busy"),
  unknown_time: { read: () => form.unknown_time.value, write: (value) => { form.unknown_time.value = value; } },
  scope: rollout,
});
let typing, asked = ""; // the change whose effect is shown or being asked for

export async function refreshPolicy() {
  const policy = await call("GET", ADDRESS);
  edits.follow(policy);
  list(find("policy-now"), holding(policy));
  if (!isEdited() && asked) rest("");
}

export function listenToPolicy(attempt, ask) {
  const edited = () => look(ask);
  listenToRollout(ask, edited);
  form.addEventListener("input", edited);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const change = edits.changes();
    if (isEnabled(save)) attempt(() => keep(change));
    enable(save, false);
  });
  discard.addEventListener("click", () => {
    if (!isEnabled(discard)) return;
    edits.take();
    rest("Nothing was changed.");
  });
  addEventListener("beforeunload", (event) => isEdited() && event.preventDefault());
  rest("");
}

const isEdited = () => Object.keys(edits.changes()).length > 0;

function holding(policy) {
  const may = (isAllowed) => (isAllowed ? "may" : "may not");
  return [
    `${whoTakesPart(policy.scope)}.`,
    `Members ${may(policy.members_may_disconnect)} disconnect, and ${may(policy.members_may_connect_personal)} connect a personal Outlook.`,
    `What counts as busy: ${inWords(policy.busy_statuses)}.${policy.members_may_choose_busy ? " Members may choose otherwise for themselves." : ""}`,
    UNKNOWN_TIME[policy.unknown_time],
  ];
}

// Asks for the effect once typing rests. Only a change whose effect is shown can be saved.
function look(ask) {
  if (!isEdited()) return rest("");
  show("Not saved yet. Looking at whom this touches…");
  enable(discard, true);
  lookIn(TYPING_MS, ask);
}

function lookIn(delay, ask) {
  clearTimeout(typing);
  typing = setTimeout(() => isEdited() && ask(() => preview(ask)), delay);
}

async function preview(ask) {
  const change = edits.changes(), before = (asked = JSON.stringify(change));
  const isCurrent = () => before === JSON.stringify(edits.changes());
  await tell((problem) => isCurrent() && (refuse(problem, change) || lookIn(RETRY_MS, ask)), async () => {
    const { effect } = await call("POST", `${ADDRESS}/preview`, change);
    if (!isCurrent()) return;
    show("Not saved yet. This is what saving does:", effect.sentences);
    enable(save, true);
  });
}

// What is edited while it is being saved stays, and is not saved yet.
async function keep(change) {
  const sayProblem = (problem) => {
    if (refuse(problem, change)) form.querySelector("[aria-invalid=true]")?.focus();
    else enable(save, true); // to be tried again
  };
  await tell(sayProblem, async () => {
    const { policy, effect } = await call("PATCH", ADDRESS, change);
    edits.follow(policy);
    if (!isEdited()) rest("Saved.", effect.sentences);
  });
}

function rest(title, sentences = []) {
  clearTimeout(typing);
  asked = "";
  show(title || "No changes.", sentences);
  enable(discard, false);
}

function show(title, sentences = []) {
  enable(save, false);
  say(find("effect-title"), title);
  list(find("effect"), sentences);
  find("policy-unsaved").hidden = !isEdited();
  showWrong({});
}

// Answers whether a field could be named.
function refuse(problem, change) {
  show("Not saved. Something has to be put right first.");
  const field = (problem.field ?? "").replace(/\[\d+\]$/, "");
  const isShown = showWrong({ [field]: wrongIn(problem, change) });
  if (!isShown) show(`Not saved. ${problem.words}`);
  return isShown;
}

// The entry of a list is named as it was typed; what the API says of it is about patterns.
function wrongIn({ field, detail }, { scope }) {
  const [, name, place] = field?.match(/^scope\.(\w+)\[(\d+)\]$/) ?? [];
  return name === "domains" ? `“${scope.domains[place]}” is not a domain. Write it like contoso.com.` : detail;
}

function showWrong(words) {
  const places = [...form.querySelectorAll("[data-wrong]")];
  for (const place of places) {
    const text = words[place.dataset.wrong];
    sayIfAny(place, text);
    form.querySelectorAll(`[aria-describedby="${place.id}"]`).forEach((field) => { field.ariaInvalid = String(Boolean(text)); });
  }
  return places.some((place) => words[place.dataset.wrong]);
}
