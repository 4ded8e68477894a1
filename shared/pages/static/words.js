// Codes, times and spans of time as people read them.
const LANGUAGE = navigator.languages.find((language) => language.startsWith("en")) ?? "en-GB";
const KINDS = {
  connected: "good", connecting: "wait", stale: "wait", throttled: "wait", disconnecting: "wait", excluded: "off",
  user_disconnected: "off",
};

// How Outlook shows time that is not free, in the API's order.
export const STATUSES = {
  busy: { word: "Busy", note: "" },
  tentative: { word: "Tentative", note: "Invitations nobody answered yet, and what was marked so." },
  oof: { word: "Away", note: "Out of office." },
  workingElsewhere: { word: "Working elsewhere", note: "" },
  unknown: { word: "Unknown", note: "Outlook does not say how the time is taken." },
};

// Of a connection: whether its calendar is read at present.
export const hasCalendar = ({ state }) => ["connected", "stale", "throttled"].includes(state);
export const kind = (state) => KINDS[state] ?? "fix";

// Our own codes become words; Microsoft's, such as ErrorAccessDenied, are for searching and stay as they are.
export function label(code) {
  if (/^[A-Z]/.test(code)) return code;
  const words = code.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
  return words[0].toUpperCase() + words.slice(1);
}

export const day = (date) => date.toLocaleDateString(LANGUAGE, { weekday: "long", day: "numeric", month: "short" });
export const clock = (date) => date.toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit" });
export const moment = (text) => new Date(text).toLocaleString(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
export const soon = (text) => new Date(text).toDateString() === new Date().toDateString() ? clock(new Date(text)) : moment(text);
export const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;
