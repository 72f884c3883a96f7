/** Datasets: yours and those that you have joined; made, joined and found. */

import { Problem, api, take } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { dropDraft, keepDraft, readDraft } from "../lib/drafts.js";
import { datasetCard } from "../lib/datasets.js";
import { busy, button, empty, field, openDialog, pageHead, toast } from "../lib/pieces.js";
import { say } from "../lib/words.js";

const MOST = 1000;
const DRAFT = "dataset";

export async function open(place) {
  const { query, signal, setTitle, setQuery } = place;
  setTitle(say("Datasets"));
  const [own, joined] = await Promise.all([take("/datasets", MOST, { signal }), take("/memberships", MOST, { signal })]);
  const lists = html`<div class="stack"></div>`;
  const search = html`<input type="search" class="tiles-search" placeholder=${say("Search datasets")} aria-label=${say("Search datasets")} .value=${query.get("q") ?? ""} />`;
  const show = () => fill(lists, showLists(own, joined, search.value, () => make(place)));
  search.addEventListener("input", () => {
    setQuery({ q: search.value });
    show();
  });
  show();
  if (query.has("join")) queueMicrotask(() => join(place, query.get("join")));
  else if (query.has("new")) queueMicrotask(() => make(place));
  const actions = [
    button(say("New dataset"), () => make(place), { kind: "primary", icon: "add" }),
    button(say("Join by a code"), () => join(place, ""), { icon: "share" }),
  ];
  return html`<div class="stack">
    ${pageHead(say("Datasets"), { text: say("Pictures of one subject or style, with captions: what a LoRA is trained on."), actions })}
    ${own.length + joined.length > 6 ? search : null} ${lists}
  </div>`;
}

function showLists(own, joined, words, make) {
  const wanted = words.trim().toLowerCase();
  const fits = (dataset) => `${dataset.name} ${dataset.description}`.toLowerCase().includes(wanted);
  const mine = own.filter(fits);
  const shared = joined.filter(fits);
  if (!own.length && !joined.length) return firstDataset(make);
  if (!mine.length && !shared.length) return empty("search", say("No dataset fits"), say("Search for another name."));
  return [
    mine.length ? html`<div class="cards">${mine.map((dataset) => datasetCard(dataset))}</div>` : null,
    shared.length ? html`<section class="stack"><h2>${say("Shared with you")}</h2><div class="cards">${shared.map((dataset) => datasetCard(dataset))}</div></section>` : null,
  ];
}

function firstDataset(make) {
  return empty(
    "datasets",
    say("Your first dataset"),
    say("Make one for a person, a thing or a style, and drop ten to thirty pictures of it in. Nothing is paid before you train."),
    button(say("New dataset"), make, { kind: "primary", icon: "add" }),
  );
}

/** Ask for one line and more, send it, and go to the dataset that it leads to. */
function askAndGo(place, title, controls, { box, first, yes, send, ended }) {
  const submit = async () => {
    box.showError("");
    try {
      const dataset = await send();
      close();
      place.go(`/datasets/${dataset.id}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      box.showError(error.message);
      first.focus();
    }
  };
  const go = html`<button class="button primary">${yes}</button>`;
  const form = html`<form class="stack">${controls}<div class="actions end">${go}</div></form>`;
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(go, submit);
  });
  const close = openDialog(title, form, { onClose: ended });
  first.focus();
}

function make(place) {
  const draft = readDraft(DRAFT) ?? {};
  const name = html`<input maxlength="100" .value=${draft.name ?? ""} />`;
  const description = html`<textarea rows="3" .value=${draft.description ?? ""}></textarea>`;
  const box = field(say("Name"), name, { help: say("What it shows, such as a name. Only you see it until you share it.") });
  const read = () => ({ name: name.value, description: description.value });
  for (const control of [name, description]) control.addEventListener("input", () => keepDraft(DRAFT, read()));
  const send = async () => {
    const dataset = await api.post("/datasets", read());
    dropDraft(DRAFT);
    return dataset;
  };
  const controls = [box, field(say("Description"), description, { help: say("May stay empty.") })];
  askAndGo(place, say("New dataset"), controls, { box, first: name, yes: say("Make it"), send, ended: () => place.setQuery({ new: null }) });
}

function join(place, given) {
  const code = html`<input class="mono" autocomplete="off" spellcheck="false" placeholder="ABCD-EFGH-IJKL-MNOP" .value=${given} />`;
  const box = field(say("Invitation code"), code, { help: say("Whoever owns the dataset gives it to you. You then see its pictures, add yours and write captions.") });
  const send = async () => {
    const dataset = await api.post("/memberships", { code: code.value });
    toast(say("You have joined “{name}”.", { name: dataset.name }), { tone: "good" });
    return dataset;
  };
  askAndGo(place, say("Join a dataset"), box, { box, first: code, yes: say("Join"), send, ended: () => place.setQuery({ join: null }) });
}
