// The audit trail: the latest entries while they are looked at, and all of them as a file.
import { call, download } from "./api.js";
import { fill, find, fromTemplate, rows } from "./render.js";
import { moment } from "./words.js";

const ADDRESS = "/api/outlook/audit";

export function listen(attempt) {
  find("audit").addEventListener("toggle", () => find("audit").open && attempt());
  find("audit-csv").addEventListener("click", () => attempt(() => download(ADDRESS, "audit.csv")));
}

export async function refresh() {
  if (!find("audit").open) return;
  const { entries } = await call("GET", ADDRESS);
  const named = entries.map((entry) => ({ ...entry, id: [entry.at, entry.actor, entry.action, entry.subject].join(" ") }));
  find("audit-none").hidden = named.length > 0;
  rows(find("audit-entries"), named, fromTemplate("audit-row"), (row, { at, text }) => fill(row, { at: moment(at), text }));
}
