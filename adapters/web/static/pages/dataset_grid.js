/** The grid of a dataset's pictures: found, chosen, opened, moved and removed, by hand or by keyboard. */

import { fill, html, showRows } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { button, empty } from "../lib/pieces.js";
import { count, pictures, say } from "../lib/words.js";
import { getThumbnail } from "./dataset_items.js";

/** Make the grid; `only` is null or {title, ids} of the pictures to show, `open(id)` opens the caption editor. */
export function makeGrid(items, { open, only, add, query, setQuery }) {
  const chosen = new Set();
  const state = { current: null, anchor: null, dragged: null, shown: [], words: query ?? "" };
  const tiles = html`<ul class="tiles" role="listbox" aria-multiselectable="true" aria-label=${say("Pictures")}
    aria-describedby="tiles-help"></ul>`;
  const bar = html`<div class="row spread tiles-bar"></div>`;
  const nothing = html`<div></div>`;
  const search = makeSearch(state, (words) => {
    setQuery({ q: words });
    show();
  });

  const show = () => {
    const isSame = tiles.childElementCount === items.all.length;
    state.shown = filterItems(items, only, state.words);
    const known = new Set(state.shown.map((item) => item.id));
    for (const id of chosen) if (!known.has(id)) chosen.delete(id);
    if (!known.has(state.current)) state.current = state.shown[0]?.id ?? null;
    showRows(tiles, state.shown, (item) => item.id, (item) => makeTile(item, items), updateTile);
    markAll();
    tiles.hidden = !state.shown.length;
    const isFiltered = only || state.words;
    fill(nothing, state.shown.length || !items.isComplete ? null : isFiltered ? noneFound() : firstPictures(add));
    if (!isSame) tiles.dataset.count = state.shown.length;
  };

  const markAll = () => {
    for (const tile of tiles.children) {
      tile.setAttribute("aria-selected", String(chosen.has(tile.dataset.key)));
      tile.tabIndex = tile.dataset.key === state.current ? 0 : -1;
    }
    showBar(bar, { items, state, chosen, only, search, choose, remove });
  };

  const choose = (ids, isChosen) => {
    for (const id of ids) isChosen ? chosen.add(id) : chosen.delete(id);
    markAll();
  };
  const toggle = (id, isRange) => {
    const ids = isRange && state.anchor ? getRange(state, id) : [id];
    choose(ids, isRange || !chosen.has(id));
    state.anchor = id;
  };
  const focus = (id) => {
    state.current = id;
    markAll();
    findTile(tiles, id)?.focus();
  };
  const remove = (ids) => {
    const place = state.shown.findIndex((item) => item.id === ids[0]);
    const had = tiles.contains(document.activeElement);
    chosen.clear();
    items.remove(ids);
    const next = state.shown[Math.min(place, state.shown.length - 1)];
    if (had && next) focus(next.id);
  };
  const act = { open, toggle, focus, remove, items, state, chosen, tiles };
  tiles.addEventListener("click", (event) => click(event, act));
  tiles.addEventListener("keydown", (event) => press(event, act));
  if (!only) listenToDrag(act);
  items.listen(show);
  show();
  return html`<div class="stack">
    ${bar}
    <p class="visually-hidden" id="tiles-help">${say("Arrow keys move, Space chooses, Enter opens, Delete removes, Alt with an arrow key puts the picture elsewhere.")}</p>
    ${tiles} ${nothing}
  </div>`;
}

function filterItems(items, only, words) {
  const wanted = words.trim().toLowerCase();
  return items.all.filter((item) => {
    if (only && !only.ids.has(item.id)) return false;
    return !wanted || `${item.filename} ${Object.values(item.captions).join(" ")}`.toLowerCase().includes(wanted);
  });
}

const getCaption = (item, items) => item.captions[items.dataset.default_caption_set] ?? "";

function makeTile(item, items) {
  const image = html`<img src=${getThumbnail(item)} alt="" loading="lazy" decoding="async" width="180" height="180" draggable="false" />`;
  const text = html`<span class="tile-text"></span>`;
  const tile = html`<li class="tile" role="option" draggable="true"><span class="tile-check">${icon("check")}</span>${image}${text}</li>`;
  image.addEventListener("error", () => tile.classList.add("broken"), { once: true });
  tile.set = (now) => {
    if (tile.item === now) return;
    tile.item = now;
    const caption = getCaption(now, items);
    fill(text, caption || say("No caption"));
    text.classList.toggle("quiet", !caption);
    tile.setAttribute("aria-label", `${now.filename || say("Picture")}: ${caption || say("No caption")}`);
  };
  tile.set(item);
  return tile;
}

const updateTile = (tile, item) => tile.set(item);

function findTile(tiles, id) {
  return [...tiles.children].find((tile) => tile.dataset.key === id);
}

function getRange({ shown, anchor }, id) {
  const ids = shown.map((item) => item.id);
  const [from, to] = [ids.indexOf(anchor), ids.indexOf(id)].sort((one, two) => one - two);
  return ids.slice(Math.max(0, from), to + 1);
}

function click(event, { open, toggle, state, chosen }) {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  const id = tile.dataset.key;
  state.current = id;
  if (event.target.closest(".tile-check") || event.ctrlKey || event.metaKey || event.shiftKey) toggle(id, event.shiftKey);
  else if (chosen.size) toggle(id, false);
  else open(id);
}

/** One stop for the Tab key: arrows walk through the grid, Alt with them moves what is under the focus. */
function press(event, { open, toggle, focus, remove, items, state, chosen, tiles }) {
  const ids = state.shown.map((item) => item.id);
  const place = ids.indexOf(state.current);
  const wide = countColumns(tiles);
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide, Home: -place, End: ids.length - 1 - place };
  if (place < 0 || event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() !== "a" || place < 0) return;
    for (const id of ids) chosen.add(id);
    focus(state.current);
  } else if (event.key in steps) {
    const target = Math.max(0, Math.min(ids.length - 1, place + steps[event.key]));
    if (event.altKey) moveBy(items, ids, place, target).then(() => focus(ids[place]));
    else {
      if (event.shiftKey) toggle(ids[target], true);
      focus(ids[target]);
    }
  } else if (event.key === "Enter") open(state.current);
  else if (event.key === " ") toggle(state.current, event.shiftKey);
  else if (event.key === "Delete" || event.key === "Backspace") remove(chosen.size ? [...chosen] : [state.current]);
  else return;
  event.preventDefault();
}

function moveBy(items, ids, from, to) {
  if (from === to) return Promise.resolve();
  const before = to > from ? (ids[to + 1] ?? null) : ids[to];
  return items.move([ids[from]], before);
}

function countColumns(tiles) {
  const top = tiles.firstElementChild?.offsetTop;
  let columns = 0;
  for (const tile of tiles.children) {
    if (tile.offsetTop !== top) break;
    columns += 1;
  }
  return Math.max(1, columns);
}

function listenToDrag({ items, state, chosen, tiles }) {
  const unmark = () => tiles.querySelector(".drop-before, .drop-behind")?.classList.remove("drop-before", "drop-behind");
  tiles.addEventListener("dragstart", (event) => {
    const id = event.target.closest(".tile")?.dataset.key;
    state.dragged = chosen.has(id) ? [...chosen] : [id];
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("application/x-trainyard", "items");
  });
  tiles.addEventListener("dragover", (event) => {
    const tile = event.target.closest(".tile");
    if (!state.dragged || !tile) return;
    event.preventDefault();
    unmark();
    tile.classList.add(isBehind(event, tile) ? "drop-behind" : "drop-before");
  });
  tiles.addEventListener("drop", (event) => {
    const tile = event.target.closest(".tile");
    if (!state.dragged || !tile) return;
    event.preventDefault();
    const target = isBehind(event, tile) ? tile.nextElementSibling : tile;
    items.move(state.dragged, target?.dataset.key ?? null);
  });
  tiles.addEventListener("dragend", () => {
    state.dragged = null;
    unmark();
  });
}

function isBehind(event, tile) {
  const box = tile.getBoundingClientRect();
  return event.clientX > box.left + box.width / 2;
}

function makeSearch(state, changed) {
  const input = html`<input type="search" class="tiles-search" placeholder=${say("Search captions and file names")}
    aria-label=${say("Search captions and file names")} .value=${state.words} />`;
  input.addEventListener("input", () => changed((state.words = input.value)));
  return input;
}

function showBar(bar, { items, state, chosen, only, search, choose, remove }) {
  bar.classList.toggle("chosen", chosen.size > 0);
  const total = items.isComplete ? items.all.length : items.dataset.items;
  const ids = state.shown.map((item) => item.id);
  const text = chosen.size
    ? count(chosen.size, "{n} chosen", "{n} chosen")
    : only ? `${only.title}: ${pictures(ids.length)}` : pictures(state.words ? ids.length : total);
  const actions = chosen.size
    ? [
        button(say("Remove"), () => remove([...chosen]), { kind: "danger small", icon: "trash" }),
        button(say("Choose none"), () => choose([...chosen], false), { kind: "small" }),
      ]
    : [];
  if (ids.length && chosen.size < ids.length) actions.push(button(say("Choose all"), () => choose(ids, true), { kind: "small" }));
  if (only) actions.push(html`<a class="button small" href="/datasets/${items.dataset.id}">${say("Show all pictures")}</a>`);
  const line = html`<p aria-live="polite"><strong>${text}</strong></p>`;
  if (bar.firstElementChild) {
    bar.children[0].replaceWith(line);
    fill(bar.children[1].lastElementChild, actions);
  } else fill(bar, line, html`<div class="row">${search}<div class="actions">${actions}</div></div>`);
}

function noneFound() {
  return empty("search", say("No picture fits"), say("Search for something else, or show all pictures."));
}

function firstPictures(add) {
  return empty(
    "upload",
    say("Drop pictures anywhere on this page"),
    say("Or paste them, or choose files, folders or a zip. Ten to thirty pictures of one thing are a good start; a .txt of the same name beside a picture is its caption."),
    add(),
  );
}
