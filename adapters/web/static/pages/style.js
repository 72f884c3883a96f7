/** The design system, shown alive: every token and piece in the present theme. */

import { fill, html } from "../lib/dom.js";
import { ICONS, icon } from "../lib/icons.js";
import * as pieces from "../lib/pieces.js";
import { THEMES, applyTheme, readTheme } from "../lib/theme.js";
import { say } from "../lib/words.js";

const COLOURS = ["ground", "surface", "raised", "line", "text", "quiet", "accent", "good", "warn", "bad"];

export function open({ setTitle }) {
  setTitle(say("Style"));
  const { badge, button, empty, facts, field, pageHead, progress, statusBadge } = pieces;
  return html`<div class="stack">
    ${pageHead(say("Style"), { text: say("What every page is made of, in the theme that is chosen here."), actions: [themeSwitch()] })}
    ${part(say("Colours"), html`<div class="cards">${COLOURS.map(swatch)}</div>`)}
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
    fill(made, ...THEMES.map((name) => {
      const pick = pieces.button(say(name), () => (applyTheme(name), show()), { kind: "small" });
      pick.setAttribute("aria-pressed", String(readTheme() === name));
      return pick;
    }));
  show();
  return made;
}
