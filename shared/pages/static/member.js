// What a member sees: their own connection, and their busy times of the next seven days.
import { call } from "./api.js";
import { isReadingAnew } from "./calendars.js";
import { isConnecting, listenToConnection, refreshConnection } from "./my_connection.js";
import { fill, find, fromTemplate, rows, say } from "./render.js";
import { clock, day, label, moment, STATUSES } from "./words.js";

export const id = "member";
const DAYS = 7;
const UNKNOWN = "Not known to be free"; // also where nothing could be read, unlike the status in Outlook
const FRESHNESS = {
  fresh: ["good", (read) => `Up to date. Outlook was read ${read}.`],
  stale: ["wait", (read) => `Outlook could not be read lately. These are the times as read ${read}.`],
  unknown: ["fix", () => "Not all of your calendar is known, so the rest counts as not free."],
};

export function listen(attempt, ask) {
  listenToConnection(attempt, ask);
  say(find("zone"), Intl.DateTimeFormat().resolvedOptions().timeZone);
}

export async function refresh({ sub }) {
  const days = nextDays(new Date());
  const query = new URLSearchParams({ start: days[0].start.toISOString(), end: days.at(-1).end.toISOString() });
  const [answer] = await Promise.all([call("GET", `/api/members/${encodeURIComponent(sub)}/busy?${query}`), refreshConnection()]);
  const [kind, words] = FRESHNESS[answer.freshness];
  find("fresh-mark").className = `mark ${kind}`;
  say(find("freshness"), words(answer.read_at && moment(answer.read_at)));
  const blocks = answer.busy.map((block) => ({ ...block, start: new Date(block.start), end: new Date(block.end) }));
  rows(find("days"), days, fromTemplate("day-row"), (row, span) => showDay(row, span, blocks));
  return isConnecting() || (answer.freshness !== "fresh" && isReadingAnew());
}

function nextDays(now) {
  const midnight = (number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + number);
  return Array.from({ length: DAYS }, (_, number) => ({
    id: midnight(number).toDateString(), start: midnight(number), end: midnight(number + 1),
  }));
}

function showDay(row, span, blocks) {
  const inside = blocks.filter((block) => block.start < span.end && block.end > span.start);
  fill(row, { day: day(span.start), none: inside.length ? "" : "Nothing that counts as busy" });
  // What lies in several calendars at one time is one line.
  const items = new Map(inside.map((block) => [`${+block.start}-${+block.end}-${block.status}`, block]));
  rows(row.querySelector("[data-blocks]"), [...items].map(([id, block]) => ({ ...block, id })), fromTemplate("block-row"), (line, block) => {
    fill(line, { time: timeIn(span, block), status: block.status === "unknown" ? UNKNOWN : STATUSES[block.status]?.word ?? label(block.status) });
  });
}

function timeIn(span, block) {
  const isFromBefore = block.start <= span.start, isBeyond = block.end >= span.end;
  if (isFromBefore && isBeyond) return "All day";
  if (isFromBefore) return `until ${clock(block.end)}`;
  return isBeyond ? `from ${clock(block.start)}` : `${clock(block.start)}–${clock(block.end)}`;
}
