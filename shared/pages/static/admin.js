// What an organization's admin sees, each part in a module of its own.
import * as audit from "./audit.js";
import { call } from "./api.js";
import * as activation from "./links.js";
import { isManaging, listenToActions, refreshManaged } from "./member_actions.js";
import { listenToMembers, refreshMembers } from "./members.js";
import { listenToPolicy, refreshPolicy } from "./policy.js";
import { find } from "./render.js";
import { listenToScope } from "./scope.js";
import { isGoingOn, listenToTenants, refreshTenants } from "./tenants.js";

export const id = "admin";
let isFirst = true;

export async function refresh() {
  const tenantsShown = refreshTenants(); // lines about members name tenants
  const [tenants, areConnecting, { activation_links: links }] = await Promise.all([
    tenantsShown, refreshMembers(tenantsShown), call("GET", "/api/outlook/activation-links"), refreshManaged(tenantsShown),
    refreshPolicy(), audit.refresh(),
  ]);
  if (isFirst) find("connect").open = !tenants.length;
  isFirst = false;
  activation.show(links);
  return links.some(activation.isUnderWay) || areConnecting || isManaging() || tenants.some(isGoingOn);
}

export function listen(attempt, ask) {
  activation.listen(attempt);
  audit.listen(attempt);
  listenToTenants(attempt, ask);
  listenToScope(ask);
  listenToPolicy(attempt, ask);
  listenToMembers(attempt);
  listenToActions(attempt, ask);
}
