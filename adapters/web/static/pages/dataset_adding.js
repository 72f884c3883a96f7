/** Pictures on their way into a dataset: dropped, pasted, chosen or named by address, and what became of each. */

import { me } from "../app.js";
import { api } from "../lib/api.js";
import { fill, html, showRows } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { badge, button, field, openDialog, progress } from "../lib/pieces.js";
import { addAddresses, addFiles, addRefused, describe, drop, dropEnded, follow, getQueue, isOpen, retry } from "../lib/uploads.js";
import { count, number, say, size } from "../lib/words.js";

const MAX_CAPTION_BYTES = 8 * 1024;
const IGNORED = /^(\.|thumbs\.db$|desktop\.ini$)/i;
const PICTURES = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif,.zip,.txt";
const SHOWN = 200;

/** The buttons that add pictures. */
export function makeAddButtons(dataset) {
  return html`<div class="actions">
    ${picker(dataset, say("Add pictures"), { accept: PICTURES, kind: "primary", icon: "upload" })}
    ${picker(dataset, say("Add a folder"), { folder: true })}
    ${button(say("From the web"), () => askForAddresses(dataset), { icon: "link" })}
  </div>`;
}

function picker(dataset, text, { accept, folder = false, kind = "", icon: name }) {
  const input = html`<input type="file" multiple hidden accept=${accept} aria-label=${text} />`;
  input.webkitdirectory = folder;
  input.addEventListener("change", async () => {
    await take(dataset, [...input.files].map((file) => [file, file.webkitRelativePath || file.name]));
    input.value = "";
  });
  return html`<span>${input}${button(text, () => input.click(), { kind, icon: name })}</span>`;
}

/** Take what is dropped or pasted anywhere on the page, until it is left. */
export function listenForFiles(dataset, signal) {
  const veil = html`<div class="drop-veil" hidden>${icon("upload")}<p>${say("Drop them here: pictures, folders, captions or a zip.")}</p></div>`;
  document.body.append(veil);
  signal.addEventListener("abort", () => veil.remove());
  const isOurs = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const listen = (kind, run) =>
    document.addEventListener(kind, (event) => isOurs(event) && (event.preventDefault(), run(event)), { signal });
  const show = (change) => (veil.hidden = (depth = change) <= 0);
  listen("dragenter", () => show(depth + 1));
  listen("dragover", () => {});
  listen("dragleave", () => show(depth - 1));
  listen("drop", async (event) => {
    show(0);
    take(dataset, await readDropped(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => paste(event, dataset), { signal });
}

function paste(event, dataset) {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) {
    event.preventDefault();
    take(dataset, files.map((file) => [file, file.name]));
    return;
  }
  const isTyping = event.target.closest?.("input, textarea, [contenteditable]");
  const addresses = isTyping ? [] : readAddresses(event.clipboardData?.getData("text/plain") ?? "");
  if (addresses.length) addAddresses(dataset, addresses);
}

const readAddresses = (text) => text.split(/\s+/).filter((word) => /^https?:\/\/\S+$/i.test(word)).slice(0, 500);

/** Read what was dropped, folders too, as [File, path]. */
async function readDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file, file.name]);
  return (await Promise.all(entries.map(readEntry))).flat();
}

async function readEntry(entry) {
  if (entry.isFile) return [[await new Promise((resolve, reject) => entry.file(resolve, reject)), entry.fullPath]];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return (await Promise.all(found.map(readEntry))).flat();
    found.push(...some);
  }
}

/** Put files into the queue, each picture with the .txt of its name as its caption. */
async function take(dataset, files) {
  const wanted = files.filter(([file]) => !IGNORED.test(file.name));
  const stem = (path) => path.replace(/\.[^./]*$/, "").toLowerCase();
  const isText = ([file]) => /\.txt$/i.test(file.name);
  const texts = new Map(wanted.filter(isText).map(([file, path]) => [stem(path), file]));
  const collator = new Intl.Collator(undefined, { numeric: true });
  const pictures = wanted.filter((one) => !isText(one)).sort((one, two) => collator.compare(one[1], two[1]));
  const queued = [];
  for (const [file, path] of pictures) {
    const text = texts.get(stem(path));
    texts.delete(stem(path));
    queued.push([file, text && text.size <= MAX_CAPTION_BYTES ? (await text.text()).trim() : ""]);
    if (text && text.size > MAX_CAPTION_BYTES) addRefused(dataset.id, text.name, say("A caption has at most 8 KiB of text."));
  }
  for (const text of texts.values()) {
    addRefused(dataset.id, text.name, say("No picture of this name came with it. Send both together."));
  }
  addFiles(dataset.id, queued);
}

function askForAddresses(dataset) {
  const text = html`<textarea rows="6" placeholder="https://" spellcheck="false"></textarea>`;
  const box = field(say("Web addresses"), text, {
    help: say("One a line: pictures, or zips of them. The server fetches them; private networks are out of its reach."),
  });
  const send = () => {
    const addresses = readAddresses(text.value);
    if (!addresses.length) return box.showError(say("Write at least one address that begins with http:// or https://."));
    addAddresses(dataset.id, addresses);
    return close();
  };
  const close = openDialog(
    say("Add from the web"),
    html`<div class="stack">${box}<div class="actions end">${button(say("Add"), send, { kind: "primary" })}</div></div>`,
  );
}

/** The queue of a dataset: every file with its progress, what became of it, and what to do. */
export function makeQueue(dataset, items, signal) {
  const rows = html`<ul class="queue" tabindex="0" aria-label=${say("Files")}></ul>`;
  const summary = html`<strong aria-live="polite"></strong>`;
  const bar = progress(0, say("Progress of all files"));
  const actions = html`<div class="actions"></div>`;
  const made = html`<section class="card queue-card" aria-label=${say("Files on their way")}>
    <div class="row spread">${summary}${actions}</div>${bar}
    <details open><summary>${say("Files")}</summary>${rows}</details>
  </section>`;
  let isAsked = false;
  const show = () => {
    isAsked = false;
    const queue = getQueue(dataset.id);
    made.hidden = !queue.length;
    const rank = (entry) => (entry.state === "refused" ? 0 : isOpen(entry) ? 1 : 2);
    const sorted = [...queue].sort((one, two) => rank(one) - rank(two)).slice(0, SHOWN);
    showRows(rows, sorted, (entry) => entry.id, makeRow, (row) => row.set());
    showSummary(queue, { summary, bar, actions, dataset });
  };
  const changed = () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(show);
  };
  follow({ changed, taken: (id, found) => id === dataset.id && items.add(found) }, signal);
  show();
  return made;
}

function showSummary(queue, { summary, bar, actions, dataset }) {
  const open = queue.filter(isOpen);
  const refused = queue.filter((entry) => entry.state === "refused");
  const done = queue.length - open.length;
  fill(summary, open.length
    ? say("{done} of {all} files", { done: number(done), all: number(queue.length) })
    : refused.length
      ? count(refused.length, "{n} file was refused", "{n} files were refused")
      : count(queue.length, "{n} file is in", "{n} files are in"));
  const whole = queue.reduce((sum, entry) => sum + (entry.size || 1), 0);
  const sent = queue.reduce((sum, entry) => sum + (isOpen(entry) ? entry.sent : entry.size || 1), 0);
  bar.set(whole ? sent / whole : 0);
  const wanted = `${open.length > 0}${refused.length > 0}`;
  if (actions.dataset.shown === wanted) return;
  actions.dataset.shown = wanted;
  fill(actions,
    refused.length ? button(say("Try all again"), () => getQueue(dataset.id).filter((entry) => entry.state === "refused" && (entry.file || entry.url)).forEach(retry), { kind: "small" }) : null,
    open.length ? button(say("Stop"), () => open.length && getQueue(dataset.id).filter(isOpen).forEach(drop), { kind: "small" }) : null,
    button(say("Clear list"), () => dropEnded(dataset.id), { kind: "small quiet" }));
}

function makeRow(entry) {
  const bar = progress(0, say("Progress of {name}", { name: entry.name }));
  const text = html`<p class="small-text"></p>`;
  const side = html`<div class="row"></div>`;
  const row = html`<li><div><p class="queue-name">${entry.name} ${entry.size ? html`<span class="quiet small-text">${size(entry.size)}</span>` : null}</p>${bar}${text}</div>${side}</li>`;
  let shown = "";
  row.set = () => {
    bar.hidden = !isOpen(entry);
    bar.set(entry.size && entry.state === "sending" ? entry.sent / entry.size : entry.state === "waiting" ? 0 : null);
    const now = `${entry.state}${entry.reason}`;
    if (now === shown) return;
    shown = now;
    fill(text, explain(entry));
    text.classList.toggle("field-error", entry.state === "refused");
    const canRetry = entry.state === "refused" && (entry.file || entry.url);
    fill(side,
      entry.state === "done" ? badge(say("Done"), "good") : null,
      canRetry ? button(say("Try again"), () => retry(entry), { kind: "small" }) : null,
      button("", () => drop(entry), { kind: "quiet small bare", icon: "close", label: say("Take {name} off the list", { name: entry.name }) }));
  };
  row.set();
  return row;
}

function explain(entry) {
  if (entry.state === "done") {
    const wrong = entry.refused.map((file) => html`<span class="queue-wrong">${file.filename}: ${file.detail}</span>`);
    return [describe(entry), wrong];
  }
  const states = {
    waiting: say("Waits for its turn."),
    sending: entry.url ? say("The server fetches it.") : say("Is being sent."),
    checking: say("Is being looked at."),
  };
  return entry.reason || states[entry.state];
}

/** Say how much room is left, in this dataset and in the account. */
export async function describeRoom(items) {
  const account = await api.get("/me").catch(() => me);
  const { max_items_per_dataset: most, max_storage_bytes: room } = account.quotas;
  return say("{n} of {most} pictures; {used} of {room} of your storage.", {
    n: number(items.isComplete ? items.all.length : items.dataset.items),
    most: number(most),
    used: size(account.storage_bytes),
    room: size(room),
  });
}
