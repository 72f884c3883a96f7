/** All captions of a dataset at once: changed after a look at what would change, compared, counted, written by a model. */

import { Problem, api, makeKey, take } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { describeProgress, getShare } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { badge, button, complain, field, hasEnded, progress, statusBadge, toast } from "../lib/pieces.js";
import { debounce } from "../lib/timing.js";
import { count, mark, number, pictures, points, say } from "../lib/words.js";
import { listSets } from "./dataset_editor.js";
import { getThumbnail } from "./dataset_items.js";

const PREVIEW_MS = 350;
const PREVIEWED = 50;
const UNDOABLE = 500;
const MAX_TAGS = 60;
const KINDS = [
  ["trigger", mark("Put a trigger word first")],
  ["prefix", mark("Put a text before")],
  ["suffix", mark("Put a text behind")],
  ["replace", mark("Replace a text")],
  ["remove_tag", mark("Remove a tag")],
];

export function makeCaptionsTab(items, { choose, signal }) {
  const made = html`<div class="stack"></div>`;
  const sets = html`<div></div>`;
  const tags = html`<div></div>`;
  const show = () => {
    fill(sets, compareSets(items, choose));
    fill(tags, countTags(items));
  };
  items.listen(show);
  show();
  return fill(made, bulkEdit(items), autoCaptions(items, signal), sets, tags);
}

function bulkEdit(items) {
  const kind = html`<select>${KINDS.map(([value, text]) => html`<option value=${value}>${say(text)}</option>`)}</select>`;
  const set = html`<select></select>`;
  const find = html`<input />`;
  const text = html`<input />`;
  const findBox = field(say("Look for"), find);
  const textBox = field(say("Text"), text);
  const setBox = field(say("Caption set"), set);
  const preview = html`<div aria-live="polite"></div>`;
  let asked = 0;
  const makeEdit = () => {
    const isTrigger = kind.value === "trigger";
    const word = text.value.trim();
    return { kind: isTrigger ? "prefix" : kind.value, text: isTrigger && word ? `${word}, ` : text.value, find: find.value, set_name: set.value };
  };
  const ask = async () => {
    const mine = (asked += 1);
    const edit = makeEdit();
    const isReady = ["replace", "remove_tag"].includes(edit.kind) ? edit.find : edit.text.trim();
    if (!isReady) return fill(preview, html`<p class="quiet">${say("What would change shows here, before anything does.")}</p>`);
    try {
      const answer = await api.post(`${items.path}/caption-edits`, { ...edit, dry_run: true }, { signal: items.signal });
      if (mine === asked) fill(preview, showChanges(items, answer, apply));
    } catch (error) {
      if (mine === asked && error instanceof Problem) fill(preview, html`<p class="field-error">${error.message}</p>`);
    }
  };
  const apply = async () => {
    const edit = makeEdit();
    const answer = await api.post(`${items.path}/caption-edits`, edit);
    const before = Object.fromEntries(answer.items.map((one) => [one.item, one.before]));
    const undo = { text: say("Undo"), run: () => undoEdit(items, before, edit.set_name).then(ask).catch(complain) };
    const isWhole = answer.changed <= UNDOABLE && answer.changed > 0;
    toast(count(answer.changed, "{n} caption changed.", "{n} captions changed."), isWhole ? { action: undo } : {});
    await items.reload();
    await ask();
  };
  const askSoon = debounce(ask, PREVIEW_MS);
  const changed = () => {
    findBox.hidden = !["replace", "remove_tag"].includes(kind.value);
    textBox.hidden = kind.value === "remove_tag";
    askSoon();
  };
  const showSets = () => {
    const names = listSets(items);
    if (String(names) === set.dataset.names) return;
    set.dataset.names = names;
    setBox.hidden = names.length < 2;
    fill(set, names.map((name) => html`<option value=${name}>${nameSet(name)}</option>`));
  };
  for (const control of [kind, set, find, text]) control.addEventListener("input", changed);
  items.listen(showSets);
  showSets();
  changed();
  return html`<section class="card">
    <h2>${say("Change all captions")}</h2>
    <div class="columns">${field(say("What"), kind)} ${findBox} ${textBox} ${setBox}</div>
    ${preview}
  </section>`;
}

export const nameSet = (name) => (name === "default" ? say("Caption") : name);

function showChanges(items, { changed, items: shown }, apply) {
  if (!changed) return html`<p class="quiet">${say("No caption would change.")}</p>`;
  const rows = shown.slice(0, PREVIEWED).map(({ item, before, after }) => {
    const known = items.find(item);
    return html`<li>${known && thumbnail(known)}<div><p class="before">${before || say("No caption")}</p><p>${after}</p></div></li>`;
  });
  const text = count(changed, "Change {n} caption", "Change {n} captions");
  return html`<div class="stack">
    <ul class="changes" tabindex="0" aria-label=${say("What would change")}>${rows}</ul>
    ${changed > rows.length ? html`<p class="quiet">${count(changed - rows.length, "and {n} more", "and {n} more")}</p>` : null}
    <div class="actions">${button(text, apply, { kind: "primary", icon: "check" })}</div>
  </div>`;
}

async function undoEdit(items, captions, setName) {
  await api.post(`${items.path}/captions`, { captions, set_name: setName });
  await items.reload();
}

export function thumbnail(item) {
  return html`<img class="small-picture" src=${getThumbnail(item)} alt=${item.filename} width="56" height="56" loading="lazy" />`;
}

/** The caption sets beside one another, where there are several. */
function compareSets(items, choose) {
  const names = listSets(items);
  if (names.length < 2) return null;
  const chosen = items.dataset.default_caption_set;
  const heads = names.map((name) => {
    const n = items.all.filter((item) => item.captions[name]).length;
    const act = name === chosen ? badge(say("trained with"), "good") : items.dataset.own && n ? button(say("Train with this set"), () => choose(name), { kind: "small" }) : null;
    return html`<th scope="col"><p>${nameSet(name)} <span class="quiet">${number(n)}</span></p>${act}</th>`;
  });
  const rows = items.all.slice(0, PREVIEWED).map((item) => html`<tr><td>${thumbnail(item)}</td>
    ${names.map((name) => html`<td class=${item.captions[name] ? "" : "quiet"}>${item.captions[name] || say("No caption")}</td>`)}</tr>`);
  return html`<section class="card">
    <h2>${say("Caption sets side by side")}</h2>
    <div class="table-scroll" tabindex="0" role="region" aria-label=${say("Caption sets side by side")}><table class="sets"><thead><tr><th scope="col">${say("Picture")}</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>
    ${items.all.length > PREVIEWED ? html`<p class="quiet">${say("The first {n} pictures; the caption editor shows the sets of each.", { n: number(PREVIEWED) })}</p>` : null}
  </section>`;
}

/** What stands between commas, and in how many captions. */
function countTags(items) {
  const counts = new Map();
  for (const item of items.all) {
    const text = item.captions[items.dataset.default_caption_set] ?? "";
    for (const tag of new Set(text.split(",").map((part) => part.trim()).filter(Boolean))) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  const often = [...counts].filter(([, n]) => n > 1).sort((one, two) => two[1] - one[1]).slice(0, MAX_TAGS);
  if (!often.length) return null;
  const link = ([tag, n]) => html`<a class="badge tag" href="/datasets/${items.dataset.id}?q=${encodeURIComponent(tag)}">${tag} <span class="quiet">${number(n)}</span></a>`;
  return html`<section class="card"><h2>${say("What captions have in common")}</h2><div class="row tags">${often.map(link)}</div></section>`;
}

/** Captions by a model: priced as the wishes change, followed to their end. */
function autoCaptions(items, signal) {
  const made = html`<section class="card" hidden></section>`;
  const set = html`<input value="auto" maxlength="100" />`;
  const prefix = html`<input />`;
  const replaces = html`<input type="checkbox" />`;
  const price = html`<div aria-live="polite"></div>`;
  const running = html`<div></div>`;
  const state = { job: null, key: makeKey() };
  const read = () => ({ caption_set: set.value.trim() || "auto", prefix: prefix.value, replaces: replaces.checked });
  const submit = async () => {
    state.job = await api.post(`${items.path}/auto-captions`, read(), { key: state.key });
    state.key = makeKey();
    showJob();
  };
  const quote = async () => {
    try {
      const answer = await api.post(`${items.path}/auto-captions/quote`, read(), { signal });
      made.hidden = false;
      fill(price, offer(answer, submit));
    } catch (error) {
      if (error.name === "AbortError") return;
      made.hidden = false;
      fill(price, html`<p class="quiet">${error.message}</p>`);
    }
  };
  const showJob = () => {
    const { job } = state;
    const isOpen = job && !hasEnded(job.status);
    fill(running, job ? followJob(job, isOpen && (async () => {
      state.job = await api.post(`/auto-captions/${job.id}/cancel`);
      showJob();
    })) : null);
    price.hidden = Boolean(isOpen);
  };
  const tell = async (kind, event) => {
    if (kind !== "auto_caption" || event.id !== state.job?.id) return;
    const hadEnded = hasEnded(state.job.status);
    Object.assign(state.job, event);
    if (!hadEnded && hasEnded(event.status)) {
      state.job = await api.get(`/auto-captions/${event.id}`, { signal });
      await items.reload();
      quote();
    }
    showJob();
  };
  const find = async () => {
    const jobs = await take("/auto-captions", 20, { signal });
    state.job = jobs.find((job) => job.dataset === items.dataset.id && !hasEnded(job.status)) ?? null;
    showJob();
  };
  const quoteSoon = debounce(quote, PREVIEW_MS);
  for (const control of [set, prefix, replaces]) control.addEventListener("input", quoteSoon);
  listen({ tell, refresh: () => made.hidden || find().catch(() => {}), signal });
  const begin = async () => {
    if ((await api.get("/instance", { signal })).writes_captions) await Promise.all([quote(), find()]);
  };
  begin().catch((error) => error.name === "AbortError" || console.warn(error.message));
  return fill(made, html`<h2>${say("Let a model write captions")}</h2>
    <p class="quiet">${say("They go into a caption set of their own; what you wrote stays as it is.")}</p>
    <div class="columns">${field(say("Into the set"), set)}${field(say("Trigger word before each"), prefix)}</div>
    <label class="choice">${replaces}<span>${say("Write captions anew that the set has already")}</span></label>
    ${price} ${running}`);
}

function offer({ quote, balance_points: balance, covered }, submit) {
  const { pictures: n } = quote.inputs;
  if (!n) return html`<p class="quiet">${say("Every picture has a caption in this set.")}</p>`;
  const text = say("{pictures} for {points}; you have {balance}.", { pictures: pictures(n), points: points(quote.points), balance: points(balance) });
  const start = button(say("Write captions"), submit, { kind: "primary", icon: "play" });
  start.disabled = !covered;
  return html`<div class="row spread"><p>${text}</p>${start}</div>`;
}

function followJob(job, cancel) {
  return html`<div class="stack">
    <div class="row spread"><span>${statusBadge(job.status)} ${describeProgress(job)}</span>${cancel ? button(say("Stop"), cancel, { kind: "small", icon: "stop" }) : null}</div>
    ${cancel ? progress(getShare(job), say("Progress of the captions")) : null}
    ${job.error ? html`<p class="note bad">${job.error.message}</p>` : null}
  </div>`;
}
