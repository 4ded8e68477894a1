// Which view somebody sees, and when it is refreshed.
import { claims, forget, takeToken } from "./session.js";
import { find, say } from "./render.js";
import * as admin from "./admin.js";
import * as member from "./member.js";

const BUSY_SECONDS = 2, CALM_SECONDS = 15;
let running = Promise.resolve();
let signedIn = true;
let wake = null; // ends the present pause between two refreshes
let hasFailedAction = false; // its message stays until it is closed or another action succeeds

takeToken();
addEventListener("hashchange", () => location.hash.includes("token=") && location.reload());
find("sign-out").addEventListener("click", () => signOut("You are signed out"));
find("notice-close").addEventListener("click", () => {
  find("notice").hidden = true;
  hasFailedAction = false;
});
const who = claims();
if (who && who.exp * 1000 > Date.now()) start(["owner", "admin"].includes(who.role) ? admin : member);
else signOut(who ? "Your sign-in has expired" : "You are not signed in");

function signOut(title) {
  signedIn = false;
  forget();
  say(find("signed-out-title"), title);
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  for (const id of ["account", "loading", "admin", "member", "notice"]) find(id).hidden = true;
  find("signed-out").hidden = false;
}

function start(view) {
  const organization = who.org_name ?? who.org;
  document.querySelector("[data-organization]").textContent = organization;
  say(find("person"), `${who.name ?? who.sub} · ${organization}`);
  find("account").hidden = false;
  find("loading").hidden = false;
  view.listen((action) => attempt(view, action), (question) => attempt(view, question, false));
  keepFresh(view);
}

// Everything that calls the API runs here, one after the other; resolves to whether something is still going on.
function attempt(view, action, thenRefresh = true) {
  running = running.then(async () => {
    try {
      await action?.();
      if (action && thenRefresh) hasFailedAction = false;
      const isBusy = thenRefresh && signedIn && (await view.refresh(who));
      if (action && isBusy) wakeIn(BUSY_SECONDS);
      if (!hasFailedAction) find("notice").hidden = true;
      find(view.id).hidden = !signedIn;
      return isBusy;
    } catch (problem) {
      if (problem.status === 401) signOut("Your sign-in has expired");
      else if (signedIn) warn(problem.message, Boolean(action));
      return false;
    } finally {
      find("loading").hidden = true;
    }
  });
  return running;
}

// A hidden tab waits until it is seen again; then it is refreshed at once.
async function keepFresh(view) {
  document.addEventListener("visibilitychange", () => document.hidden || wake?.());
  while (signedIn) {
    const isBusy = await attempt(view);
    await new Promise((resolve) => {
      wake = resolve;
      wakeIn(isBusy ? BUSY_SECONDS : CALM_SECONDS);
    });
  }
}

function wakeIn(seconds) {
  setTimeout(() => document.hidden || wake?.(), 1000 * seconds);
}

function warn(text, isAction) {
  hasFailedAction ||= isAction;
  find("notice").hidden = false;
  say(find("notice-text"), text);
}
