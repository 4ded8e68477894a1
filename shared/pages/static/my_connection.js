// A member's own connection: how it stands, disconnected and connected again, and what counts as busy.
import { call } from "./api.js";
import { at, enable, isEnabled, tell } from "./acting.js";
import { listenToReceiving, showReceiving } from "./booking_connection.js";
import { inWords, statusBoxes } from "./busy.js";
import { listenToCalendars, showCalendars, UNREADABLE } from "./calendars.js";
import { editing } from "./editing.js";
import { isOwnConnecting, listenToOwn, showOwn } from "./own_account.js";
import { fill, find, focusOn, mark, say } from "./render.js";
import { kind, label } from "./words.js";

const ADDRESS = "/api/me/connections";
const LEFT = { label: "Disconnected", text: "You disconnected your calendar." }; // the API's words tell admins of somebody else
const INSTEAD = { label: "Not in use", text: "Your own account is connected instead. This one connects by itself when you disconnect that." };
const form = find("my-busy-form"), save = find("my-busy-save"), dialog = find("leave");
const edits = editing({ busy_statuses: statusBoxes(find("my-statuses")) });
let id = null, state = null;

export const isConnecting = () => state === "connecting" || isOwnConnecting();

export async function refreshConnection() {
  show(await call("GET", ADDRESS));
}

export function listenToConnection(attempt, ask) {
  listenToOwn(attempt, show);
  listenToCalendars(attempt, ask);
  listenToReceiving(attempt, show);
  find("my-disconnect").addEventListener("click", () => {
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "leave") decide(attempt, "DELETE", "", "Your calendar is disconnected.");
  });
  find("my-reconnect").addEventListener("click", () => decide(attempt, "POST", "/reconnect", "Asked for. It takes a few seconds."));
  form.addEventListener("input", () => {
    enable(save, isEdited());
    say(find("my-busy-said"), isEdited() ? "Not saved yet." : "");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isEnabled(save)) choose(attempt, edits.changes(), "Saved.");
  });
  find("my-busy-policy").addEventListener("click", () => choose(attempt, { busy_statuses: null }, "As your organization says."));
  addEventListener("beforeunload", (event) => isEdited() && event.preventDefault());
}

const isEdited = () => !form.hidden && "busy_statuses" in edits.changes();

function show(answer) {
  showOwn(answer);
  showCalendars(answer);
  showReceiving(answer);
  const { connections: [mine], busy_statuses: statuses, may_choose_busy: mayChoose } = answer;
  const section = find("mine"), ofKind = kind(mine.state), words = mine.state !== "user_disconnected" ? UNREADABLE[mine.detail] ?? {} : mine.detail === "own_connection" ? INSTEAD : LEFT;
  ({ id, state } = mine);
  mark(section, mine.state);
  fill(section, {
    state: words.label ?? label(mine.state), text: words.text ?? mine.state_text, mailbox: mine.mailbox && `Mailbox: ${mine.mailbox}`,
    next: words.next ?? (["good", "off"].includes(ofKind) ? "" : mine.next_step), why: mine.why_not,
  });
  find("my-disconnect").hidden = !mine.may_disconnect;
  find("my-reconnect").hidden = !mine.may_reconnect;
  fill(find("my-busy"), { counts: `For you: ${inWords(statuses)}.`, decided: mayChoose ? "" : "Your organization's admins decide that." });
  form.hidden = !mayChoose;
  edits.follow({ busy_statuses: statuses });
  enable(save, isEdited());
}

// The button that was pressed may be gone then, and the other one in its place.
async function decide(attempt, method, action, words) {
  const said = find("my-said");
  say(said, "");
  await attempt(() => tell(at(said), async () => {
    show(await call(method, `${ADDRESS}/${id}${action}`));
    say(said, words);
  }));
  focusOn(["my-disconnect", "my-reconnect", "mine-title"].map(find).find((element) => !element.hidden));
}

function choose(attempt, body, words) {
  const said = find("my-busy-said");
  say(said, "");
  return attempt(() => tell(at(said), async () => {
    const answer = await call("PUT", "/api/me/busy-statuses", body);
    edits.take({ busy_statuses: answer.busy_statuses });
    show(answer);
    say(said, words);
  }));
}
