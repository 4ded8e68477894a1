// Which of two connections takes a member's bookings. Saved at once: the other choice is the way back.
import { call } from "./api.js";
import { at, tell } from "./acting.js";
import { editing } from "./editing.js";
import { fill, find, fromTemplate, rows, say } from "./render.js";
import { hasCalendar, label } from "./words.js";

const WHOSE = { managed: "Connected by your organization", personal: "Your own account" };
const choices = find("receiving-choices"), said = find("receiving-said");
const boxes = () => [...choices.querySelectorAll("input")];
const edits = editing({
  connection: {
    read: () => boxes().find((box) => box.checked)?.value,
    write: (id) => boxes().forEach((box) => { box.checked = box.value === id; }),
  },
});

export function listenToReceiving(attempt, show) {
  choices.addEventListener("change", ({ target }) => {
    say(said, "Saving…");
    attempt(() => keep(target.value, show));
  });
}

export function showReceiving({ connections }) {
  find("receiving").hidden = !isChoice(connections);
  rows(choices, connections, fromTemplate("receiving-choice"), (row, { id, mailbox, state }) => {
    row.querySelector("input").value = id;
    const troubles = hasCalendar({ state }) ? [] : [label(state)];
    fill(row, { mailbox: mailbox ?? WHOSE[id], whose: [mailbox && WHOSE[id], ...troubles].filter(Boolean).join(" · ") });
  });
  edits.follow({ connection: connections.find((one) => one.receives_bookings)?.id });
}

// Also where bookings go to an account that cannot be read: only here can they be led back.
function isChoice([managed, own]) {
  return Boolean(own) && hasCalendar(managed) && (hasCalendar(own) || own.receives_bookings);
}

async function keep(connection, show) {
  const hasWorked = await tell(at(said), async () => {
    const answer = await call("PUT", "/api/me/booking-connection", { connection });
    show(answer);
    const { mailbox } = answer.connections.find(({ id }) => id === connection);
    say(said, `Saved. New bookings go to ${mailbox ?? WHOSE[connection]}; those made before stay where they are.`);
  });
  if (!hasWorked) restore();
}

function restore() {
  edits.take();
  if (choices.contains(document.activeElement)) boxes().find((box) => box.checked)?.focus();
}
