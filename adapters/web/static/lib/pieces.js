/** The pieces that pages are made of; /style shows each. */

import { Problem } from "./api.js";
import { fill, html } from "./dom.js";
import { icon } from "./icons.js";
import { mark, say } from "./words.js";

/** Make a button. While `run` is at work it cannot be pressed again; what goes wrong is said in a toast. */
export function button(text, run, { kind = "", icon: name, label, type = "button" } = {}) {
  const made = html`<button type=${type} class="button ${kind}" aria-label=${label} title=${label}>
    ${name && icon(name)}${text && html`<span>${text}</span>`}
  </button>`;
  if (run) made.addEventListener("click", (event) => busy(made, () => run(event)));
  return made;
}

/** A link that looks like a button. */
export function linkButton(text, href, { kind = "", icon: name, download } = {}) {
  return html`<a class="button ${kind}" href=${href} ?download=${download}>${name && icon(name)}<span>${text}</span></a>`;
}

/** Mark an element as busy while `run` is at work, and say what went wrong. Returns what `run` returned. */
export async function busy(element, run) {
  if (element.getAttribute("aria-busy") === "true") return undefined;
  element.setAttribute("aria-busy", "true");
  try {
    return await run();
  } catch (error) {
    complain(error);
    return undefined;
  } finally {
    element.removeAttribute("aria-busy");
  }
}

/** Say in a toast what went wrong. What is not a Problem is a mistake of ours: it goes to the console too. */
export function complain(error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof Problem)) console.error(error);
  toast(error instanceof Problem ? error.message : say("Something went wrong here. Try again."), { tone: "bad" });
}

const TOAST_MS = 7000;

/** Show a short message, with at most one action (such as undo); it goes away by itself unless it is bad. */
export function toast(text, { tone = "", action, onGone } = {}) {
  const made = html`<li class="toast ${tone}" role=${tone === "bad" ? "alert" : "status"}><span>${text}</span></li>`;
  let isDone = false;
  const end = () => {
    if (isDone) return;
    isDone = true;
    made.remove();
    onGone?.();
  };
  if (action) {
    made.append(button(action.text, () => ((isDone = true), made.remove(), action.run()), { kind: "quiet small" }));
  }
  made.append(button("", end, { kind: "quiet small bare", icon: "close", label: say("Close") }));
  document.querySelector("#toasts").append(made);
  if (tone !== "bad") setTimeout(end, TOAST_MS);
  return end;
}

/** Open a dialog and return how to close it; Escape and a click beside it close it as well. */
export function openDialog(title, content, { wide = false, onClose } = {}) {
  const close = () => dialog.close();
  const dialog = html`<dialog class="dialog ${wide && "wide"}" aria-labelledby="dialog-title">
    <header>
      <h2 id="dialog-title">${title}</h2>
      ${button("", close, { kind: "quiet bare", icon: "close", label: say("Close") })}
    </header>
    <div class="dialog-body">${content}</div>
  </dialog>`;
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return close;
}

/** Ask a yes-or-no question; resolves to whether it was a yes. */
export function ask(title, text, yes, { danger = false } = {}) {
  return new Promise((resolve) => {
    const answer = (value) => (resolve(value), close());
    const close = openDialog(
      title,
      html`<p>${text}</p>
        <div class="actions end">
          ${button(say("No, go back"), () => answer(false), { kind: "quiet" })}
          ${button(yes, () => answer(true), { kind: danger ? "danger" : "primary" })}
        </div>`,
      { onClose: () => resolve(false) },
    );
  });
}

let fields = 0;

/** Label a control and say what it is for; `showError(text)` of the returned element says what is wrong with it. */
export function field(label, control, { help = "", unit = "" } = {}) {
  const id = control.id || `field-${(fields += 1)}`;
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-help ${id}-error`);
  const error = html`<p class="field-error" id="${id}-error" aria-live="polite"></p>`;
  const made = html`<div class="field">
    <label for=${id}>${label}${unit && html` <span class="quiet">${unit}</span>`}</label>
    ${control}
    <p class="field-help" id="${id}-help">${help}</p>
    ${error}
  </div>`;
  made.showError = (text) => {
    fill(error, text);
    control.setAttribute("aria-invalid", String(Boolean(text)));
  };
  return made;
}

/** Name things and their values. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A table that scrolls by itself where it is wider than the screen; a head is a text, or [text, its class]. */
export function table(label, heads, rows) {
  const cells = heads.map((head) => (Array.isArray(head) ? html`<th class=${head[1]}>${head[0]}</th>` : html`<th>${head}</th>`));
  const body = rows instanceof Element ? rows : html`<tbody>${rows}</tbody>`;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${label}><table>
    <thead><tr>${cells}</tr></thead>${body}
  </table></div>`;
}

export const badge = (text, tone = "") => html`<span class="badge ${tone}">${text}</span>`;

const STATUSES = {
  queued: [mark("Waiting"), ""],
  preparing: [mark("Preparing"), "busy"],
  running: [mark("Running"), "busy"],
  finishing: [mark("Finishing"), "busy"],
  completed: [mark("Done"), "good"],
  failed: [mark("Failed"), "bad"],
  cancelled: [mark("Cancelled"), ""],
};

/** Whether a job has ended. */
export const hasEnded = (status) => ["completed", "failed", "cancelled"].includes(status);

/** Say where a job stands. */
export function statusBadge(status) {
  const [text, tone] = STATUSES[status] ?? [status, ""];
  return badge(say(text), tone);
}

/** What stands where there is nothing yet: what it is for, and what to do about it. */
export function empty(name, title, text, action, heading = html`<h2>${title}</h2>`) {
  return html`<div class="empty">${icon(name)}${heading}<p>${text}</p>${action}</div>`;
}

/** A bar from 0 to 1; `set(share, text)` moves it, null is a bar that cannot say how far it is. */
export function progress(share = null, label = say("Progress")) {
  const bar = html`<progress max="1" aria-label=${label}></progress>`;
  bar.set = (value) => (value === null ? bar.removeAttribute("value") : (bar.value = value));
  bar.set(share);
  return bar;
}

/** Copy a text with one press. */
export function copyButton(text, label = say("Copy")) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast(say("Copied."));
  };
  return button("", copy, { kind: "quiet bare small", icon: "copy", label });
}

/**
 * Tabs over panels; `tabs` are [name, title, make] and `make()` returns a panel when it is first opened.
 * The open tab stands in the address as ?tab=, so that the back button and links reach it.
 */
export function tabs(place, list) {
  const panel = html`<div class="tab-panel" role="tabpanel" tabindex="-1"></div>`;
  const made = new Map();
  const links = list.map(([name, title]) => html`<a role="tab" href="?tab=${name}" data-name=${name}>${title}</a>`);
  const show = (name) => {
    const [chosen, , make] = list.find(([known]) => known === name) ?? list[0];
    if (!made.has(chosen)) made.set(chosen, make());
    for (const link of links) link.setAttribute("aria-selected", String(link.dataset.name === chosen));
    fill(panel, made.get(chosen));
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      place.setQuery({ tab: link.dataset.name });
      show(link.dataset.name);
    });
  }
  show(place.query.get("tab") ?? list[0][0]);
  return html`<div class="tabs"><nav role="tablist">${links}</nav>${panel}</div>`;
}

/** The head of a page: its title, a line about it, and what can be done. */
export function pageHead(title, { text = "", back, actions = [] } = {}) {
  return html`<header class="page-head">
    <div>
      ${back && html`<a class="back" href=${back.href}>${icon("back")}${back.text}</a>`}
      <h1 tabindex="-1">${title}</h1>
      ${text && html`<p class="quiet">${text}</p>`}
    </div>
    ${actions.length ? html`<div class="actions">${actions}</div>` : null}
  </header>`;
}
