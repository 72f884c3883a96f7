/** Texts, numbers, durations and times in the person's language; English stands in the code. */

let language = "en";
let texts = {};

/** Load the texts of a language that has a file in locales/; English needs none. */
export async function loadLanguage(wanted) {
  language = wanted;
  document.documentElement.lang = wanted;
  texts = wanted === "en" ? {} : (await import(`../locales/${wanted}.js`)).default;
}

export const getLanguage = () => language;

/** Translate a text and put facts into its {places}. */
export function say(text, facts = {}) {
  return (texts[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => String(facts[name] ?? place));
}

/** Translate one of two texts by a number, which is its {n}. */
export function count(n, one, many, facts = {}) {
  return say(n === 1 ? one : many, { n: number(n), ...facts });
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** Write a measured number with three significant digits. */
export function measure(value) {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
}

export function percent(share, digits = 0) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share);
}

export const points = (n) => count(n, "{n} point", "{n} points");
export const pictures = (n) => count(n, "{n} picture", "{n} pictures");

/** Write bytes with a decimal unit. */
export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const power = Math.min(4, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0);
  const style = { style: "unit", unit: units[power], maximumFractionDigits: power ? 1 : 0 };
  return new Intl.NumberFormat(language, style).format(bytes / 1000 ** power);
}

/** Write seconds in their one or two greatest units. */
export function duration(seconds) {
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [unit, worth] of [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    const whole = Math.floor(rest / worth);
    rest -= whole * worth;
    if (whole || (unit === "second" && !parts.length)) parts.push([whole, unit]);
    else if (parts.length) break;
  }
  const write = ([value, unit]) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(value);
  return parts.slice(0, 2).map(write).join(" ");
}

/** Write a moment in the browser's own time zone, the year only where it is another; it breaks before the hour alone. */
export function moment(text) {
  const at = new Date(text);
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year }).format(at);
  const hour = new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(at);
  return [day, hour].map((part) => part.replaceAll(" ", "\u00a0")).join(", ");
}

/** Write how long ago a moment was, or when it will be. */
export function ago(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  for (const [unit, worth] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= worth) return relative.format(Math.round(seconds / worth), unit);
  }
  return say("just now");
}

/** Mark a text for translation where it stands; it is translated where it is said. */
export const mark = (text) => text;

const PLATFORMS = { discord: "Discord", telegram: "Telegram", local: mark("Terminal") };

/** Name a platform as people know it. */
export const namePlatform = (platform) => (PLATFORMS[platform] ? say(PLATFORMS[platform]) : platform);
