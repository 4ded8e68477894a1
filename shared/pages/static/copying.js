// Texts to be pasted elsewhere.
import { say } from "./render.js";

export async function copy(text, said) {
  say(said, "");
  const done = await navigator.clipboard.writeText(text).then(() => "Copied.", () => "Select it and press Ctrl+C to copy.");
  say(said, done);
}
