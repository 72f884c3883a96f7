/** A job on its way, as a row: what it is, where it stands, and a link to its page. */

import { fill, html } from "./dom.js";
import { hasEnded, progress, statusBadge } from "./pieces.js";
import { count, duration, say } from "./words.js";

/** Make a row for a training or generation that has its `kind` in it; `set(job)` shows it as it is now. */
export function jobRow(job) {
  const state = html`<span></span>`;
  const line = html`<p class="quiet small-text"></p>`;
  const bar = progress(null, say("Progress of {name}", { name: nameJob(job) }));
  const row = html`<li><a class="card" href="/${job.kind}s/${job.id}">
    <div class="row spread"><h3>${nameJob(job)}</h3>${state}</div>
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

/** What a job is called where many are listed. */
export function nameJob(job) {
  if (job.kind === "generation") return job.spec.typed_prompt || say("A generation without a prompt");
  return job.dataset_name;
}

/** How far a job has come, from 0 to 1; null while it cannot be said. */
export function getShare({ status, progress: { step, total_steps } }) {
  if (status === "completed") return 1;
  return status === "running" && total_steps ? step / total_steps : null;
}

/** Say in a line how far a job is and how long it will still take. */
export function describeProgress({ status, progress: { step, total_steps, eta_s } }) {
  if (status === "queued") return say("Waits for a worker.");
  if (hasEnded(status) || !total_steps) return "";
  const steps = count(total_steps, "Step {step} of {n}", "Step {step} of {n}", { step });
  return eta_s ? `${steps} · ${say("about {time} left", { time: duration(eta_s) })}` : steps;
}
