/** Jobs on their way: a row that says where one stands, and a list of all that keeps itself current. */

import { api } from "./api.js";
import { fill, html, showRows } from "./dom.js";
import { icon } from "./icons.js";
import { listen } from "./live.js";
import { hasEnded, progress, statusBadge } from "./pieces.js";
import { count, duration, mark, number, percent, say } from "./words.js";

const KINDS = {
  training: { path: "/trainings", icon: "train", href: (job) => `/trainings/${job.id}` },
  generation: { path: "/generations", icon: "generate", href: (job) => `/generations/${job.id}` },
  auto_caption: { path: "/auto-captions", icon: "edit", href: (job) => `/datasets/${job.dataset}` },
};

/** Make a row for a job that has its `kind` in it; `set(job)` shows it as it is now. */
export function jobRow(job) {
  const state = html`<span></span>`;
  const line = html`<p class="quiet small-text job-line"></p>`;
  const bar = progress(null, say("Progress of {name}", { name: nameJob(job) }));
  const { href, icon: sign } = KINDS[job.kind];
  const row = html`<li><a class="card" href=${href(job)}>
    <div class="row spread"><h3 class="job-name">${icon(sign)}<span>${nameJob(job)}</span></h3>${state}</div>
    ${bar} ${line}
  </a></li>`;
  row.set = (now) => {
    fill(state, statusBadge(now.status));
    bar.set(getShare(now));
    bar.hidden = hasEnded(now.status);
    fill(line, describeProgress(now));
  };
  row.set(job);
  return row;
}

/**
 * Show jobs that have not ended, and keep them current until `signal` ends it.
 *
 * `kinds` are those that are shown, also of jobs that begin later; `onEnd(job)` takes each that ends, read anew.
 */
export function liveJobs(title, jobs, { kinds, signal, onEnd = () => {} }) {
  const known = new Map(jobs.map((job) => [job.id, job]));
  const list = html`<ul class="stack"></ul>`;
  const made = html`<section class="stack"><h2>${title}</h2>${list}</section>`;
  const show = () => {
    const active = [...known.values()].filter((job) => !hasEnded(job.status));
    made.hidden = !active.length;
    showRows(
      list,
      active,
      (job) => job.id,
      jobRow,
      (row, job) => row.set(job),
    );
  };
  const put = (job) => {
    const before = known.get(job.id);
    if (before && hasEnded(before.status) && !hasEnded(job.status)) return; // an answer that came late
    known.set(job.id, job);
    show();
    if (hasEnded(job.status) && !(before && hasEnded(before.status))) onEnd(job);
  };
  const readAnew = async (kind, id) => ({
    kind,
    ...(await api.get(`${KINDS[kind].path}/${id}`, { signal })),
  });
  const tell = async (kind, event) => {
    if (!kinds.includes(kind)) return;
    const before = known.get(event.id);
    if (before && !hasEnded(event.status)) put({ ...before, ...event, kind });
    else put(await readAnew(kind, event.id));
  };
  const refresh = async () => {
    const active = [...known.values()].filter((job) => !hasEnded(job.status));
    for (const job of active) put(await readAnew(job.kind, job.id));
  };
  listen({ tell, refresh, signal });
  show();
  return made;
}

/** What a job is called where many are listed. */
export function nameJob(job) {
  if (job.kind === "generation") return job.spec.typed_prompt || say("A generation without a prompt");
  if (job.kind === "auto_caption") return say("Captions for {name}", { name: job.dataset_name });
  return `${job.dataset_name}: ${job.spec.trigger_words.join(", ")}`;
}

/** How far a job has come, from 0 to 1; null while it cannot be said. */
export function getShare({ status, progress: { step, total_steps } }) {
  if (status === "completed") return 1;
  return status === "running" && total_steps ? step / total_steps : null;
}

const STAGES = {
  loading: mark("Loading the model"),
  "class images": mark("Drawing class images"),
  encoding: mark("Encoding the pictures"),
  training: mark("Training"),
  sampling: mark("Drawing samples"),
  saving: mark("Saving the model"),
  drawing: mark("Drawing"),
  captioning: mark("Writing captions"),
};

const NOBODY = {
  no_worker: mark("No worker is up."),
  no_kind: mark("No worker that does such work is up."),
  no_family: mark("No worker for {family} is up."),
  no_memory: mark("No worker with {gb} GB is up."),
};

/** Say why no worker that is up can take a job. */
export function explainObstacle({ code, family, vram_gb }) {
  return say(NOBODY[code], { family, gb: number(vram_gb) });
}

/** Say what a job is doing now. */
export function describeStage({ status, obstacle, progress: { stage } }) {
  if (status === "queued") return obstacle ? explainObstacle(obstacle) : say("Waits for a worker");
  if (status === "finishing") return say("Checking and keeping the model");
  const [, name, done, total] = /^(.*?)(?: (\d+) of (\d+))?$/.exec(stage);
  const text = STAGES[name] ? say(STAGES[name]) : say("Getting ready");
  return total ? say("{stage}: {done} of {total}", { stage: text, done, total }) : text;
}

/** Say in a line what a job is doing, how far it is and how long it will still take. */
export function describeProgress(job) {
  const {
    status,
    progress: { step, total_steps, eta_s },
  } = job;
  if (hasEnded(status)) return "";
  const share = getShare(job);
  if (share === null || !total_steps) return describeStage(job);
  const steps = count(total_steps, "{step} of {n} step", "{step} of {n} steps", { step });
  const left = eta_s ? say("about {time} left", { time: duration(eta_s) }) : describeStage(job);
  return `${percent(share)} · ${steps} · ${left}`;
}
