/** Two trainings side by side: how they learned, what they drew at the same stage, and in what they differ. */

import { address, api, take } from "../lib/api.js";
import { lineChart, smooth } from "../lib/charts.js";
import { fill, html } from "../lib/dom.js";
import { complain, empty, field, linkButton, pageHead, statusBadge, table } from "../lib/pieces.js";
import { nameSetting, nameUnit, showValue } from "../lib/settings.js";
import { inOrder } from "../lib/timing.js";
import { ago, duration, measure, number, percent, points, say } from "../lib/words.js";

const CHOICES = 200;
const SIDES = ["a", "b"];

export async function open(place) {
  const { query, signal, setTitle } = place;
  setTitle(say("Compare trainings"));
  const jobs = await take("/trainings", CHOICES, { signal });
  const head = pageHead(say("Compare trainings"), { back: { href: "/trainings", text: say("Trainings") } });
  if (jobs.length < 2) {
    const text = say("There must be two trainings to compare.");
    return html`<div>${head}${empty("train", say("Nothing to compare yet"), text, linkButton(say("Train a model"), "/train"))}</div>`;
  }
  const find = (id) => jobs.find((job) => job.id === id);
  const first = find(query.get("a")) ?? jobs[0];
  // Beside a training stands by itself the next one on the same pictures, or else the next one.
  const others = jobs.filter(({ id }) => id !== first.id);
  const second = find(query.get("b")) ?? others.find(({ dataset }) => dataset === first.dataset) ?? others[0];
  const selects = [first, second].map((chosen) => pick(jobs, chosen));
  const content = html`<div class="stack" aria-live="polite"></div>`;
  const ask = () => {
    const [a, b] = selects.map((select) => select.value);
    place.setQuery({ a, b });
    return Promise.all([a, b].map((id) => read(id, signal)));
  };
  const show = inOrder(ask, (pair) => fill(content, ...compare(pair)));
  for (const select of selects) select.addEventListener("change", () => show().catch(complain));
  await show();
  return html`<div class="stack">${head}
    <div class="columns">${selects.map((select, side) => html`<div class="compared ${SIDES[side]}">${field(side ? say("With") : say("Training"), select)}</div>`)}</div>
    ${content}
  </div>`;
}

function pick(jobs, chosen) {
  const name = ({ dataset_name, spec, created_at }) => `${dataset_name}: ${spec.trigger_words.join(", ")} (${ago(created_at)})`;
  return html`<select>${jobs.map((job) => html`<option value=${job.id} ?selected=${job.id === chosen.id}>${name(job)}</option>`)}</select>`;
}

async function read(id, signal) {
  const [job, metrics] = await Promise.all([
    api.get(`/trainings/${id}`, { signal }),
    api.get(`/trainings/${id}/metrics?after=-1`, { signal }),
  ]);
  const losses = metrics.points.map(({ step, loss }) => [step, loss]);
  return { job, smoothed: smooth(losses), measured: metrics.validation.map(({ step, loss }) => [step, loss]) };
}

function compare(pair) {
  const chart = lineChart(say("Loss"), { xName: say("Step"), describe: () => describe(pair) });
  chart.classList.add("card");
  chart.set([
    ...pair.map(({ job, smoothed }, side) => ({ name: nameSide(job, side), tone: side ? "second" : "main", points: smoothed })),
    ...pair.map(({ job, measured }, side) => ({
      name: say("{name}, pictures kept out", { name: nameSide(job, side) }), tone: side ? "dots second" : "dots first", points: measured,
    })),
  ]);
  chart.hidden = pair.every(({ smoothed }) => smoothed.length < 2);
  return [chart, samples(pair), html`<section class="stack"><h2>${say("What differs")}</h2>${differences(pair)}</section>`];
}

const nameSide = (job, side) => `${side + 1} · ${job.spec.trigger_words[0] ?? job.dataset_name}`;

function describe(pair) {
  const ends = pair.map(({ job, smoothed }, side) =>
    smoothed.length > 1 && say("{name} ends at {loss}.", { name: nameSide(job, side), loss: measure(smoothed.at(-1)[1]) }));
  return ends.filter(Boolean).join(" ");
}

/** What both have drawn at the same share of their steps, prompt by prompt in their order. */
function samples(pair) {
  const sides = pair.map(({ job }) => groupByPrompt(job));
  const rows = Math.max(...sides.map((prompts) => prompts.length));
  const slider = html`<input type="range" min="0" max="100" value="100" aria-label=${say("How far the trainings are")} />`;
  const shown = html`<output class="mono"></output>`;
  const grid = html`<div class="compared-samples"></div>`;
  const draw = () => {
    const share = Number(slider.value) / 100;
    fill(shown, percent(share));
    const cells = [...Array(rows).keys()].flatMap((row) => sides.map((prompts, side) => sampleCell(pair[side].job, prompts[row], share)));
    fill(grid, cells);
  };
  slider.addEventListener("input", draw);
  draw();
  const made = html`<section class="card"><h2>${say("Samples")}</h2><div class="weight">${slider}${shown}</div>${grid}</section>`;
  made.hidden = !rows;
  return made;
}

function groupByPrompt({ samples: drawn }) {
  const groups = new Map();
  for (const sample of drawn) groups.set(sample.prompt, [...(groups.get(sample.prompt) ?? []), sample]);
  return [...groups.values()];
}

function sampleCell({ id, progress }, group, share) {
  if (!group) return html`<p class="quiet">–</p>`;
  const wanted = share * progress.total_steps;
  const nearest = group.reduce((best, one) => (Math.abs(one.step - wanted) < Math.abs(best.step - wanted) ? one : best));
  const text = say("“{prompt}” at step {step}", { prompt: nearest.prompt, step: number(nearest.step) });
  return html`<figure><img src=${address(`/trainings/${id}/samples/${nearest.file.name}`)} alt=${text} loading="lazy" />
    <figcaption class="small-text quiet">${text}</figcaption></figure>`;
}

/** Every fact and setting in which the two differ; what is the same in both is counted only. */
function differences(pair) {
  const [a, b] = pair.map(({ job }) => job);
  const names = [...new Set([...Object.keys(a.spec.params), ...Object.keys(b.spec.params)])];
  const settings = names.map((name) => [nameSetting(name), ...[a, b].map(({ spec }) => writeSetting(name, spec.params[name]))]);
  const lowest = ({ measured }) => (measured.length ? measure(Math.min(...measured.map(([, loss]) => loss))) : "–");
  const took = ({ history }) => (history.length > 1 ? duration((new Date(history.at(-1).at) - new Date(history[0].at)) / 1000) : "–");
  const rows = [
    [say("Dataset"), a.dataset_name, b.dataset_name],
    [say("Offering"), a.spec.offering, b.spec.offering],
    [say("Base model"), a.spec.base_model.name, b.spec.base_model.name],
    [say("Trigger words"), a.spec.trigger_words.join(", "), b.spec.trigger_words.join(", ")],
    ...settings,
    [say("Loss on pictures kept out"), ...pair.map(lowest)],
    [say("Took"), took(a), took(b)],
    [say("Price"), points(a.quote.points), points(b.quote.points)],
  ].filter(([, left, right]) => left !== right);
  const lines = rows.map(([name, left, right]) => html`<tr><th scope="row">${name}</th><td>${left}</td><td>${right}</td></tr>`);
  const status = html`<tr><th scope="row">${say("State")}</th>${[a, b].map((job) => html`<td><a href="/trainings/${job.id}">${statusBadge(job.status)}</a></td>`)}</tr>`;
  return table(say("What differs"), ["", nameSide(a, 0), nameSide(b, 1)], [status, ...lines]);
}

const writeSetting = (name, value) => (value === undefined ? "–" : [showValue(value), nameUnit(name)].filter(Boolean).join(" "));
