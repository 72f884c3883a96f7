/** Files on their way into datasets: one queue for the whole tab, which goes on whatever page is shown. */

import { Problem, api, upload } from "./api.js";
import { pause } from "./timing.js";
import { count, say } from "./words.js";

const AT_ONCE = 3;
const PART_BYTES = 4 * 1024 ** 2;
const MAX_PICTURE_BYTES = 32 * 1024 ** 2;
const MAX_ZIP_BYTES = 1024 ** 3;
const HASHED_BYTES = 512 * 1024 ** 2;
const PICTURE = /\.(jpe?g|png|webp|heic|heif|avif)$/i;
const LONGEST_PAUSE_MS = 20_000;

const queue = [];
const listeners = new Set();
let running = 0;
let ids = 0;

/** Listen until `signal` ends it: `changed()` after anything moved, `taken(dataset, items)` for new pictures. */
export function follow(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

/** What is or was on its way into a dataset, the oldest first. */
export const getQueue = (dataset) => queue.filter((entry) => entry.dataset === dataset);

/** Whether an entry is still to be sent or on its way. */
export const isOpen = (entry) => ["waiting", "sending", "checking"].includes(entry.state);

/** Put files into the queue; `files` are [File, caption]. What can be told to be wrong is refused at once. */
export function addFiles(dataset, files) {
  for (const [file, caption] of files) {
    const reason = refuse(file);
    push({ dataset, caption, file: reason ? null : file, name: file.name, size: file.size }, reason);
  }
  start();
}

/** Put web addresses into the queue; the server fetches each. */
export function addAddresses(dataset, addresses) {
  for (const url of addresses) push({ dataset, url, name: url, size: 0 }, "");
  start();
}

/** Put something into the queue that is refused already. */
export const addRefused = (dataset, name, reason) => push({ dataset, name, size: 0 }, reason);

/** Try an entry again that was refused or has failed. */
export function retry(entry) {
  Object.assign(entry, { state: "waiting", reason: "", sent: 0, refused: [], stop: new AbortController() });
  tell();
  start();
}

/** Take an entry out of the queue; one that is on its way is stopped. */
export function drop(entry) {
  entry.stop.abort();
  const place = queue.indexOf(entry);
  if (place >= 0) queue.splice(place, 1);
  tell();
}

/** Take out everything of a dataset that has ended. */
export function dropEnded(dataset) {
  for (const entry of getQueue(dataset)) if (!isOpen(entry)) drop(entry);
}

function push(entry, reason) {
  const state = reason ? "refused" : "waiting";
  queue.push({ id: (ids += 1), state, reason, sent: 0, taken: 0, known: 0, refused: [], stop: new AbortController(), ...entry });
  tell();
}

function refuse(file) {
  const isZip = /\.zip$/i.test(file.name);
  if (!isZip && !PICTURE.test(file.name) && !file.type.startsWith("image/")) {
    return say("This is neither a picture nor a zip. JPEG, PNG, WebP, HEIC and AVIF are taken.");
  }
  if (!file.size) return say("This file is empty.");
  if (isZip && file.size > MAX_ZIP_BYTES) return say("A zip has at most 1 GiB; send it in parts.");
  if (!isZip && file.size > MAX_PICTURE_BYTES) return say("A picture has at most 32 MiB; make it smaller.");
  return "";
}

function tell() {
  for (const listener of [...listeners]) listener.changed();
}

function start() {
  while (running < AT_ONCE) {
    const entry = queue.find((one) => one.state === "waiting" && !one.isHeld);
    if (!entry) return;
    running += 1;
    entry.isHeld = true;
    work(entry).finally(() => {
      running -= 1;
      entry.isHeld = false;
      start();
    });
  }
}

/** Send an entry until the server has said what became of it; a lost line is waited for. */
async function work(entry) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      entry.state = "sending";
      entry.reason = "";
      tell();
      settle(entry, await send(entry));
      return;
    } catch (error) {
      if (error.name === "AbortError") return;
      const isPassing = error instanceof Problem && [0, 408, 409, 429, 502, 503].includes(error.status);
      if (!isPassing) {
        if (!(error instanceof Problem)) console.error(error);
        entry.state = "refused";
        entry.reason = error instanceof Problem ? error.message : say("This file could not be read. Choose it again.");
        tell();
        return;
      }
      entry.state = "waiting";
      entry.reason = error.status ? error.message : say("Waits for the connection, then goes on by itself.");
      tell();
      await waitForLine(Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(attempt - 1, 5)), entry.stop.signal);
      if (entry.stop.signal.aborted) return;
    }
  }
}

/** Wait a while, or until the browser says that the line is back. */
function waitForLine(milliseconds, signal) {
  const back = new AbortController();
  window.addEventListener("online", () => back.abort(), { once: true, signal: back.signal });
  signal.addEventListener("abort", () => back.abort(), { signal: back.signal });
  return pause(milliseconds, back.signal).catch(() => {}).finally(() => back.abort());
}

async function send(entry) {
  const { dataset, file, url, caption, stop } = entry;
  const signal = stop.signal;
  if (url) return (await api.post(`/datasets/${dataset}/urls`, { urls: [url] }, { signal })).files;
  if (file.size > 2 * PART_BYTES && file.size <= HASHED_BYTES && crypto.subtle) return sendInParts(entry);
  const form = new FormData();
  if (caption) form.append("caption", caption);
  form.append("files", file, file.name);
  return (await upload("POST", `/datasets/${dataset}/images`, form, { signal, progress: show(entry, 0) })).files;
}

/** Send a large file part by part; after a lost line it goes on where the server has got to. */
async function sendInParts(entry) {
  const { dataset, file, caption, stop } = entry;
  const options = { signal: stop.signal };
  entry.sha256 ??= await hash(file);
  const announced = { filename: file.name, size_bytes: file.size, sha256: entry.sha256, caption: caption ?? "" };
  const begun = await api.post(`/datasets/${dataset}/uploads`, announced, options);
  for (let offset = begun.received_bytes; ; ) {
    const part = file.slice(offset, offset + PART_BYTES);
    const path = `/datasets/${dataset}/uploads/${begun.id}?offset=${offset}`;
    const step = await upload("PUT", path, part, { ...options, progress: show(entry, offset) });
    if (step.files) return step.files;
    offset = step.upload.received_bytes;
  }
}

async function hash(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function show(entry, before) {
  return (bytes) => {
    entry.sent = Math.min(entry.size, before + bytes);
    if (entry.sent >= entry.size) entry.state = "checking";
    tell();
  };
}

/** Note what became of an entry; a zip or an address may hold many pictures. */
function settle(entry, files) {
  const added = files.filter((file) => file.outcome === "added");
  entry.taken = added.length;
  entry.known = files.filter((file) => file.outcome === "already_there").length;
  entry.refused = files.filter((file) => file.outcome === "refused");
  const isAlone = files.length === 1 && entry.refused.length === 1;
  entry.state = isAlone ? "refused" : "done";
  entry.reason = isAlone ? entry.refused[0].detail : "";
  for (const listener of [...listeners]) {
    if (added.length) listener.taken(entry.dataset, added.map((file) => file.item));
  }
  tell();
}

/** Say in a line what became of an entry that is done. */
export function describe({ taken, known, refused }) {
  const parts = [];
  if (taken) parts.push(count(taken, "{n} picture added", "{n} pictures added"));
  if (known) parts.push(count(known, "{n} was there already", "{n} were there already"));
  if (refused.length) parts.push(count(refused.length, "{n} refused", "{n} refused"));
  return parts.join(" · ");
}

window.addEventListener("beforeunload", (event) => {
  if (queue.some((entry) => isOpen(entry) && entry.file)) event.preventDefault();
});
