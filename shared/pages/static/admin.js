// What an organization's admin sees: tenants, activation links, members.
import { call } from "./api.js";
import { fill, find, fromTemplate, rows, say } from "./render.js";
import { kind, label, moment } from "./words.js";

export const id = "admin";
const REFUSALS = JSON.parse(document.querySelector("main").dataset.refusals);
const STEPS = {
  created: "Not used yet", started: "Somebody went to sign in", connected: "Used: tenant connected",
  approving: "Signed in, approval under way", approved: "Approved, being connected", revoked: "Revoked",
};
let members = [];
let pages = 1;
let isFirst = true;
let madeLink = null;

export async function refresh() {
  const [{ tenants }, { activation_links: links }, loaded] = await Promise.all([
    call("GET", "/api/outlook/tenants"), call("GET", "/api/outlook/activation-links"), loadMembers(),
  ]);
  members = loaded.members;
  if (isFirst) find("connect").open = !tenants.length;
  isFirst = false;
  showTenants(tenants);
  showLinks(links);
  find("more").hidden = !loaded.next;
  showMembers();
  const underWay = links.some((link) => link.is_open && ["started", "approving", "approved"].includes(link.step));
  return underWay || [...tenants, ...members].some(({ status, state }) => (status ?? state) === "connecting");
}

export function listen(attempt) {
  find("link-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    attempt(() => makeLink(form.get("domains").split(/[\s,;]+/).filter(Boolean), Number(form.get("days"))));
  });
  find("links").addEventListener("click", (event) => {
    if ("revoke" in event.target.dataset) confirmRevoking(event.target.closest("li").dataset.key, attempt);
  });
  find("copy").addEventListener("click", copy);
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

async function makeLink(domains, days) {
  madeLink = await call("POST", "/api/outlook/activation-links", { expected_domains: domains, expires_in_days: days });
  find("made-url").value = madeLink.url;
  say(find("copied"), "");
  find("made").hidden = false;
  find("copy").focus();
}

async function copy() {
  find("made-url").select();
  const said = await navigator.clipboard.writeText(find("made-url").value).then(() => "Copied.", () => "Press Ctrl+C to copy.");
  say(find("copied"), said);
}

function confirmRevoking(link, attempt) {
  const dialog = find("confirm");
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "revoke") return;
    attempt(() => call("DELETE", `/api/outlook/activation-links/${link}`));
    find("connect").querySelector("summary").focus();
  };
  dialog.showModal();
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

function showLinks(links) {
  find("links-title").hidden = !links.length;
  find("made").hidden = !links.some((link) => link.is_open && link.id === madeLink?.id);
  rows(find("links"), links, fromTemplate("link-row"), (row, link) => {
    row.querySelector("[data-revoke]").hidden = !link.is_open;
    fill(row, {
      made: `Made ${moment(link.created_at)}`, domains: (link.expected_domains ?? []).join(", "), step: stepOf(link),
      expires: link.is_open ? `Valid until ${moment(link.expires_at)}` : "",
    });
  });
}

function stepOf(link) {
  if (!link.is_open && !["connected", "revoked"].includes(link.step)) return "Expired";
  if (link.step === "refused") return `Refused: ${REFUSALS[link.reason] ?? label(link.reason ?? "unknown")}`;
  return STEPS[link.step] ?? label(link.step);
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
