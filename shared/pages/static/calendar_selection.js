// What is selected of one connection's calendars: which are checked, and which one takes bookings. That one is always checked.
import { editing } from "./editing.js";

export class Selection {
  calendars = [];
  bookings = "";
  #ticked = new Set(); // apart from what is always checked, so that it is as before when bookings go elsewhere again
  #edits = editing({
    ticked: { read: () => [...this.#ticked].sort(), write: (ids) => { this.#ticked = new Set(ids); } },
    bookings: { read: () => this.bookings, write: (id) => { this.bookings = id; } },
  });

  isEdited() {
    return Object.keys(this.#edits.changes()).length > 0;
  }

  isChecked(id) {
    return id === this.bookings || this.#ticked.has(id);
  }

  get checked() {
    return this.calendars.map(({ id }) => id).filter((id) => this.isChecked(id));
  }

  // Those that bookings can go to, and the one they go to now, whatever has become of it.
  get writable() {
    return this.calendars.filter((one) => one.takes_bookings || !(one.is_shared || one.is_read_only));
  }

  tick(id, isTicked) {
    this.#ticked[isTicked ? "add" : "delete"](id);
  }

  // As listed anew: what somebody touched stays, as far as it is still there.
  follow(calendars) {
    const { id: bookings } = calendars.find((one) => one.takes_bookings) ?? calendars[0];
    const ticked = calendars.filter((one) => one.is_checked || one.id === bookings).map(({ id }) => id);
    this.#edits.follow({ ticked: ticked.sort(), bookings });
    this.calendars = calendars;
    this.#ticked = new Set(calendars.map(({ id }) => id).filter((id) => this.#ticked.has(id)));
    if (!this.writable.some(({ id }) => id === this.bookings)) this.bookings = bookings;
  }
}
