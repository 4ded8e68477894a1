// The calendars of each connection, to select from. Microsoft lists them, so they are asked for only when they are looked at.
import { call } from "./api.js";
import { enable, isEnabled, tell } from "./acting.js";
import { Selection } from "./calendar_selection.js";
import { fill, find, focusOn, fromTemplate, rows, say } from "./render.js";
import { hasCalendar, moment } from "./words.js";

const MOST = 10; // calendars that the API lets one check
const READING_MS = 60_000;
const ELSEWHERE = " At present they go to your other account.";
const NAMELESS = "Without a name";
// A detail of a connection in the member's words; the API's tell admins of somebody else.
export const UNREADABLE = {
  calendar_unreadable: {
    text: "Your calendar is connected, but one that is shared with you cannot be read.",
    next: "Have it shared with you again, or uncheck it under Calendars.",
  },
};
let readUntil = 0;

// Whether calendars were checked just now and are probably still being read for the first time.
export const isReadingAnew = () => Date.now() < readUntil;

export function listenToCalendars(attempt, ask) {
  for (const part of parts) part.listen(attempt, ask);
  addEventListener("beforeunload", (event) => parts.some((part) => part.isEdited()) && event.preventDefault());
}

export function showCalendars({ connections }) {
  for (const part of parts) part.show(connections.find(({ id }) => id === part.connection));
}

class Calendars {
  #details = fromTemplate("calendars")();
  #form = this.#find("form");
  #save = this.#find(".primary");
  #select = this.#find("select");
  #selection = new Selection();
  #look = null; // asks for the list

  constructor(connection, section) {
    this.connection = connection;
    this.#select.setAttribute("aria-describedby", (this.#find("[data-note]").id = `${connection}-note`));
    section.append(this.#details);
  }

  #find(selector) {
    return this.#details.querySelector(selector);
  }

  get #address() {
    return `/api/me/connections/${this.connection}/calendars`;
  }

  isEdited() {
    return !this.#details.hidden && this.#selection.isEdited();
  }

  listen(attempt, ask) {
    this.#look = () => ask(() => this.#load());
    this.#details.addEventListener("toggle", () => this.#details.open && this.#look());
    this.#find("[data-retry]").addEventListener("click", ({ target }) => isEnabled(target) && this.#look());
    this.#form.addEventListener("input", ({ target }) => this.#edit(target));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (isEnabled(this.#save)) this.#submit(attempt);
    });
  }

  // A list that was open when its connection went is not believed when that comes back.
  show(connection) {
    const isThere = Boolean(connection) && hasCalendar(connection), isBack = isThere && this.#details.hidden;
    this.#details.hidden = !isThere;
    say(this.#find("[data-note]"), `Only calendars of your own can take bookings.${connection?.receives_bookings ? "" : ELSEWHERE}`);
    if (isBack && this.#details.open) this.#look();
  }

  async #load() {
    const listing = this.#find("[data-listing]"), retry = this.#find("[data-retry]");
    say(listing, this.#form.hidden ? "Loading…" : "");
    enable(retry, false);
    const sayProblem = ({ words }) => say(listing, `Your calendars could not be listed. ${words}`);
    const isListed = await tell(sayProblem, async () => this.#follow(await call("GET", this.#address)));
    enable(retry, true);
    if (isListed) say(listing, "");
    if (isListed && document.activeElement === retry) focusOn(this.#form.querySelector("input:enabled, select"));
    retry.hidden = isListed;
  }

  #follow({ calendars }) {
    this.#selection.follow(calendars);
    this.#form.hidden = false;
    this.#draw();
  }

  #edit({ type, value, checked }) {
    if (type === "checkbox") this.#selection.tick(value, checked);
    else this.#selection.bookings = value;
    this.#draw();
  }

  #draw() {
    const { calendars, writable, bookings, checked } = this.#selection, isEdited = this.#selection.isEdited();
    rows(this.#find("[data-list]"), calendars, fromTemplate("calendar-choice"), (row, calendar) => this.#drawOne(row, calendar));
    rows(this.#select, writable, () => document.createElement("option"), (option, { id, name }) => {
      option.value = id;
      say(option, name || NAMELESS);
    });
    this.#select.value = bookings;
    this.#find("[data-shared]").hidden = !calendars.some((one) => one.is_shared);
    const isTooMuch = checked.length > MOST;
    enable(this.#save, isEdited && !isTooMuch);
    this.#say(isTooMuch ? `At most ${MOST} calendars can be checked.` : isEdited ? "Not saved yet." : "");
  }

  #drawOne(row, { id, name, unreadable_since: since, ...calendar }) {
    const isAlways = id === this.#selection.bookings;
    Object.assign(row.querySelector("input"), { value: id, checked: this.#selection.isChecked(id), disabled: isAlways });
    fill(row, {
      name: name || NAMELESS, marks: marks(calendar, isAlways), unreadable: since && `Cannot be read since ${moment(since)}. Its last known times count.`,
    });
  }

  #say(words) {
    say(this.#find("[data-said]"), words);
  }

  #submit(attempt) {
    const { checked, bookings, calendars } = this.#selection;
    this.#selection.tick(bookings, true);
    const isMore = calendars.some((one) => checked.includes(one.id) && !one.is_checked);
    enable(this.#save, false);
    this.#say("Saving…");
    attempt(() => this.#keep({ checked, bookings }, isMore));
  }

  async #keep(selection, isMore) {
    let problem = null;
    await tell((met) => { problem = met; }, async () => this.#follow(await call("PUT", this.#address, selection)));
    if (problem) return this.#refuse(problem);
    if (isMore) readUntil = Date.now() + READING_MS;
    if (!this.isEdited()) this.#say(isMore ? "Saved. What you added is read first; that takes a moment." : "Saved.");
  }

  // What the page itself sends is only wrong where the list is not what it was.
  async #refuse({ status, words }) {
    if (status === 400) await this.#load();
    enable(this.#save, this.isEdited());
    this.#say(status === 400 ? "Not saved. Your calendars have changed in Outlook; look at them again." : words);
  }
}

// In words, with the owner's name kept from turning the rest around.
function marks({ is_default: isDefault, is_shared: isShared, is_read_only: isReadOnly, owner }, isAlways) {
  const words = [
    isDefault && "default", isShared && (owner ? `shared by \u2068${owner}\u2069` : "shared"), isReadOnly && "read-only",
    isAlways && "always checked, as the one for bookings",
  ].filter(Boolean).join(" · ");
  return words && words[0].toUpperCase() + words.slice(1);
}

const parts = [new Calendars("managed", find("mine")), new Calendars("personal", find("own"))];
