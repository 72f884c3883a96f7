/** Train: from a dataset over offering, words and settings to a price and a yes; what is typed is a draft. */

import { address, api, take } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { complain, empty, field, linkButton, pageHead } from "../lib/pieces.js";
import { count, pictures, say } from "../lib/words.js";
import { makeForm } from "./train_form.js";

const COVERS = 6;

export async function open(place) {
  const { query, signal, setTitle } = place;
  setTitle(say("Train"));
  const [datasets, offerings, bases, start, again] = await Promise.all([
    take("/datasets", 1000, { signal }),
    api.get("/training-offerings", { signal }),
    api.get("/generation-offers", { signal }),
    query.get("start_from") && api.get(`/models/${query.get("start_from")}`, { signal }),
    query.get("again") && api.get(`/trainings/${query.get("again")}`, { signal }),
  ]);
  const wanted = query.get("dataset") || start?.provenance.dataset || again?.dataset;
  await addMissing(datasets, wanted, signal);
  const back = { href: "/trainings", text: say("Trainings") };
  const text = start
    ? say("Train “{name}” further: a new model that starts from its weights.", { name: start.name })
    : "";
  const head = pageHead(say("Train a model"), { text, back });
  if (!datasets.length) return html`<div>${head}${noDataset()}</div>`;
  const chosen =
    datasets.find(({ id }) => id === wanted)?.id ?? (datasets.length === 1 ? datasets[0].id : "");
  const about = { offerings: offerings.items, bases: nameBases(bases.items), start, again };
  const form = html`<div class="stack"></div>`;
  const choose = watchDataset(place, datasets, about, form);
  const picker = pickDataset(datasets, chosen, choose);
  if (chosen) await choose(chosen);
  return html`<div class="stack">${head}${picker}${form}</div>`;
}

/** Put in front what is shared with the account, and therefore not in its own list. */
async function addMissing(datasets, wanted, signal) {
  if (!wanted || datasets.some(({ id }) => id === wanted)) return;
  const found = await api
    .get(`/datasets/${wanted}`, { signal })
    .catch((error) => (error.status === 404 ? null : Promise.reject(error)));
  if (found) datasets.unshift(found);
}

function noDataset() {
  return empty(
    "datasets",
    say("First a dataset"),
    say("A training learns from the pictures of a dataset. Make one and put some pictures in."),
    linkButton(say("New dataset"), "/datasets?new=1", { kind: "primary", icon: "add" }),
  );
}

function nameBases(offers) {
  return new Map(offers.map(({ base_model }) => [base_model.id, base_model]));
}

function pickDataset(datasets, chosen, choose) {
  const select = html`<select name="dataset">
    ${chosen ? null : html`<option value="">${say("Choose a dataset …")}</option>`}
    ${datasets.map(({ id, name }) => html`<option value=${id} ?selected=${id === chosen}>${name}</option>`)}
  </select>`;
  select.addEventListener("change", () => select.value && choose(select.value).catch(complain));
  return html`<section class="stack train-part" aria-labelledby="train-dataset">
    <h2 id="train-dataset">${say("Dataset")}</h2>
    ${field(say("Which pictures shall it learn from?"), select)}
  </section>`;
}

/** Make what shows the form of one dataset after another; each has its own draft. */
function watchDataset(place, datasets, about, form) {
  let leaving = new AbortController();
  return async (id) => {
    leaving.abort();
    const mine = (leaving = new AbortController());
    const signal = AbortSignal.any([place.signal, mine.signal]);
    form.setAttribute("aria-busy", "true");
    const [report, items] = await Promise.all([
      api.get(`/datasets/${id}/report`, { signal }),
      api.get(`/datasets/${id}/items?limit=${COVERS}`, { signal }),
    ]);
    place.setQuery({ dataset: id });
    form.removeAttribute("aria-busy");
    const dataset = datasets.find((one) => one.id === id);
    fill(form, describeDataset(report, items.items), makeForm({ ...about, dataset, place, report, signal }));
  };
}

function describeDataset(report, items) {
  const { dataset: id, items: size } = report;
  const covers = items.map((item) => {
    const source = address(`/datasets/${id}/items/${item.id}/thumbnail`);
    return html`<img src=${source} alt="" width="64" height="64" loading="lazy" />`;
  });
  const advice = [
    report.uncaptioned.length &&
      count(report.uncaptioned.length, "{n} picture has no caption", "{n} pictures have no caption"),
    report.near_duplicates.length &&
      count(report.near_duplicates.length, "{n} pair looks alike", "{n} pairs look alike"),
    report.too_small.length &&
      count(report.too_small.length, "{n} picture is small", "{n} pictures are small"),
    report.blurred.length &&
      count(report.blurred.length, "{n} picture looks blurred", "{n} pictures look blurred"),
  ].filter(Boolean);
  return html`<div class="row train-covers">
    ${covers}
    <p><a href="/datasets/${id}">${pictures(size)}</a>${advice.length ? html`<span class="quiet">${` · ${advice.join(" · ")}`}</span>` : null}</p>
  </div>`;
}
