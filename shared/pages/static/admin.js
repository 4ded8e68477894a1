// What an organization's admin sees: tenants, activation links, members, the audit trail.
import * as audit from "./audit.js";
import { call } from "./api.js";
import * as activation from "./links.js";
import { fill, find, fromTemplate, rows, say } from "./render.js";
import { kind, label, moment } from "./words.js";

export const id = "admin";
let members = [];
let pages = 1;
let isFirst = true;

export async function refresh() {
  const [{ tenants }, { activation_links: links }, loaded] = await Promise.all([
    call("GET", "/api/outlook/tenants"), call("GET", "/api/outlook/activation-links"), loadMembers(),
  ]);
  members = loaded.members;
  if (isFirst) find("connect").open = !tenants.length;
  isFirst = false;
  showTenants(tenants);
  activation.show(links);
  find("more").hidden = !loaded.next;
  showMembers();
  await audit.refresh();
  return links.some(activation.isUnderWay) || [...tenants, ...members].some(({ status, state }) => (status ?? state) === "connecting");
}

export function listen(attempt) {
  activation.listen(attempt);
  audit.listen(attempt);
  find("search").addEventListener("input", showMembers);
  find("state").addEventListener("change", showMembers);
  find("more").addEventListener("click", () => attempt(() => { pages += 1; }));
}

async function loadMembers() {
  const all = [];
  let next = null;
  for (let page = 0; page < pages && (page === 0 || next); page += 1) {
    const answer = await call("GET", `/api/outlook/members${next ? `?cursor=${encodeURIComponent(next)}` : ""}`);
    all.push(...answer.members);
    next = answer.next;
  }
  return { members: all, next };
}

function showTenants(tenants) {
  find("no-tenant").hidden = tenants.length > 0;
  rows(find("tenants"), tenants, fromTemplate("tenant-row"), (row, tenant) => {
    mark(row, tenant.status);
    fill(row, {
      name: tenant.domains.join(", ") || tenant.id, since: `Since ${moment(tenant.consented_at)}`, state: label(tenant.status),
      text: tenant.status_text, next: kind(tenant.status) === "good" ? "" : tenant.next_step, reason: reasonOf(tenant), push: tenant.push_text,
    });
  });
}

// Microsoft's codes begin with a capital letter, ours do not.
function reasonOf({ reason }) {
  return reason && (/^[A-Z]/.test(reason) ? `Microsoft says: ${reason}` : `Detail: ${label(reason)}`);
}

function showMembers() {
  const wanted = find("state").value;
  const text = find("search").value.trim().toLowerCase();
  const shown = members.filter((member) => (!wanted || member.state === wanted)
    && [member.name, ...member.addresses, member.mailbox ?? ""].some((known) => known.toLowerCase().includes(text)));
  showCounts(wanted);
  rows(find("members"), shown, fromTemplate("member-row"), (row, member) => {
    mark(row, member.state);
    fill(row, {
      name: member.name, addresses: member.addresses.join(", "), state: label(member.state), text: member.state_text,
      detail: member.detail && `Detail: ${label(member.detail)}`, next: kind(member.state) === "good" ? "" : member.next_step,
    });
  });
  find("nobody").hidden = shown.length > 0;
  say(find("nobody"), members.length ? "Nobody here is like that." : "Nobody is on the roster yet.");
}

function showCounts(wanted) {
  const counts = {};
  for (const { state } of members) counts[state] = (counts[state] ?? 0) + 1;
  const all = `${members.length}${find("more").hidden ? "" : "+"}`;
  const of = (sought) => members.filter(({ state }) => kind(state) === sought).length;
  const connecting = counts.connecting ?? 0, retried = of("wait") - connecting, toFix = of("fix"), off = of("off");
  say(find("counts"), [
    `${counts.connected ?? 0} of ${all} connected`, connecting && `${connecting} connecting`, retried && `${retried} tried again`,
    toFix && `${toFix} ${toFix === 1 ? "needs" : "need"} attention`, off && `${off} switched off`,
  ].filter(Boolean).join(" · "));
  const states = Object.keys({ ...counts, ...(wanted && { [wanted]: 0 }) }).sort();
  const options = [{ id: "", text: `All (${all})` }, ...states.map((state) => ({ id: state, text: `${label(state)} (${counts[state] ?? 0})` }))];
  rows(find("state"), options, ({ id: value }) => new Option("", value), (option, { text }) => say(option, text));
}

function mark(row, state) {
  row.querySelector(".mark").className = `mark ${kind(state)}`;
}
