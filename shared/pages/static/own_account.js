// A member's own Outlook account: connected by signing in at Microsoft, signed in again, disconnected.
import { call } from "./api.js";
import { at, tell } from "./acting.js";
import { UNREADABLE } from "./calendars.js";
import { fill, find, focusOn, mark, say } from "./render.js";
import { label } from "./words.js";

const ADDRESS = "/api/me/connections";
// The API's words tell admins of somebody else; these tell the member.
const WORDS = {
  connected: ["Your own Outlook calendar is connected and up to date.", ""],
  connecting: ["Your own Outlook calendar is being read for the first time.", ""],
  reconnect_required: ["Microsoft wants you to sign in again; until then this calendar is not read.", "Sign in again with the same account."],
  no_mailbox: ["This account has no Outlook calendar.", "Disconnect it, or sign in with the account your calendar belongs to."],
  out_of_scope: ["Microsoft does not let us into the calendar of this account.", "Sign in again, or with another account."],
};
const dialog = find("leave-own");
let state = null;

export const isOwnConnecting = () => state === "connecting";

export function listenToOwn(attempt, show) {
  for (const id of ["own-connect", "own-again"]) find(id).addEventListener("click", () => signIn(attempt));
  find("own-disconnect").addEventListener("click", () => {
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "leave") disconnect(attempt, show);
  });
}

export function showOwn({ connections, may_connect_personal: mayConnect }) {
  const section = find("own"), own = connections.find(({ id }) => id === "personal");
  state = own?.state ?? null;
  section.hidden = !own && !mayConnect;
  mark(section, own?.state ?? "user_disconnected");
  const { text: unreadable, next: toDo } = UNREADABLE[own?.detail] ?? {};
  const [text, next] = own ? (unreadable ? [unreadable, toDo] : WORDS[own.state] ?? [own.state_text, own.next_step]) : ["You can connect an account of your own, of any company or none.", ""];
  fill(section, {
    state: own ? label(own.state) : "Not connected", text, next, mailbox: own?.mailbox && `Account: ${own.mailbox}`, why: own?.why_not,
  });
  find("own-connect").hidden = Boolean(own);
  find("own-again").hidden = !own?.may_reconnect || ["connected", "connecting"].includes(own.state);
  find("own-disconnect").hidden = !own?.may_disconnect;
  find("leave-own-for-good").hidden = mayConnect;
}

// The answer sets the cookie that Microsoft's answer must come back with, in this browser.
function signIn(attempt) {
  const said = find("own-said");
  say(said, "");
  attempt(() => tell(at(said), async () => {
    const { url } = await call("POST", `${ADDRESS}/outlook`);
    say(said, "You are taken to Microsoft…");
    location.assign(url);
  }));
}

// Where no new one is allowed the whole section is gone then, and the one above says so.
async function disconnect(attempt, show) {
  const said = find("own-said");
  say(said, "");
  await attempt(() => tell(at(said), async () => {
    show(await call("DELETE", `${ADDRESS}/personal`));
    say(find("own").hidden ? find("my-said") : said, "Your own account is disconnected.");
  }));
  focusOn(["own-disconnect", "own-connect", "mine-title"].map(find).find((element) => element.checkVisibility()));
}
