// Buttons that wait, and problems said beside what was tried: in a dialog the page's own notice would be out of sight.
import { Problem } from "./api.js";
import { say } from "./render.js";

// A disabled button would lose the focus, so it only says that it is.
export function enable(button, isEnabled) {
  button.ariaDisabled = String(!isEnabled);
}

export const isEnabled = (button) => button.ariaDisabled !== "true";

export const at = (place) => (problem) => say(place, problem.words);

// Resolves to whether it worked. A sign-in that has ended concerns the whole page and is passed on.
export async function tell(sayProblem, action) {
  try {
    await action();
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 401) throw problem;
    sayProblem(problem);
    return false;
  }
}
