/** A dataset: its pictures, its captions, its health and the people who work on it. */

import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { badge, complain, linkButton, pageHead, tabs, toast } from "../lib/pieces.js";
import { debounce } from "../lib/timing.js";
import { say } from "../lib/words.js";
import { describeRoom, listenForFiles, makeAddButtons, makeQueue } from "./dataset_adding.js";
import { makeCaptionsTab } from "./dataset_captions.js";
import { openEditor } from "./dataset_editor.js";
import { makeGrid } from "./dataset_grid.js";
import { Items } from "./dataset_items.js";
import { FINDINGS, makeReportTab } from "./dataset_report.js";
import { makeSharingTab } from "./dataset_sharing.js";

export async function open(place) {
  const { params, query, signal } = place;
  const finding = Object.hasOwn(FINDINGS, query.get("show") ?? "") ? query.get("show") : null;
  const path = `/datasets/${params.id}`;
  const [dataset, first, report] = await Promise.all([
    api.get(path, { signal }),
    api.get(`${path}/items?limit=100`, { signal }),
    finding && api.get(`${path}/report`, { signal }),
  ]);
  const items = new Items(dataset, signal);
  items.all = first.items;
  items.isComplete = !first.next;
  const only = finding && { title: say(FINDINGS[finding][0]), ids: new Set(report[finding]) };
  const head = html`<div></div>`;
  const page = { place, items, only, head, room: html`<p class="quiet small-text room"></p>` };
  showHead(page);
  listenForFiles(dataset, signal);
  if (first.next) items.load().catch(complain);
  const list = [
    ["pictures", say("Pictures"), () => makePictures(page)],
    ["captions", say("Captions"), () => makeCaptionsTab(items, { choose: (name) => choose(page, name), signal })],
    ["report", say("Check"), () => makeReportTab(items, signal)],
    ["sharing", say("Sharing and more"), () => makeSharingTab(items, { place, renamed: (now) => rename(page, now) })],
  ];
  return html`<div>${head}${makeQueue(dataset, items, signal)}${tabs(place, list)}</div>`;
}

function showHead({ place, items, head }) {
  const { dataset } = items;
  place.setTitle(dataset.name);
  const actions = [
    makeAddButtons(dataset),
    linkButton(say("Train on this dataset"), `/train?dataset=${dataset.id}`, { icon: "train" }),
  ];
  fill(head, pageHead(dataset.name, { back: { href: "/datasets", text: say("Datasets") }, text: dataset.description, actions }));
  if (!dataset.own) head.querySelector("h1").after(badge(say("shared with you")));
}

function makePictures(page) {
  const { place, items, only, room } = page;
  const shown = () => (only ? items.all.filter((item) => only.ids.has(item.id)) : items.all);
  const edit = (id) => {
    history.pushState({ ...history.state, isEditing: true }, "", makeAddress(place, id));
    showEditor(page, id, shown);
  };
  const grid = makeGrid(items, {
    open: edit,
    only,
    query: place.query.get("q"),
    setQuery: place.setQuery,
    add: () => makeAddButtons(items.dataset),
  });
  const showRoom = () => describeRoom(items).then((text) => fill(room, text));
  items.listen(debounce(showRoom, 500));
  showRoom();
  const wanted = place.query.get("item");
  if (wanted) openWhenThere(page, wanted, shown);
  place.stay((query) => {
    const id = query.get("item");
    if (!id) page.close?.();
    else if (!page.close) showEditor(page, id, shown);
    return true;
  });
  return html`<div class="stack">${grid}${room}</div>`;
}

function makeAddress(place, id) {
  const query = new URLSearchParams(place.query);
  query.delete("item");
  if (id) query.set("item", id);
  return location.pathname + (query.size ? `?${query}` : "");
}

/** Open the editor on a picture of the address, as soon as it is loaded. */
async function openWhenThere(page, id, shown) {
  const { items, place } = page;
  try {
    if (!items.find(id)) items.know([await api.get(`${items.path}/items/${id}`, { signal: items.signal })]);
    showEditor(page, id, shown);
  } catch (error) {
    place.setQuery({ item: null });
    complain(error);
  }
}

function showEditor(page, id, shown) {
  const { items, place } = page;
  const moved = (now) => {
    if (now) return history.replaceState(history.state, "", makeAddress(place, now));
    page.close = null;
    place.query.delete("item");
    if (!new URLSearchParams(location.search).has("item")) return undefined;
    if (history.state?.isEditing) history.back();
    else history.replaceState(history.state, "", makeAddress(place, null));
    return undefined;
  };
  page.close = openEditor(items, id, shown, {
    moved,
    remove: (gone) => items.remove([gone]),
    canChoose: items.dataset.own,
    choose: (name) => choose(page, name),
  });
  place.signal.addEventListener("abort", () => page.close?.());
}

async function choose({ items }, name) {
  items.dataset = { ...items.dataset, ...(await api.patch(items.path, { default_caption_set: name })) };
  items.tell();
  toast(say("This set is shown and trained with now."));
}

function rename(page, now) {
  page.items.dataset = now;
  showHead(page);
}
