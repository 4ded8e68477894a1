// What an admin sees of members: how many are in which state, and a list to filter, search, leaf through and keep.
import { call, download } from "./api.js";
import { elsewhere, manage } from "./member_actions.js";
import { inBrief, showOwnCounts } from "./members_own.js";
import { choices, fill, find, focusOn, fromTemplate, mark, rows, say } from "./render.js";
import { kind, label, soon } from "./words.js";

const PAGE = 50, MOST = 200, TYPING_MS = 250;
let wished = PAGE; // members to show
let shown = [];

export async function refreshMembers(tenantsShown) {
  const [overview, { members, next }] = await Promise.all([call("GET", "/api/outlook"), load(), tenantsShown]);
  showOverview(overview);
  showMembers(members, Boolean(next), overview.members);
  return overview.states.connecting > 0;
}

export function listenToMembers(attempt) {
  let typing;
  const afresh = () => {
    clearTimeout(typing);
    attempt(() => { wished = PAGE; });
  };
  find("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(afresh, TYPING_MS);
  });
  for (const id of ["state", "own-state"]) find(id).addEventListener("change", afresh);
  find("more").addEventListener("click", () => attempt(() => { wished += PAGE; }));
  find("members").addEventListener("click", ({ target }) => {
    if ("manage" in target.dataset) manage(shown.find(({ id }) => id === target.closest("li").dataset.key), attempt);
  });
  find("csv").addEventListener("click", () => attempt(() => download(`/api/outlook/members?${asked()}`, "members.csv")));
}

function asked(more = {}) {
  const given = { state: find("state").value, own_state: find("own-state").value, q: find("search").value.trim().slice(0, 200), ...more };
  return new URLSearchParams(Object.entries(given).filter(([, value]) => value));
}

async function load() {
  const members = [];
  let cursor = "";
  do {
    const limit = Math.min(wished - members.length, MOST);
    const answer = await call("GET", `/api/outlook/members?${asked({ limit, cursor })}`);
    members.push(...answer.members);
    cursor = answer.next;
  } while (cursor && members.length < wished);
  return { members, next: cursor };
}

function showOverview(overview) {
  const { members: all, states, needing_attention: toFix, next_step: next } = overview;
  const of = (sought) => Object.entries(states).reduce((sum, [state, count]) => sum + (kind(state) === sought ? count : 0), 0);
  const { connected, connecting } = states, retried = of("wait") - connecting, off = of("off");
  say(find("counts"), [
    `${connected} of ${all} connected`, connecting && `${connecting} connecting`, retried && `${retried} tried again`,
    toFix && `${toFix} ${toFix === 1 ? "needs" : "need"} attention`, off && `${off} switched off`,
  ].filter(Boolean).join(" · "));
  say(find("next-step"), toFix || overview.own_needing_attention ? `Next: ${next}` : "");
  showOwnCounts(overview);
  choices(find("state"), `All (${all})`, states);
}

function showMembers(members, hasMore, all) {
  const before = find("members").children.length, more = find("more"), wasFocused = document.activeElement === more;
  shown = members;
  rows(find("members"), members, fromTemplate("member-row"), showMember);
  more.hidden = !hasMore;
  if (wasFocused && !hasMore) focusOn(find("members").children[before]); // reading goes on there
  const isNarrowed = find("search").value.trim() || find("state").value || find("own-state").value;
  if (!members.length) say(find("found"), all ? "Nobody here is like that." : "Nobody is on the roster yet.");
  else say(find("found"), hasMore ? `The first ${members.length} are shown.` : isNarrowed ? `${members.length} found.` : "");
}

function showMember(row, member) {
  mark(row, member.state);
  fill(row, {
    name: member.name, addresses: member.addresses.join(", "), state: label(member.state), text: member.state_text,
    read: reading(member), detail: member.detail && `Detail: ${label(member.detail)}`,
    next: kind(member.state) === "good" ? "" : member.next_step, elsewhere: elsewhere(member), own: inBrief(member),
  });
  row.querySelector("[data-manage]").ariaLabel = `Manage ${member.name}`;
}

function reading({ last_read: last, next_due: due }) {
  return [last && `Read ${soon(last)}`, due && `Next by ${soon(due)}`].filter(Boolean).join(" · ");
}
