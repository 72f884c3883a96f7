/** One training: where it stands, how it learns, what it draws and what it costs; everything live. */

import { showBalance } from "../app.js";
import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { describeStage, getShare } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { inOrder } from "../lib/timing.js";
import {
  ask,
  badge,
  button,
  complain,
  facts,
  hasEnded,
  linkButton,
  pageHead,
  progress,
  statusBadge,
} from "../lib/pieces.js";
import { count, duration, measure, moment, number, percent, points, say } from "../lib/words.js";
import { makeLosses } from "./training_losses.js";
import { showOutcome } from "./training_outcome.js";
import { makeSamples } from "./training_samples.js";
import { showSettings } from "./training_settings.js";
import { priceLines } from "./train_review.js";
import { retryTraining } from "./trainings.js";

export async function open(place) {
  const { params, signal, setTitle } = place;
  const path = `/trainings/${params.id}`;
  let job = await api.get(path, { signal });
  const parts = [makeNow(), showOutcome(place), makeSamples(place), makeCosts(), makeHistory()];
  const [now, outcome, samples, costs, history] = parts;
  const losses = makeLosses(job, signal);
  const state = html`<span class="row"></span>`;
  const actions = html`<div class="actions"></div>`;
  const words = job.spec.trigger_words.map((word) => badge(word));
  const head = pageHead(job.dataset_name, { back: { href: "/trainings", text: say("Trainings") } });
  head.firstElementChild.append(
    html`<p class="row">${state}<span>${job.spec.base_model.name}</span>${words}</p>`,
  );
  head.append(actions);
  const show = () => {
    const share = getShare(job);
    const isLive = !hasEnded(job.status);
    setTitle(
      isLive && share !== null
        ? `${percent(share)} ${job.dataset_name}`
        : `${say("Training")} ${job.dataset_name}`,
    );
    if (state.dataset.status !== `${job.status} ${job.cancel_requested}`) {
      state.dataset.status = `${job.status} ${job.cancel_requested}`;
      fill(state, statusBadge(job.status));
      fill(actions, listActions(job, place, change));
    }
    return Promise.all(parts.map((part) => part.set(job)));
  };
  const change = (newer) => {
    job = newer;
    show();
  };
  const read = inOrder(
    () => api.get(path, { signal }),
    async (newer) => {
      const before = job.status;
      change(newer);
      if (hasEnded(job.status) && !hasEnded(before)) showBalance();
      await losses.read(job);
    },
  );
  const readSafely = () => read().catch(complain);
  listen({
    signal,
    refresh: readSafely,
    // what an event does not carry is read: samples, and after the end the model and what was charged
    tell: (kind, event) => {
      if (kind === "notification" && event.data.training === job.id) readSafely();
      if (kind !== "training" || event.id !== job.id) return;
      const isMore = event.samples !== job.samples.length || event.status !== job.status || hasEnded(event.status);
      if (isMore) readSafely();
      else change({ ...job, ...event, samples: job.samples });
      losses.follow(job);
    },
  });
  await show();
  readSafely(); // once more after listening has begun, so that no event falls between the two
  return html`<div class="stack training-page">
    ${head}${now}${outcome}${samples}${losses}
    <div class="columns">${costs}${history}</div>
    ${showSettings(job, signal)}
  </div>`;
}

function listActions(job, place, change) {
  const {
    dataset,
    spec: { offering },
  } = job;
  if (!hasEnded(job.status))
    return [button(say("Cancel"), () => cancel(job, change), { kind: "danger", icon: "stop" })];
  const query = new URLSearchParams({ dataset, offering, again: job.id });
  const made = [
    linkButton(say("Change and train again"), `/train?${query}`, { icon: "settings" }),
    linkButton(say("Compare"), `/compare?a=${job.id}`, { icon: "datasets" }),
  ];
  if (job.status !== "completed")
    made.unshift(
      button(say("Try again"), () => retryTraining(place, job), { kind: "primary", icon: "undo" }),
    );
  return made;
}

async function cancel(job, change) {
  const { step, total_steps } = job.progress;
  const text = step
    ? count(
        step,
        "{n} of {total} step is done; what is done until it stops is charged, and the rest comes back. There will be no model.",
        "{n} of {total} steps are done; what is done until it stops is charged, and the rest comes back. There will be no model.",
        { total: number(total_steps) },
      )
    : say(
        "No step is done yet, so everything comes back unless it gets on before it stops. There will be no model.",
      );
  if (!(await ask(say("Cancel this training?"), text, say("Cancel the training"), { danger: true }))) return;
  change(await api.post(`/trainings/${job.id}/cancel`));
  showBalance();
}

function makeNow() {
  const stage = html`<h2 aria-live="polite"></h2>`;
  const share = html`<p class="training-share"></p>`;
  const bar = progress(null, say("Progress of the training"));
  const line = html`<div></div>`;
  const made = html`<section class="card training-now"><div class="row spread">${stage}${share}</div>${bar}${line}</section>`;
  let said = "";
  made.set = (job) => {
    made.hidden = hasEnded(job.status);
    if (made.hidden) return;
    const text = job.cancel_requested ? say("Stops after this step") : describeStage(job);
    const plain = text.replace(/\d+/g, "");
    if (plain !== said)
      fill(stage, text); // a count that moves is not read out each time
    else stage.firstChild.data = text;
    said = plain;
    const { step, total_steps, eta_s, images_per_s, loss, validation_loss } = job.progress;
    const done = getShare(job);
    fill(share, done === null ? "" : percent(done));
    bar.set(done);
    fill(
      line,
      facts([
        [say("Steps"), `${number(step)} / ${number(total_steps)}`],
        [say("Time left"), eta_s === null ? "–" : duration(eta_s)],
        [say("Pictures a second"), images_per_s === null ? "–" : measure(images_per_s)],
        [say("Loss"), loss === null ? "–" : measure(loss)],
        [say("Loss on pictures kept out"), validation_loss === null ? null : measure(validation_loss)],
      ]),
    );
  };
  return made;
}

function makeCosts() {
  const lines = html`<div class="price-lines"></div>`;
  const text = html`<p aria-live="polite"></p>`;
  const made = html`<section class="card"><h2>${say("Price")}</h2>${text}${lines}</section>`;
  made.set = (job) => {
    if (!lines.firstChild) fill(lines, priceLines(job.quote));
    const said = describeCost(job);
    if (text.textContent !== said) fill(text, said);
  };
  return made;
}

/** Say what of the price is held, charged and given back. */
function describeCost({ status, charged_points: charged, quote }) {
  const price = points(quote.points);
  if (!hasEnded(status)) return say("{points} are held until it ends.", { points: price });
  if (charged === null) return say("The account is being settled.");
  if (!charged) return say("Nothing was charged; {points} came back.", { points: price });
  if (charged === quote.points) return say("{points} were charged.", { points: price });
  return say("{charged} were charged for the steps that were made; {back} came back.", {
    charged: points(charged),
    back: points(quote.points - charged),
  });
}

function makeHistory() {
  const list = html`<ol class="history"></ol>`;
  const made = html`<section class="card"><h2>${say("History")}</h2>${list}</section>`;
  made.set = ({ history, attempts }) => {
    if (list.childElementCount === history.length) return;
    const rows = history.map(({ at, status }, index) => {
      const next = history[index + 1];
      const took = next ? duration((new Date(next.at) - new Date(at)) / 1000) : "";
      return html`<li>${statusBadge(status)}<time datetime=${at}>${moment(at)}</time><span class="quiet">${took}</span></li>`;
    });
    if (attempts > 1)
      rows.push(html`<li class="quiet">${count(attempts, "{n} attempt", "{n} attempts")}</li>`);
    fill(list, rows);
  };
  return made;
}
