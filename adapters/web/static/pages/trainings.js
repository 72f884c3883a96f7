/** Trainings: what is at work now, live; and what was before, by how it ended. */

import { showBalance } from "../app.js";
import { address, api, makeKey, take } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { liveJobs, nameJob } from "../lib/jobs.js";
import { ask, button, empty, hasEnded, linkButton, pageHead, statusBadge } from "../lib/pieces.js";
import { ago, mark, points, say } from "../lib/words.js";

const PAGE = 24;
const FILTERS = [
  ["all", mark("All")],
  ["completed", mark("Done")],
  ["failed", mark("Failed")],
  ["cancelled", mark("Cancelled")],
];

export async function open(place) {
  const { query, signal, setTitle } = place;
  setTitle(say("Trainings"));
  const shown = FILTERS.find(([name]) => name === query.get("show"))?.[0] ?? "all";
  const [active, captions, first] = await Promise.all([
    take("/trainings?show=active", 200, { signal }),
    take("/auto-captions", 20, { signal }),
    readPage(shown, null, signal),
  ]);
  const head = pageHead(say("Trainings"), {
    actions: [linkButton(say("Train a model"), "/train", { kind: "primary", icon: "add" })],
  });
  if (!active.length && !first.items.length && shown === "all") return html`<div>${head}${nothing()}</div>`;
  const history = makeHistory(place, shown, first);
  const jobs = [
    ...active.map((job) => ({ kind: "training", ...job })),
    ...captions.map((job) => ({ kind: "auto_caption", ...job })),
  ];
  const kinds = ["training", "auto_caption"];
  const onEnd = (job) => job.kind === "training" && history.put(job);
  return html`<div class="stack">${head}${liveJobs(say("At work now"), jobs, { kinds, signal, onEnd })}${history}</div>`;
}

function nothing() {
  return empty(
    "train",
    say("No trainings yet"),
    say(
      "A training makes a model of your own from the pictures of a dataset. You see here how it comes along.",
    ),
    linkButton(say("Train a model"), "/train", { kind: "primary", icon: "add" }),
  );
}

function readPage(show, after, signal) {
  const query = new URLSearchParams({ show, limit: PAGE, ...(after && { after }) });
  return api.get(`/trainings?${query}`, { signal });
}

function makeHistory(place, shown, first) {
  const list = html`<ul class="stack"></ul>`;
  const bare = html`<p class="quiet">${say("There is none.")}</p>`;
  const more = button(say("Show more"), () => addPage(), { icon: "more" });
  const filters = FILTERS.map(
    ([name, text]) =>
      html`<a class="button small" href="/trainings?show=${name}" aria-current=${name === shown && "true"}>${say(text)}</a>`,
  );
  const made = html`<section class="stack">
    <div class="row spread"><h2>${say("History")}</h2><nav class="row" aria-label=${say("How they ended")}>${filters}</nav></div>
    ${list}${bare}<div>${more}</div>
  </section>`;
  let next = null;
  const show = (page) => {
    list.append(...page.items.filter(({ status }) => hasEnded(status)).map((job) => historyRow(place, job)));
    next = page.next;
    more.hidden = !next;
    bare.hidden = Boolean(list.children.length || next);
  };
  const addPage = async () => show(await readPage(shown, next, place.signal));
  made.put = (job) => {
    if (shown !== "all" && shown !== job.status) return;
    list.querySelector(`[data-id="${job.id}"]`)?.remove();
    list.prepend(historyRow(place, job));
    bare.hidden = true;
  };
  show(first);
  return made;
}

function historyRow(place, job) {
  const sample = job.samples.at(-1);
  const source = sample && address(`/trainings/${job.id}/samples/${sample.file.name}`);
  const cost = job.charged_points === null ? points(job.quote.points) : points(job.charged_points);
  const again =
    job.status === "completed"
      ? null
      : button(say("Try again"), () => retryTraining(place, job), { kind: "small", icon: "undo" });
  const model =
    job.model && linkButton(say("The model"), `/models/${job.model}`, { kind: "small", icon: "models" });
  return html`<li class="card training-row" data-id=${job.id}>
    <a class="training-cover" href="/trainings/${job.id}" tabindex="-1" aria-hidden="true">${source && html`<img src=${source} alt="" loading="lazy" />`}</a>
    <div class="training-about">
      <h3><a href="/trainings/${job.id}">${nameJob({ kind: "training", ...job })}</a></h3>
      <p class="quiet small-text">${[job.spec.base_model.name, ago(job.created_at), cost].join(" · ")}</p>
    </div>
    <div class="row">${statusBadge(job.status)}${again}${model}</div>
  </li>`;
}

const keys = new Map();

/** Ask whether to buy a training again, and buy it; the same press twice buys once. */
export async function retryTraining(place, job) {
  const balance = await api.get("/points/balance");
  const facts = { points: points(job.quote.points), balance: points(balance.balance_points) };
  const text = say("On the same pictures, with the same settings, for {points}. You have {balance}.", facts);
  if (!(await ask(say("Train on “{name}” once more?", { name: job.dataset_name }), text, say("Train again"))))
    return;
  if (!keys.has(job.id)) keys.set(job.id, makeKey());
  const made = await api.post(`/trainings/${job.id}/retry`, null, { key: keys.get(job.id) });
  keys.delete(job.id);
  showBalance();
  place.go(`/trainings/${made.id}`);
}
