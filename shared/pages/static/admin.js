// What an organization's admin sees: tenants here; activation links, members and the audit trail in modules of their own.
import * as audit from "./audit.js";
import { call } from "./api.js";
import * as activation from "./links.js";
import { listenToMembers, refreshMembers } from "./members.js";
import { fill, find, fromTemplate, mark, rows } from "./render.js";
import { kind, label, moment } from "./words.js";

export const id = "admin";
let isFirst = true;

export async function refresh() {
  const [{ tenants }, { activation_links: links }, areConnecting] = await Promise.all([
    call("GET", "/api/outlook/tenants"), call("GET", "/api/outlook/activation-links"), refreshMembers(), audit.refresh(),
  ]);
  if (isFirst) find("connect").open = !tenants.length;
  isFirst = false;
  showTenants(tenants);
  activation.show(links);
  return links.some(activation.isUnderWay) || areConnecting || tenants.some(({ status }) => status === "connecting");
}

export function listen(attempt) {
  activation.listen(attempt);
  audit.listen(attempt);
  listenToMembers(attempt);
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
