/** The pictures of one dataset as the page knows them: loaded page by page, changed at once, put right on failure. */

import { Problem, address, api, take } from "../lib/api.js";
import { complain, toast } from "../lib/pieces.js";
import { debounce } from "../lib/timing.js";
import { count, say } from "../lib/words.js";

const AT_ONCE = 6;
const REREAD_MS = 300;
const CHANGED = 412;

/** Where a picture's small or whole image is. */
export const getThumbnail = (item) => address(`/datasets/${item.dataset}/items/${item.id}/thumbnail`);
export const getImage = (item) => address(`/datasets/${item.dataset}/items/${item.id}/image`);

export class Items {
  constructor(dataset, signal) {
    this.dataset = dataset;
    this.path = `/datasets/${dataset.id}`;
    this.all = [];
    this.isComplete = false;
    this.signal = signal;
    this.listeners = new Set();
    this.changes = 0;
    this.#hearOthers();
  }

  /** Call `changed()` after every change, until the returned function is called. */
  listen(changed) {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  tell() {
    for (const changed of this.listeners) changed();
  }

  /** Read anew what another tab says that it has changed, and after the page was out of sight. */
  #hearOthers() {
    this.others = new BroadcastChannel(this.path);
    const reread = debounce(() => this.#reread().catch(complain), REREAD_MS);
    const look = () => document.visibilityState === "visible" && reread();
    this.others.addEventListener("message", reread);
    document.addEventListener("visibilitychange", look, { signal: this.signal });
    this.signal.addEventListener("abort", () => this.others.close());
  }

  /** Read every picture; again, when something was changed here meanwhile. */
  async #reread() {
    for (let before = -1; before !== this.changes && !this.signal.aborted; ) {
      before = this.changes;
      const found = await this.#take();
      if (before === this.changes) this.set(found);
    }
  }

  /** Note that something is changed here, now or as soon as `work` is done, and tell the other tabs then. */
  async #changing(work) {
    this.changes += 1;
    try {
      return await work;
    } finally {
      this.changes += 1;
      if (!this.signal.aborted) this.others.postMessage("changed");
    }
  }

  find(id) {
    return this.all.find((item) => item.id === id);
  }

  /** Read every picture. */
  async load() {
    const found = await this.#take();
    this.isComplete = true;
    this.set(found);
  }

  #take() {
    return take(`${this.path}/items`, Infinity, { signal: this.signal });
  }

  /** Read every picture again after they were changed here, and tell the other tabs. */
  async reload() {
    await this.load();
    this.#changing();
  }

  set(items) {
    this.all = [...items];
    this.tell();
  }

  /** Note pictures that have come in. */
  add(items) {
    this.know(items);
    this.#changing();
  }

  /** Show pictures that were looked up. */
  know(items) {
    const known = new Set(this.all.map((item) => item.id));
    this.set([...this.all, ...items.filter((item) => !known.has(item.id))]);
  }

  /** Take pictures out at once, and offer to take that back. */
  async remove(ids) {
    const before = this.all;
    const wanted = new Set(ids);
    this.set(before.filter((item) => !wanted.has(item.id)));
    const remove = (id) => api.delete(`${this.path}/items/${id}`, { signal: this.signal });
    const removed = await this.#changing(each(ids, remove));
    if (removed.length < ids.length) this.putBack(before, new Set(ids.filter((id) => !removed.includes(id))));
    if (!removed.length) return;
    const text = count(removed.length, "{n} picture removed.", "{n} pictures removed.");
    toast(text, { action: { text: say("Undo"), run: () => this.restore(removed, before).catch(complain) } });
  }

  async restore(ids, before) {
    const restore = (id) => api.post(`${this.path}/items/${id}/restore`, null, { key: id });
    const restored = await this.#changing(each(ids, restore));
    this.putBack(before, new Set(restored));
  }

  /** Show pictures again where they were. */
  putBack(before, ids) {
    const now = new Set(this.all.map((item) => item.id));
    const old = new Set(before.map((item) => item.id));
    const kept = before.map((item) => this.find(item.id) ?? item).filter((item) => now.has(item.id) || ids.has(item.id));
    this.set([...kept, ...this.all.filter((item) => !old.has(item.id))]);
  }

  /** Move pictures before another one, or to the end with null. */
  async move(ids, before) {
    const old = this.all;
    const wanted = new Set(ids);
    if (wanted.has(before)) return;
    const moved = old.filter((item) => wanted.has(item.id));
    const rest = old.filter((item) => !wanted.has(item.id));
    const place = before === null ? rest.length : rest.findIndex((item) => item.id === before);
    this.set([...rest.slice(0, place), ...moved, ...rest.slice(place)]);
    const body = { items: moved.map((item) => item.id), before };
    try {
      this.moving = (this.moving ?? Promise.resolve()).then(() => api.post(`${this.path}/order`, body));
      await this.#changing(this.moving);
    } catch (error) {
      this.moving = null;
      this.set(old);
      complain(error);
    }
  }

  /**
   * Save a caption where `before` stands; throws what goes wrong. Where another text stands by now, that one is
   * noted and nothing is saved: a Problem of status 412 says so.
   */
  async caption(id, setName, text, before) {
    const note = (now) => this.set(this.all.map((item) => (item.id === id ? now : item)));
    for (;;) {
      const version = this.find(id)?.version;
      const headers = { "If-Match": version === undefined ? "*" : `"${version}"` };
      const saving = api.put(`${this.path}/items/${id}/caption`, { text, set_name: setName }, { headers });
      try {
        const saved = await this.#changing(saving);
        note(saved);
        return saved;
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== CHANGED) throw error;
        const now = await api.get(`${this.path}/items/${id}`, { signal: this.signal });
        note(now);
        if (now.version === version || (now.captions[setName] ?? "") !== before) throw error;
      }
    }
  }
}

/** Do something for every id, a few at once; return the ids for which it worked, and say once what went wrong. */
async function each(ids, run) {
  const waiting = [...ids];
  const done = [];
  let wrong = null;
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await run(id).then(() => done.push(id), (error) => (wrong = error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (wrong) complain(wrong);
  return done;
}
