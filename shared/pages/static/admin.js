// What an organization's admin sees: tenants and activation links; members have a module of their own.
import { call } from "./api.js";
import { listenToMembers, refreshMembers } from "./members.js";
import { fill, find, fromTemplate, mark, rows, say } from "./render.js";
import { kind, label, moment } from "./words.js";

export const id = "admin";
const REFUSALS = JSON.parse(document.querySelector("main").dataset.refusals);
const STEPS = {
  created: "Not used yet", started: "Somebody went to sign in", connected: "Used: tenant connected",
  approving: "Signed in, approval under way", approved: "Approved, being connected", revoked: "Revoked",
};
let isFirst = true;
let madeLink = null;

export async function refresh() {
  const [{ tenants }, { activation_links: links }, areConnecting] = await Promise.all([
    call("GET", "/api/outlook/tenants"), call("GET", "/api/outlook/activation-links"), refreshMembers(),
  ]);
  if (isFirst) find("connect").open = !tenants.length;
  isFirst = false;
  showTenants(tenants);
  showLinks(links);
  const underWay = links.some((link) => link.is_open && ["started", "approving", "approved"].includes(link.step));
  return underWay || areConnecting || tenants.some(({ status }) => status === "connecting");
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
  listenToMembers(attempt);
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
