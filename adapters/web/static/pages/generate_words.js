/** Trigger words offered while a prompt is being typed: a list below it, by arrow keys or by pointer. */

import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { debounce } from "../lib/timing.js";
import { count, say } from "../lib/words.js";

const TYPING_MS = 120;
const LIMIT = 6;
const WORD_BEFORE = /[\p{L}\p{N}_-]{2,}$/u;
const WORD_BEHIND = /^[\p{L}\p{N}_-]/u;

/**
 * Offer trigger words below a textarea: Arrow keys choose, Enter takes one in, Escape closes.
 *
 * `getFamily()` is the family of base models that they are for. Returns what is put right behind the
 * textarea; it takes no room, so nothing moves when the list opens.
 */
export function offerWords(input, getFamily, signal) {
  const list = html`<ul class="suggestions" role="listbox" id="trigger-words" aria-label=${say("Trigger words")} hidden></ul>`;
  const said = html`<p class="visually-hidden" aria-live="polite"></p>`;
  const known = new Map();
  let offered = [];
  let active = 0;
  let asked = 0;

  const close = () => {
    asked += 1; // an answer that is still on its way opens nothing
    list.hidden = true;
    offered = [];
    input.removeAttribute("aria-activedescendant");
    fill(said);
  };
  const show = () => {
    fill(list, offered.map(makeOption));
    list.hidden = false;
    input.setAttribute("aria-activedescendant", `trigger-word-${active}`);
    list.children[active].scrollIntoView({ block: "nearest" });
  };
  function makeOption({ word, name }, index) {
    return html`<li role="option" id="trigger-word-${index}" aria-selected=${String(index === active)}
      @pointerdown=${(event) => event.preventDefault()} @click=${() => take(index)}>
      <strong>${word}</strong><span class="quiet small-text">${name}</span></li>`;
  }
  function take(index) {
    const { word } = offered[index];
    const start = input.selectionStart - readStart(input).length;
    const behind = input.value.slice(input.selectionStart);
    input.setRangeText(word + (behind.startsWith(" ") ? "" : " "), start, input.selectionStart, "end");
    close();
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  async function find(start) {
    const key = `${getFamily()} ${start.toLowerCase()}`;
    if (!known.has(key)) {
      const query = new URLSearchParams({ start, family: getFamily(), limit: LIMIT });
      known.set(key, (await api.get(`/trigger-words?${query}`, { signal })).items);
    }
    return known.get(key);
  }
  async function look() {
    const start = readStart(input);
    if (!start || document.activeElement !== input) return close();
    const mine = (asked += 1);
    const found = await find(start).catch(() => []);
    if (mine !== asked) return undefined;
    offered = found.filter(({ word }) => word.toLowerCase() !== start.toLowerCase());
    if (!offered.length) return close();
    active = 0;
    fill(said, count(offered.length, "{n} trigger word: arrow keys choose, Enter takes it.", "{n} trigger words: arrow keys choose, Enter takes one."));
    return show();
  }
  const lookSoon = debounce(look, TYPING_MS);

  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-haspopup", "listbox");
  input.setAttribute("aria-controls", "trigger-words");
  input.addEventListener("input", lookSoon);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      active = (active + step + offered.length) % offered.length;
      show();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) take(active);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  return html`<div class="suggest">${list}${said}</div>`;
}

/** The beginning of a word that stands before the caret; empty inside a word or a selection. */
function readStart({ value, selectionStart, selectionEnd }) {
  if (selectionStart !== selectionEnd || WORD_BEHIND.test(value.slice(selectionEnd))) return "";
  return WORD_BEFORE.exec(value.slice(0, selectionStart))?.[0] ?? "";
}
