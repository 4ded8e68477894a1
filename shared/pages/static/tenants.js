// The organization's Microsoft 365 tenants: how each stands, looked at again, disconnected.
import { call } from "./api.js";
import { at, enable, isEnabled, tell } from "./acting.js";
import { copy } from "./copying.js";
import { fill, find, focusOn, fromTemplate, list, mark, rows, say } from "./render.js";
import { count, kind, label, moment, soon } from "./words.js";

const dialog = find("disconnect"), confirm = find("disconnect-confirm");
let known = new Map();

export const nameOf = (id) => known.get(id)?.domains[0] ?? id;
export const isGoingOn = ({ status }) => ["connecting", "disconnecting"].includes(status);

export async function refreshTenants() {
  const { tenants } = await call("GET", "/api/outlook/tenants");
  showTenants(tenants);
  return tenants;
}

function showTenants(tenants) {
  const hadFocus = find("tenants").contains(document.activeElement);
  known = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  find("no-tenant").hidden = tenants.length > 0;
  rows(find("tenants"), tenants, fromTemplate("tenant-row"), showTenant);
  if (hadFocus && document.activeElement === document.body) focusOn(find("tenants-title"));
}

export function listenToTenants(attempt, ask) {
  find("tenants").addEventListener("click", ({ target }) => {
    const row = target.closest("li"), id = row?.dataset.key;
    if ("resync" in target.dataset) attempt(() => resync(id, row.querySelector("[data-said]")));
    if ("disconnect" in target.dataset) open(id, ask);
  });
  confirm.addEventListener("click", () => isEnabled(confirm) && attempt(disconnect));
  find("disconnect-copy").addEventListener("click", () => copy(find("disconnect-command").textContent, find("disconnect-said")));
}

function showTenant(row, tenant) {
  mark(row, tenant.status);
  fill(row, {
    name: tenant.domains.join(", ") || tenant.id, since: `Since ${moment(tenant.consented_at)}`, state: label(tenant.status),
    text: tenant.status_text, next: kind(tenant.status) === "good" ? "" : tenant.next_step, reason: reasonOf(tenant), push: tenant.push_text,
    scope: scopeOf(tenant),
  });
  row.querySelector("[data-resync]").ariaLabel = `Look at ${nameOf(tenant.id)} again now`;
  row.querySelector("[data-disconnect]").ariaLabel = `Disconnect ${nameOf(tenant.id)}…`;
  row.querySelector("[data-actions]").hidden = tenant.status === "disconnecting";
}

// Microsoft's codes begin with a capital letter, ours do not.
function reasonOf({ reason }) {
  return reason && (/^[A-Z]/.test(reason) ? `Microsoft says: ${reason}` : `Detail: ${label(reason)}`);
}

function scopeOf({ in_scope: inside, out_of_scope: outside, scope_counted_at: at }) {
  if (!inside && !outside) return "";
  return `${count(inside, "member's mailbox is", "members' mailboxes are")} within the app's scope, ${outside} outside. Counted ${soon(at)}.`;
}

function resync(id, said) {
  say(said, "");
  return tell(at(said), async () => {
    await call("POST", `/api/outlook/tenants/${id}/resync`);
    say(said, "Asked for. It happens within a minute.");
  });
}

function open(id, ask) {
  dialog.dataset.tenant = id;
  enable(confirm, false);
  say(confirm, `Disconnect ${nameOf(id)}`);
  say(find("disconnect-title"), `Disconnect ${nameOf(id)}?`);
  say(find("disconnect-said"), "Looking at what that means…");
  find("disconnect-meaning").hidden = true;
  dialog.showModal();
  ask(() => tell(at(find("disconnect-said")), () => preview(id)));
}

async function preview(id) {
  const meaning = await call("GET", `/api/outlook/tenants/${id}/disconnect-preview`);
  if (dialog.dataset.tenant !== id) return;
  list(find("disconnect-members"), effectOf(meaning));
  list(find("disconnect-stays"), meaning.stays_at_microsoft);
  say(find("disconnect-command"), meaning.removal_command);
  find("disconnect-meaning").hidden = false;
  say(find("disconnect-said"), "");
  enable(confirm, true);
}

function effectOf({ connected, without_calendar: lost, found_elsewhere: elsewhere }) {
  if (!connected) return ["No member was found in this tenant."];
  return [
    `${count(connected, "member was", "members were")} found in this tenant. What was read of their calendars is deleted.`,
    lost ? `${count(lost, "member loses", "members lose")} their calendar here.` : "Nobody is left without a calendar.",
    elsewhere && `${count(elsewhere, "member is", "members are")} looked for in another tenant of yours, where they were seen.`,
  ].filter(Boolean);
}

async function disconnect() {
  enable(confirm, false);
  const isDone = await tell(at(find("disconnect-said")), () => call("DELETE", `/api/outlook/tenants/${dialog.dataset.tenant}`));
  if (!isDone) return enable(confirm, true);
  dialog.close();
  focusOn(find("tenants-title"));
}
