/** What a person has typed and not sent, kept in this browser until it is sent or thrown away. */

const PREFIX = "draft:";
const KEEP_MS = 14 * 24 * 3600 * 1000;

/** Read a draft, null for none or one that is too old. */
export function readDraft(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + name));
    return kept && Date.now() - kept.at < KEEP_MS ? kept.value : null;
  } catch {
    return null;
  }
}

/** Keep a draft; a browser that has no room for it goes on without. */
export function keepDraft(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ at: Date.now(), value }));
  } catch {
    // Nothing to tell: the form itself still holds what was typed.
  }
}

export const dropDraft = (name) => localStorage.removeItem(PREFIX + name);

/** Forget every draft: the account has signed out, and the browser may be shared. */
export function dropDrafts() {
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
}
