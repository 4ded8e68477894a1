// Activation links: made, with a message to send; listed with how far each came; revoked.
import { call } from "./api.js";
import { copy } from "./copying.js";
import { fill, find, fromTemplate, rows, say } from "./render.js";
import { label, moment } from "./words.js";

const KINDS = { connected: "good", refused: "fix", revoked: "off", expired: "off" };
let made = null;

export function listen(attempt) {
  find("link-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    setTimeout(() => button.removeAttribute("aria-disabled"), 1_000); // a second click of a double click
    const form = new FormData(event.target);
    attempt(() => make(form.get("domains").split(/[\s,;]+/).filter(Boolean), Number(form.get("days"))));
  });
  find("links").addEventListener("click", (event) => {
    if ("revoke" in event.target.dataset) confirmRevoking(event.target.closest("li").dataset.key, attempt);
  });
  find("made").addEventListener("click", ({ target }) => target.dataset.copy && copyField(find(target.dataset.copy)));
}

export const isUnderWay = (link) => link.is_open && ["started", "approving", "approved"].includes(link.step);

export function show(links) {
  find("links-title").hidden = !links.length;
  find("made").hidden = !links.some((link) => link.is_open && link.id === made?.id);
  rows(find("links"), links, fromTemplate("link-row"), (row, link) => {
    row.querySelector("[data-revoke]").hidden = !link.is_open;
    row.querySelector(".mark").className = `mark ${KINDS[link.step] ?? "wait"}`;
    fill(row, {
      made: `Made ${moment(link.created_at)}`, domains: (link.expected_domains ?? []).join(", "), step: label(link.step),
      text: link.step_text, next: link.step === "connected" ? "" : link.next_step,
      tenant: link.refused_tenant && `Tried by somebody of the tenant ${link.refused_tenant}`,
      opened: link.opened_at && `First opened ${moment(link.opened_at)}`,
      expires: link.is_open ? `Valid until ${moment(link.expires_at)}` : "",
    });
  });
}

async function make(domains, days) {
  made = await call("POST", "/api/outlook/activation-links", { expected_domains: domains, expires_in_days: days });
  find("made-url").value = made.url;
  find("made-subject").value = made.message.subject;
  find("made-body").value = made.message.body;
  say(find("copied"), "");
  find("made").hidden = false;
  find("made").querySelector("[data-copy]").focus();
}

function copyField(field) {
  field.select();
  copy(field.value, find("copied"));
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
