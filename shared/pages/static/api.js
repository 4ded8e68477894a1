// The public API: JSON in and out, problems (RFC 9457) as errors in words.
import { token } from "./session.js";

export class Problem extends Error {
  constructor(status, { title = "Something went wrong", detail = "Try again in a moment.", field } = {}) {
    super(`${title}. ${detail}${field ? ` (Field: ${field.replaceAll("_", " ")})` : ""}`);
    Object.assign(this, { status, detail, field, words: `${title}. ${detail}` });
  }
}

export async function call(method, path, body) {
  const answer = await send(method, path, { "Content-Type": "application/json" }, body && JSON.stringify(body));
  return answer.status === 204 ? null : answer.json();
}

// A table for spreadsheets. A plain link could not carry the token.
export async function download(path, name) {
  const answer = await send("GET", path, { Accept: "text/csv" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function send(method, path, headers, body) {
  const request = { method, headers: { Authorization: `Bearer ${token()}`, ...headers }, body, cache: "no-store" };
  const answer = await fetch(path, request).catch(() => {
    throw new Problem(0, { title: "The service cannot be reached", detail: "It is tried again by itself." });
  });
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => undefined));
  return answer;
}
