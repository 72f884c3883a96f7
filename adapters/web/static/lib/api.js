/** The public API, asked as any program would ask it; the only place that calls fetch. */

import { pause } from "./timing.js";
import { getLanguage, say } from "./words.js";

const PREFIX = "/api/v1";
const RETRIES = 3;
const session = { token: "", waitForSignIn: null };

/** What went wrong, in words for the person; `status` is 0 when the server could not be reached. */
export class Problem extends Error {
  constructor(status, code, detail, fields = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** Give the page's session its token, and say how to wait until somebody has signed in again. */
export function openSession(token, waitForSignIn) {
  session.token = token;
  session.waitForSignIn = waitForSignIn;
}

export const api = {
  get: (path, options) => ask("GET", path, options),
  post: (path, body, options) => ask("POST", path, { ...options, body }),
  put: (path, body, options) => ask("PUT", path, { ...options, body }),
  patch: (path, body, options) => ask("PATCH", path, { ...options, body }),
  delete: (path, options) => ask("DELETE", path, options),
};

/** The address of something that is shown or downloaded by the browser itself. */
export const address = (path) => PREFIX + path;

/** Make a key under which the same submission, sent again, is the same job. */
export const makeKey = () => crypto.randomUUID();

/** Yield every entry of a list, page by page. */
export async function* list(path, { signal, limit = 200 } = {}) {
  for (let after = null; ; ) {
    const query = new URLSearchParams({ limit, ...(after && { after }) });
    const page = await api.get(`${path}${path.includes("?") ? "&" : "?"}${query}`, { signal });
    yield* page.items;
    if (!(after = page.next)) return;
  }
}

/** Read at most `most` entries of a list. */
export async function take(path, most = 200, options = {}) {
  const found = [];
  for await (const entry of list(path, { limit: Math.min(most, 200), ...options })) {
    found.push(entry);
    if (found.length >= most) break;
  }
  return found;
}

/**
 * Ask, and return the JSON of the answer, null for none. Throws Problem, or AbortError when `signal` says so.
 *
 * What is safe to repeat is repeated when the line or the server is down. When the session has ended, the
 * request waits until the person has signed in again: nothing typed is lost.
 */
async function ask(method, path, { body, key, signal, headers = {} } = {}) {
  const isRepeatable = method !== "POST" && method !== "PATCH" ? true : Boolean(key);
  for (let attempt = 1; ; attempt += 1) {
    const response = await send(method, path, { body, key, signal, headers }).catch((error) => {
      if (error.name === "AbortError") throw error;
      return null;
    });
    if (response?.status === 401 && session.waitForSignIn) {
      await session.waitForSignIn();
      await readToken();
      continue;
    }
    const isDown = !response || response.status === 503 || response.status === 502;
    if (isDown && isRepeatable && attempt < RETRIES) {
      await pause(attempt * 700, signal);
      continue;
    }
    if (!response) throw makeOffline();
    return await read(response);
  }
}

function send(method, path, { body, key, signal, headers }) {
  const isRaw = body instanceof FormData || body instanceof Blob;
  const sent = { "Accept-Language": getLanguage(), ...headers };
  if (body !== undefined && body !== null && !isRaw) sent["Content-Type"] = "application/json";
  if (method !== "GET") sent["X-CSRF-Token"] = session.token;
  if (key) sent["Idempotency-Key"] = key;
  const content = body === undefined || body === null || isRaw ? body : JSON.stringify(body);
  return fetch(PREFIX + path, { method, headers: sent, body: content ?? undefined, signal });
}

/**
 * Send a body that takes long, and say how far it is: `progress(bytes)`. It is sent once; whoever sends it
 * decides what is tried again. Throws Problem, status 0 for a lost line, or AbortError.
 */
export async function upload(method, path, body, { progress, signal } = {}) {
  for (;;) {
    const request = await sendSlowly(method, path, body, progress, signal);
    if (request.status !== 401 || !session.waitForSignIn) {
      return readAnswer(request.status, request.getResponseHeader("Content-Type"), request.responseText);
    }
    await session.waitForSignIn();
    await readToken();
  }
}

function sendSlowly(method, path, body, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, PREFIX + path);
    request.setRequestHeader("Accept-Language", getLanguage());
    request.setRequestHeader("X-CSRF-Token", session.token);
    if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => progress?.(event.loaded));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(makeOffline()));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

const makeOffline = () =>
  new Problem(0, "offline", say("The server cannot be reached. Check the connection and try again."));

async function read(response) {
  return readAnswer(response.status, response.headers.get("Content-Type"), await response.text());
}

function readAnswer(status, type, text) {
  const isJson = /json/.test(type ?? "");
  if (status < 400) return text && isJson ? JSON.parse(text) : null;
  const problem = isJson ? JSON.parse(text) : {};
  const detail = problem.detail ?? say("Something went wrong here. Try again.");
  throw new Problem(status, problem.code ?? "unknown", detail, problem.errors ?? []);
}

/** Ask for this session's token anew; false when nobody is signed in. */
export async function readToken() {
  const response = await fetch(`${PREFIX}/me/session`);
  if (!response.ok) return false;
  session.token = (await response.json()).csrf_token;
  return true;
}
