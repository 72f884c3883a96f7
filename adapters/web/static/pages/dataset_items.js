/** The pictures of one dataset as the page knows them: loaded page by page, changed at once, put right on failure. */

import { address, api, list } from "../lib/api.js";
import { complain, toast } from "../lib/pieces.js";
import { count, say } from "../lib/words.js";

const AT_ONCE = 6;

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
  }

  /** Call `changed()` after every change. */
  listen(changed) {
    this.listeners.add(changed);
  }

  tell() {
    for (const changed of this.listeners) changed();
  }

  find(id) {
    return this.all.find((item) => item.id === id);
  }

  /** Read every picture; what is known is shown after each page of the list. */
  async load() {
    const found = [];
    const isFirst = !this.all.length;
    for await (const item of list(`${this.path}/items`, { signal: this.signal })) {
      found.push(item);
      if (isFirst && found.length % 200 === 0) this.set(found);
    }
    this.isComplete = true;
    this.set(found);
  }

  set(items) {
    this.all = [...items];
    this.tell();
  }

  /** Note pictures that have come in. */
  add(items) {
    const known = new Set(this.all.map((item) => item.id));
    this.set([...this.all, ...items.filter((item) => !known.has(item.id))]);
  }

  /** Take pictures out at once, and offer to take that back. */
  async remove(ids) {
    const before = this.all;
    const wanted = new Set(ids);
    this.set(before.filter((item) => !wanted.has(item.id)));
    const removed = await each(ids, (id) => api.delete(`${this.path}/items/${id}`, { signal: this.signal }));
    if (removed.length < ids.length) this.putBack(before, new Set(ids.filter((id) => !removed.includes(id))));
    if (!removed.length) return;
    const text = count(removed.length, "{n} picture removed.", "{n} pictures removed.");
    toast(text, { action: { text: say("Undo"), run: () => this.restore(removed, before).catch(complain) } });
  }

  async restore(ids, before) {
    const restored = await each(ids, (id) => api.post(`${this.path}/items/${id}/restore`, null, { key: id }));
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
      await (this.moving = (this.moving ?? Promise.resolve()).then(() => api.post(`${this.path}/order`, body)));
    } catch (error) {
      this.moving = null;
      this.set(old);
      complain(error);
    }
  }

  /** Save a caption; throws what goes wrong. */
  async caption(id, setName, text) {
    const saved = await api.put(`${this.path}/items/${id}/caption`, { text, set_name: setName });
    this.set(this.all.map((item) => (item.id === id ? saved : item)));
    return saved;
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
