// One member in a dialog: checked now, kept out or let in again. Who they are in Microsoft 365 is in a module of its own.
import { call } from "./api.js";
import { at, enable, isEnabled, tell } from "./acting.js";
import { listenToMatching, openMatching } from "./matching.js";
import { fill, find, focusOn, fromTemplate, mark, rows, say } from "./render.js";
import { showOwnOf } from "./members_own.js";
import { nameOf } from "./tenants.js";
import { kind, label } from "./words.js";

const dialog = find("manage"), check = find("check"), checked = find("checked");
let managed = null;

export const isManaging = () => dialog.open;
const addressOf = (id, action) => `/api/outlook/members/${encodeURIComponent(id)}/${action}`;

// The list may be narrowed to others, so the member is asked for by name.
export async function refreshManaged(tenantsShown) {
  if (!dialog.open) return;
  const { id } = managed;
  const [{ members }] = await Promise.all([call("GET", `/api/outlook/members?${new URLSearchParams({ q: id, limit: 200 })}`), tenantsShown]);
  const found = members.find((member) => member.id === id);
  if (found && managed.id === id) show(found);
}

export function listenToActions(attempt, ask) {
  const decide = (method, action, body, said, words) => attempt(() => change(method, action, body, said, words));
  const keep = (method, words) => decide(method, "exclusion", undefined, find("kept-out-said"), words).then(focusKeptOut);
  check.addEventListener("click", () => isEnabled(check) && checkNow(attempt));
  find("exclude").addEventListener("click", () => keep("PUT", "Excluded."));
  find("include").addEventListener("click", () => keep("DELETE", "Included again. That shows within a minute."));
  dialog.addEventListener("close", () => isFocusLost() && focusOn(find("members-title")));
  listenToMatching(ask, (action) => addressOf(managed.id, action), decide);
}

// The row that the dialog was opened from may be gone, and the browser leaves the focus where nobody sees it.
function isFocusLost() {
  const { activeElement: focused } = document;
  return focused === document.body || dialog.contains(focused);
}

// Refreshed at once, and often while the dialog is open.
export function manage(member, attempt) {
  for (const said of dialog.querySelectorAll("[role=status]")) say(said, "");
  rows(find("check-steps"), [], null);
  enable(check, true);
  show(member);
  const look = openMatching(member);
  dialog.showModal();
  attempt(look);
}

function show(member) {
  managed = member;
  mark(dialog, member.state);
  fill(dialog, {
    "managed-name": member.name, "managed-addresses": member.addresses.join(", "), "managed-state": label(member.state),
    "managed-text": member.state_text, "managed-next": kind(member.state) === "good" ? "" : member.next_step,
    "managed-detail": member.detail && `Detail: ${label(member.detail)}`, "managed-mailbox": member.mailbox && `Mailbox: ${member.mailbox}`,
    "managed-elsewhere": elsewhere(member) && `${elsewhere(member)} The first tenant keeps the member, unless you choose.`,
  });
  showOwnOf(member);
  const isExcluded = member.state === "excluded", isByPolicy = isExcluded && member.detail === "not_in_rollout";
  find("kept-out").hidden = isByPolicy;
  find("exclude").hidden = isExcluded;
  find("include").hidden = !isExcluded;
  say(find("kept-out-text"), isExcluded
    ? "Included again, the member is looked for at once, unless they had disconnected themselves."
    : "An excluded member is not connected: what was read of their calendar is deleted, and only an admin can include them again.");
}

// The button that was pressed is gone then, and the other one in its place.
function focusKeptOut() {
  focusOn([find("exclude"), find("include")].find((button) => !button.hidden));
}

export function elsewhere({ also_found_in: tenants }) {
  return tenants.length > 0 && `Also found in ${tenants.map(nameOf).join(", ")}.`;
}

function change(method, action, body, said, words) {
  const { id } = managed;
  say(said, "");
  return tell(at(said), async () => {
    const member = await call(method, addressOf(id, action), body);
    if (managed.id !== id) return;
    show(member);
    say(said, words);
  });
}

function checkNow(attempt) {
  const { id } = managed;
  enable(check, false);
  rows(find("check-steps"), [], null);
  say(checked, "Checking… This takes as long as Microsoft takes to answer.");
  attempt(() => tell(at(checked), async () => {
    const { member, steps } = await call("POST", addressOf(id, "check"));
    if (managed.id === id) showChecked(member, steps);
  })).finally(() => enable(check, true));
}

function showChecked(member, steps) {
  const failed = steps.filter(({ ok }) => !ok).length;
  show(member);
  say(checked, failed ? `Checked: ${failed} of ${steps.length} steps did not go well.` : "Checked: everything went well.");
  const named = steps.map((step, place) => ({ ...step, id: String(place) }));
  rows(find("check-steps"), named, fromTemplate("check-step"), (row, { name, ok, text, next_step: next }) => {
    row.querySelector(".mark").className = `mark ${ok ? "good" : "fix"}`;
    fill(row, { name: label(name), result: ok ? "OK" : "Not OK", text, next: ok ? "" : next });
  });
}
