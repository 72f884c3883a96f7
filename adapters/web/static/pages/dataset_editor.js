/** The caption editor: one picture large, its captions beside it, and keys to go through them all. */

import { fill, html } from "../lib/dom.js";
import { dropDraft, keepDraft, readDraft } from "../lib/drafts.js";
import { button, complain, facts, openDialog } from "../lib/pieces.js";
import { number, say, size } from "../lib/words.js";
import { getImage, getThumbnail } from "./dataset_items.js";

/**
 * Open the editor over the pictures that `getShown()` lists. `moved(id)` is told which is open, null at the end.
 * A caption is saved when its picture or its field is left; what could not be saved stays as a draft.
 */
export function openEditor(items, id, getShown, { moved, remove, canChoose, choose }) {
  const body = html`<div class="editor"></div>`;
  const state = { id, fields: [], extra: [] };
  const saveAll = () => Promise.all(state.fields.map((one) => one.save()));
  const go = (step) => {
    const ids = getShown().map((item) => item.id);
    const next = ids[ids.indexOf(state.id) + step];
    saveAll();
    if (!next) return;
    state.id = next;
    moved(next);
    show(true);
  };
  const show = (isFocused) => {
    const item = items.find(state.id);
    if (!item) return close();
    const ids = getShown().map((one) => one.id);
    state.fields = listSets(items, state.extra).map((name) => makeField(items, item, name, { canChoose, choose }));
    fill(body, makePicture(item), html`<div class="stack">
      ${navigation(ids, state.id, go)}
      <div class="editor-sets">${state.fields.map((one) => one.element)}</div>
      ${addSet(state, items, () => show(true))}
      <p class="quiet small-text">${say("Ctrl and Enter: save and go on. Alt and arrow keys: back and forth. Escape: close.")}</p>
      ${describeItem(item)}
      <div class="actions">${button(say("Remove picture"), () => removeShown(ids), { kind: "danger small", icon: "trash" })}</div>
    </div>`);
    if (isFocused) state.fields[0].focus();
    preload(items, ids[ids.indexOf(state.id) + 1]);
  };
  const removeShown = (ids) => {
    const gone = state.id;
    const next = ids[ids.indexOf(gone) + 1] ?? ids[ids.indexOf(gone) - 1];
    state.fields = [];
    remove(gone);
    if (!next) return close();
    state.id = next;
    moved(next);
    return show(true);
  };
  body.addEventListener("keydown", (event) => {
    const step = event.altKey ? { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key] : { PageUp: -1, PageDown: 1 }[event.key];
    const isNext = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!step && !isNext) return;
    event.preventDefault();
    go(isNext ? 1 : step);
  });
  const stop = items.listen(() => {
    const item = items.find(state.id);
    if (item) for (const one of state.fields) one.follow(item);
  });
  const close = openDialog(say("Captions"), body, { wide: true, onClose: () => (stop(), saveAll(), moved(null)) });
  show(true);
  return close;
}

function makePicture(item) {
  const image = html`<img src=${getImage(item)} alt=${item.filename || say("Picture")} width=${item.width_px} height=${item.height_px} />`;
  const frame = html`<div class="editor-picture">${image}</div>`;
  frame.style.setProperty("--small", `url("${getThumbnail(item)}")`);
  return frame;
}

function preload(items, id) {
  const item = id && items.find(id);
  if (item) new Image().src = getImage(item);
}

function navigation(ids, id, go) {
  const place = ids.indexOf(id);
  const back = button(say("Back"), () => go(-1), { icon: "back" });
  const next = button(say("Next"), () => go(1), { icon: "next" });
  back.disabled = place <= 0;
  next.disabled = place >= ids.length - 1;
  const text = say("{n} of {all}", { n: number(place + 1), all: number(ids.length) });
  return html`<div class="row spread"><div class="actions">${back}${next}</div><span class="quiet" aria-live="polite">${text}</span></div>`;
}

/** Every caption set of the dataset, the one that is trained with first. */
export function listSets(items, extra = []) {
  const chosen = items.dataset.default_caption_set;
  const names = new Set([chosen, ...extra]);
  for (const item of items.all) for (const [name, text] of Object.entries(item.captions)) if (text) names.add(name);
  return [...names].sort((one, two) => (two === chosen) - (one === chosen) || one.localeCompare(two));
}

/** One caption of one picture, with where it stands: unchanged, typed, being saved, saved or not saved. */
function makeField(items, item, name, { canChoose, choose }) {
  const draft = `caption:${item.id}:${name}`;
  const input = html`<textarea rows="5" aria-label=${say("Caption in {set}", { set: name })}></textarea>`;
  const line = html`<p class="small-text editor-state" aria-live="polite"></p>`;
  const isChosen = name === items.dataset.default_caption_set;
  let saved = item.captions[name] ?? "";
  let saving = null;
  let sent = null;
  let other = null; // what somebody else has written meanwhile, until it is decided which stays
  input.value = readDraft(draft) ?? saved;
  const say_ = (text, ...actions) => {
    fill(line, text, actions.length ? html` <span class="row">${actions}</span>` : null);
    line.classList.toggle("field-error", actions.length > 0);
  };
  const isTyped = () => input.value.trim() !== saved.trim();
  const save = async () => {
    while (saving) await saving;
    const text = input.value;
    if (!isTyped()) return dropDraft(draft);
    if (other !== null) return undefined;
    say_(say("Is being saved …"));
    sent = text;
    saving = items.caption(item.id, name, text, saved).then(
      (now) => {
        saved = now.captions[name] ?? "";
        if (input.value === text) dropDraft(draft);
        say_(say("Saved."));
      },
      (error) => {
        if (!input.isConnected) complain(error);
        if (other === null) say_(`${say("Not saved:")} ${error.message}`, button(say("Try again"), save, { kind: "small" }));
      },
    );
    saving = saving.finally(() => (saving = sent = null));
    return saving;
  };
  /** Show what stands there now; where something else is typed here, ask which of the two shall stay. */
  const follow = (now) => {
    const text = now.captions[name] ?? "";
    const is = (known) => known?.trim() === text.trim();
    if (is(sent) || is(other ?? saved)) return;
    if (is(input.value) || !isTyped()) {
      if (!isTyped()) input.value = text;
      saved = text;
      other = null;
      return;
    }
    other = text;
    const decide = (mine) => {
      saved = other;
      other = null;
      if (!mine) input.value = saved;
      return mine ? save() : (dropDraft(draft), say_(""));
    };
    say_(
      text ? say("Not saved: meanwhile it was changed to “{text}”.", { text }) : say("Not saved: meanwhile it was removed."),
      button(say("Keep mine"), () => decide(true), { kind: "small" }),
      button(say("Take the other"), () => decide(false), { kind: "small" }),
    );
  };
  input.addEventListener("input", () => {
    keepDraft(draft, input.value);
    if (other === null) say_(say("Not saved yet."));
  });
  input.addEventListener("blur", save);
  if (input.value !== saved) say_(say("Your text from before, not saved yet."));
  const head = html`<div class="row spread"><strong>${name === "default" ? say("Caption") : name}</strong>
    ${isChosen ? html`<span class="badge">${say("trained with")}</span>` : canChoose && saved ? button(say("Train with this set"), () => choose(name), { kind: "small quiet" }) : null}</div>`;
  return { element: html`<div class="editor-set">${head}${input}${line}</div>`, save, follow, focus: () => input.focus() };
}

function addSet(state, items, show) {
  const input = html`<input maxlength="100" placeholder=${say("Name of another caption set")} aria-label=${say("Name of another caption set")} />`;
  const add = () => {
    const name = input.value.trim();
    if (!name || listSets(items, state.extra).includes(name)) return input.focus();
    state.extra.push(name);
    return show();
  };
  input.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), add()));
  return html`<details><summary>${say("Another caption set")}</summary><div class="row editor-add">${input}${button(say("Add"), add)}</div></details>`;
}

function describeItem(item) {
  return facts([
    [say("File"), item.filename],
    [say("Size"), `${number(item.width_px)} × ${number(item.height_px)} px`],
    [say("Weight"), size(item.bytes)],
  ]);
}
