/** What was drawn lately, and what is on its way. */

import { address, api, take } from "../lib/api.js";
import { html, showRows } from "../lib/dom.js";
import { jobRow } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { hasEnded } from "../lib/pieces.js";
import { say } from "../lib/words.js";

const RECENT = 12;

/** Make the part; it follows what is drawn until `signal` ends it, and `add(job)` shows one that was just bought. */
export async function makeRecent(signal) {
  const jobs = new Map();
  for (const job of await take("/generations", RECENT, { signal })) jobs.set(job.id, job);
  const running = html`<ul class="stack"></ul>`;
  const gallery = html`<div class="gallery"></div>`;
  const nothing = html`<p class="quiet">${say("Nothing yet; what you have drawn stands here.")}</p>`;
  const show = () => {
    const all = [...jobs.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    const active = all.filter((job) => !hasEnded(job.status)).map((job) => ({ kind: "generation", ...job }));
    showRows(running, active, (job) => job.id, jobRow, (row, job) => row.set(job));
    const drawn = all.flatMap((job) => job.pictures.map((picture) => ({ job, picture })));
    showRows(gallery, drawn, ({ picture, job }) => job.id + picture.file.name, thumbnail);
    nothing.hidden = Boolean(active.length || drawn.length);
  };
  const reread = async (id) => {
    const job = await api.get(`/generations/${id}`, { signal });
    if (hasEnded(jobs.get(id)?.status) && !hasEnded(job.status)) return; // an answer that came late
    jobs.set(id, job);
    show();
  };
  listen({
    tell: (kind, event) => kind === "generation" && reread(event.id),
    refresh: () => Promise.all([...jobs.keys()].map(reread)),
    signal,
  });
  show();
  const made = html`<section class="stack"><h2>${say("Drawn lately")}</h2>${running}${gallery}${nothing}</section>`;
  made.add = (job) => (jobs.set(job.id, job), show());
  return made;
}

function thumbnail({ job, picture }) {
  const source = address(`/generations/${job.id}/images/${picture.file.name}`);
  return html`<a href="/generations/${job.id}"><img src=${source} alt=${job.spec.typed_prompt} loading="lazy" /></a>`;
}
