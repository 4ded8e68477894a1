// What an admin sees of accounts that members connected themselves: how they stand, never whose they are.
import { choices, fill, find, mark, say } from "./render.js";
import { count, kind, label, moment } from "./words.js";

export function showOwnCounts({ own_states: states, own_needing_attention: toFix }) {
  const all = Object.values(states).reduce((sum, some) => sum + some, 0), chosen = find("own-state").value;
  const needing = toFix && `${toFix} ${toFix === 1 ? "needs" : "need"} attention`;
  say(find("own-counts"), all ? [count(all, "own account", "own accounts"), needing].filter(Boolean).join(" · ") : "");
  find("own-filter").hidden = !all && !chosen;
  choices(find("own-state"), "Any or none", states);
}

// In the list: one line.
export function inBrief({ own_state: state, own_next_step: next, own_instead: isInstead }) {
  if (!state) return "";
  const said = `Own account: ${label(state).toLowerCase()}${isInstead ? ", in place of the managed calendar" : ""}.`;
  return kind(state) === "fix" ? `${said} ${next}` : said;
}

// In the member's dialog: all of it.
export function showOwnOf({ own_state: state, own_state_text: text, own_next_step: next, own_changed_at: since, own_instead: isInstead }) {
  const part = find("managed-own");
  part.hidden = !state;
  if (!state) return;
  mark(part, state);
  fill(part, {
    "own-state": label(state), "own-text": text, "own-next": kind(state) === "good" ? "" : next, "own-since": `Since ${moment(since)}`,
    "own-instead": isInstead && "It stands in place of the managed calendar, which connects by itself when this one ends.",
  });
}
