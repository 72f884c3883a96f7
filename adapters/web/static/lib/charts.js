/** Line charts, drawn here as SVG: thinned to what the screen can show, read out in words and as a table. */

import { fill, html } from "./dom.js";
import { measure, number, say } from "./words.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const HEIGHT_PX = 260;
const EDGE = { top: 12, right: 12, bottom: 30, left: 56 };
const TABLE_ROWS = 60;

/**
 * Make a chart; `set(series)` draws it anew. A series is {name, tone, points: [[x, y], …]} with x in ascending
 * order; tone is "faint", "main", "second" or "dots". `describe(series)` says in a sentence what is to be seen.
 */
export function lineChart(title, { xName, describe }) {
  const drawing = html`<div class="chart-drawing"></div>`;
  const words = html`<p class="quiet small-text"></p>`;
  const reading = html`<p class="chart-reading small-text" aria-live="polite"></p>`;
  const legend = html`<ul class="chart-legend small-text"></ul>`;
  const table = html`<details class="small-text"><summary>${say("Show as a table")}</summary><div></div></details>`;
  const made = html`<figure class="chart"><div class="row spread"><h2>${title}</h2>${legend}</div>
    ${words}${drawing}${reading}${table}</figure>`;
  let shown = [];
  const draw = () => {
    const width = Math.round(drawing.clientWidth);
    if (!width || !shown.some(({ points }) => points.length)) return;
    fill(drawing, drawChart(shown, width, `${title}. ${describe(shown)}`));
    watchPointer(drawing, reading, shown, width, xName);
  };
  made.set = (series) => {
    shown = series;
    fill(words, describe(series));
    fill(legend, series.filter(({ points }) => points.length).map(legendEntry));
    if (table.open) writeTable();
    draw();
  };
  const writeTable = () => fill(table.lastElementChild, makeTable(shown, xName));
  table.addEventListener("toggle", () => table.open && writeTable());
  new ResizeObserver(draw).observe(drawing);
  return made;
}

/** Average a noisy curve over what came before, weighing the newest most. */
export function smooth(points, keep = 0.95) {
  let mean = null;
  let weight = 0;
  return points.map(([x, y]) => {
    mean = keep * (mean ?? 0) + (1 - keep) * y;
    weight = keep * weight + (1 - keep);
    return [x, mean / weight];
  });
}

/** Keep of each run of points the lowest and the highest, so that at most twice `runs` stay and no peak is lost. */
export function thin(points, runs) {
  if (points.length <= runs * 2) return points;
  const kept = [];
  for (let run = 0; run < runs; run += 1) {
    const part = points.slice(
      Math.floor((run * points.length) / runs),
      Math.floor(((run + 1) * points.length) / runs),
    );
    let low = part[0];
    let high = part[0];
    for (const point of part) {
      if (point[1] < low[1]) low = point;
      if (point[1] > high[1]) high = point;
    }
    kept.push(...(low[0] < high[0] ? [low, high] : low === high ? [low] : [high, low]));
  }
  return kept;
}

/** Choose round values from low to high, about so many. */
function chooseTicks(low, high, about) {
  const rough = (high - low || 1) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((wanted) => wanted >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) ticks.push(tick);
  return ticks;
}

function measureSpace(series, width) {
  const all = series.flatMap(({ points }) => points);
  const values = all.map(([, y]) => y).sort((a, b) => a - b);
  const at = (share) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  const [low, high] = [at(0.002), at(0.998)]; // one wild value must not press the rest flat
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const first = Math.min(...series.filter(({ points }) => points.length).map(({ points }) => points[0][0]));
  const last = Math.max(
    ...series.filter(({ points }) => points.length).map(({ points }) => points.at(-1)[0]),
  );
  const bottom = Math.max(low - room, low >= 0 ? 0 : -Infinity);
  const top = high + room;
  const across = width - EDGE.left - EDGE.right;
  const down = HEIGHT_PX - EDGE.top - EDGE.bottom;
  return {
    x: (value) => EDGE.left + ((value - first) / (last - first || 1)) * across,
    y: (value) =>
      EDGE.top + down - ((Math.min(top, Math.max(bottom, value)) - bottom) / (top - bottom)) * down,
    columns: chooseTicks(first, last, width < 500 ? 4 : 8),
    rows: chooseTicks(bottom, top, 5),
  };
}

function drawChart(series, width, label) {
  const space = measureSpace(series, width);
  const right = width - EDGE.right;
  const bottom = HEIGHT_PX - EDGE.bottom;
  const parts = [];
  for (const row of space.rows) {
    parts.push(
      svg("line", { class: "chart-grid", x1: EDGE.left, x2: right, y1: space.y(row), y2: space.y(row) }),
    );
    const at = { class: "chart-tick", x: EDGE.left - 8, y: space.y(row) + 4, "text-anchor": "end" };
    parts.push(svg("text", at, measure(Number(row.toPrecision(6)))));
  }
  for (const column of space.columns) {
    const at = { class: "chart-tick", x: space.x(column), y: bottom + 20, "text-anchor": "middle" };
    parts.push(svg("text", at, number(column)));
  }
  for (const { points, tone } of series) {
    const places = thin(points, width).map(([x, y]) => [space.x(x).toFixed(1), space.y(y).toFixed(1)]);
    if (!places.length) continue;
    parts.push(
      svg("polyline", {
        class: `chart-line ${tone}`,
        points: places.map((place) => place.join(",")).join(" "),
      }),
    );
    if (!tone.startsWith("dots") || places.length > 100) continue;
    for (const [cx, cy] of places) parts.push(svg("circle", { class: "chart-dot", cx, cy, r: 3.5 }));
  }
  parts.push(svg("line", { class: "chart-cursor", x1: -9, x2: -9, y1: EDGE.top, y2: bottom }));
  const options = {
    role: "img",
    "aria-label": label,
    width,
    height: HEIGHT_PX,
    viewBox: `0 0 ${width} ${HEIGHT_PX}`,
  };
  return svg("svg", options, ...parts);
}

/** Say the values under the pointer. */
function watchPointer(drawing, reading, series, width, xName) {
  const lead = series.find(({ tone, points }) => tone === "main" && points.length) ?? series[0];
  const space = measureSpace(series, width);
  const cursor = drawing.querySelector(".chart-cursor");
  drawing.onpointermove = (event) => {
    const wanted = event.clientX - drawing.getBoundingClientRect().left;
    const x = findNearest(lead.points, (point) => space.x(point[0]), wanted)[0];
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, space.x(x));
    const values = series
      .filter(({ points }) => points.length)
      .map(({ name, points }) => {
        return `${name} ${measure(findNearest(points, (point) => point[0], x)[1])}`;
      });
    reading.textContent = `${xName} ${number(x)}: ${values.join(", ")}`;
  };
  drawing.onpointerleave = () => {
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, -9);
    reading.textContent = "";
  };
}

function findNearest(points, place, wanted) {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place(points[middle]) < wanted) low = middle + 1;
    else high = middle;
  }
  const before = points[Math.max(0, low - 1)];
  return Math.abs(place(before) - wanted) < Math.abs(place(points[low]) - wanted) ? before : points[low];
}

function legendEntry({ name, tone }) {
  return html`<li class="chart-key ${tone}">${name}</li>`;
}

function makeTable(series, xName) {
  const shown = series.filter(({ points, tone }) => points.length && tone !== "faint");
  const steps = [...new Set(shown.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const every = Math.ceil(steps.length / TABLE_ROWS);
  const rows = steps.filter((_, index) => index % every === 0 || index === steps.length - 1);
  const maps = shown.map(({ points }) => new Map(points));
  return html`<div class="table-scroll chart-table" tabindex="0"><table>
    <thead><tr><th scope="col">${xName}</th>${shown.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (x) => html`<tr><th scope="row">${number(x)}</th>
      ${maps.map((map) => html`<td class="number">${map.has(x) ? measure(map.get(x)) : ""}</td>`)}</tr>`,
    )}</tbody>
  </table></div>`;
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
