/** The design system, shown alive: every token and piece in the present theme. */

import { lineChart, smooth } from "../lib/charts.js";
import { fill, html } from "../lib/dom.js";
import { DAYS, earningsChart } from "../lib/earnings.js";
import { ICONS, icon } from "../lib/icons.js";
import * as pieces from "../lib/pieces.js";
import { THEMES, applyTheme, readTheme } from "../lib/theme.js";
import { number, say, size } from "../lib/words.js";

const COLOURS = ["ground", "surface", "raised", "line", "text", "quiet", "accent", "good", "warn", "bad"];

export function open({ setTitle }) {
  setTitle(say("Style"));
  const { badge, button, empty, facts, field, pageHead, progress, statusBadge } = pieces;
  return html`<div class="stack">
    ${pageHead(say("Style"), { text: say("What every page is made of, in the theme that is chosen here."), actions: [themeSwitch()] })}
    ${part(say("Colours"), html`<div class="cards small">${COLOURS.map(swatch)}</div>`)}
    ${part(say("Buttons"), html`<div class="row">
      ${button(say("Primary"), null, { kind: "primary", icon: "check" })} ${button(say("Plain"), null)}
      ${button(say("Quiet"), null, { kind: "quiet" })} ${button(say("Danger"), null, { kind: "danger", icon: "trash" })}
      ${button("", null, { icon: "edit", label: say("Edit"), kind: "bare" })}
    </div>`)}
    ${part(say("States"), html`<div class="row">
      ${["queued", "running", "completed", "failed", "cancelled"].map(statusBadge)} ${badge(say("warning"), "warn")}
    </div>`)}
    ${part(say("Fields"), html`<div class="columns">
      ${field(say("Name"), html`<input />`, { help: say("What others see.") })}
      ${withError(field(say("Steps"), html`<input type="number" value="0" />`), say("At least 1 step."))}
    </div>`)}
    ${part(say("Progress"), html`<div class="stack">${progress(0.4)}${progress(null)}</div>`)}
    ${part(say("Facts"), facts([[say("Family"), "SD 1.5"], [say("Rank"), "16"]]))}
    ${part(say("Table"), pieces.table(say("Table"), [say("File"), [say("Size"), "number"]], [["lora.safetensors", 186_608], ["README.md", 1639]].map(([name, bytes]) => html`<tr><td>${name} ${pieces.copyButton(name)}</td><td class="number">${size(bytes)}</td></tr>`)))}
    ${part(say("Tabs"), pieces.tabs({ query: new URLSearchParams(), setQuery: () => {} }, [["one", say("Name"), () => html`<p>${say("What others see.")}</p>`], ["two", say("Steps"), () => html`<p>${say("At least 1 step.")}</p>`]]))}
    ${part(say("Weights"), html`<div class="weight"><input type="range" min="-2" max="2" step="0.05" value="0.8" aria-label=${say("Weights")} /><output class="mono">${number(0.8, 2)}</output></div>`)}
    ${part(say("Charts"), html`<div class="columns"><section class="card">${earningsChart(makeDays())}</section>${makeCurve()}</div>`)}
    ${part(say("Notes"), html`<div class="stack">
      ${["", "good", "warn", "bad"].map((tone) => html`<p class="note ${tone}">${icon("info")}<span>${say("A note of this kind.")}</span></p>`)}
    </div>`)}
    ${part(say("Messages"), html`<div class="row">
      ${button(say("Show a toast"), () => pieces.toast(say("Removed."), { action: { text: say("Undo"), run: () => {} } }))}
      ${button(say("Ask something"), () => pieces.ask(say("Delete this?"), say("It cannot be brought back."), say("Delete"), { danger: true }))}
    </div>`)}
    ${part(say("Nothing there"), empty("models", say("No models yet"), say("What it is for stands here, and what to do.")))}
    ${part(say("Icons"), html`<div class="row">${ICONS.map((name) => html`<span title=${name}>${icon(name)}</span>`)}</div>`)}
  </div>`;
}

/** Thirty days that go up and down. */
function makeDays() {
  const day = (back) => new Date(Date.now() - back * 24 * 3600 * 1000).toISOString().slice(0, 10);
  return [...Array(DAYS).keys()].map((back) => ({ day: day(back), points: Math.round(20 + 15 * Math.sin(back / 3)) }));
}

function makeCurve() {
  const chart = lineChart(say("Loss"), { xName: say("Step"), describe: () => say("What is to be seen stands here in words.") });
  const points = [...Array(200).keys()].map((step) => [step, 0.1 + 0.3 * Math.exp(-step / 50) + 0.03 * Math.sin(step * 1.7)]);
  chart.classList.add("card");
  chart.set([{ name: say("each step"), tone: "faint", points }, { name: say("smoothed"), tone: "main", points: smooth(points) }]);
  return chart;
}

function part(title, content) {
  return html`<section class="stack"><h2>${title}</h2>${content}</section>`;
}

function swatch(name) {
  const colour = html`<div class="cover"></div>`;
  colour.style.background = `var(--${name})`;
  return html`<div class="card">${colour}<code>--${name}</code></div>`;
}

function withError(made, text) {
  made.showError(text);
  return made;
}

function themeSwitch() {
  const made = html`<div class="actions"></div>`;
  const show = () =>
    fill(made, ...THEMES.map(([name, text]) => {
      const pick = pieces.button(say(text), () => (applyTheme(name), show()), { kind: "small" });
      pick.setAttribute("aria-pressed", String(readTheme() === name));
      return pick;
    }));
  show();
  return made;
}
