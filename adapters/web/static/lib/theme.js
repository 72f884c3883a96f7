/** Light, dark or as the system has it; kept in this browser. */

import { mark } from "./words.js";

export const THEMES = [["system", mark("As the system")], ["light", mark("Light")], ["dark", mark("Dark")]];

export const readTheme = () => localStorage.getItem("theme") ?? "system";

/** Show the chosen theme; with a name, choose it first. */
export function applyTheme(name) {
  if (name) localStorage.setItem("theme", name);
  document.documentElement.dataset.theme = readTheme();
}
