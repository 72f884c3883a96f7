/** The settings of an offering as fields, made from what it says of each; what was changed is marked and can be reset. */

import { fill, html } from "../lib/dom.js";
import { badge, button, field } from "../lib/pieces.js";
import { checkNumber, groupSettings, nameSetting, nameUnit, showValue } from "../lib/settings.js";
import { count, say } from "../lib/words.js";

const SHAPE = ["rank", "target_modules", "train_text_encoder"];

/** Make the fields; `use(offering, params)` shows those of an offering and writes changed ones into `params`. */
export function makeSettings(start, changed) {
  const usual = html`<div class="settings"></div>`;
  const folded = html`<div class="stack"></div>`;
  const summary = html`<span></span>`;
  const made = html`<section class="stack train-part">
    <h2>${say("Settings")}</h2>
    <p class="quiet">${say("They are set so that most datasets come out well; change nothing if in doubt.")}</p>
    ${usual}
    <details class="train-advanced"><summary>${say("Advanced settings")} ${summary}</summary>${folded}</details>
  </section>`;
  let fields = new Map();
  let advanced = [];
  const showCount = () => {
    const n = advanced.filter((one) => one.isChanged()).length;
    fill(summary, n ? badge(count(n, "{n} changed", "{n} changed"), "busy") : null);
  };
  made.use = (offering, params) => {
    fields = new Map();
    advanced = [];
    const note = () => {
      showCount();
      changed();
    };
    const [first, ...others] = groupSettings(offering.params).map(([title, found]) => [
      title,
      found.map((param) => makeSetting(param, params, start && SHAPE.includes(param.name), note)),
    ]);
    for (const [, found] of [first, ...others]) for (const one of found) fields.set(one.name, one);
    for (const [, found] of others) advanced.push(...found);
    fill(usual, first[1]);
    fill(
      folded,
      others.map(
        ([title, found]) => html`<fieldset class="stack">
      <legend><h3>${title}</h3></legend><div class="settings">${found}</div>
    </fieldset>`,
      ),
    );
    showCount();
  };
  /** List what is out of its bounds: [name, what is wrong]. */
  made.check = () => [...fields.values()].map((one) => [one.name, one.check()]).filter(([, what]) => what);
  /** Say what is wrong, and show what an unchanged setting comes to, which depends on a model's and on the epochs. */
  made.show = (errors, resolved = {}) => {
    for (const one of fields.values()) {
      one.showError(errors.get(one.name) ?? "");
      if (one.name in resolved) one.settle(resolved[one.name]);
    }
  };
  return made;
}

function makeSetting(param, params, isLocked, note) {
  const { name } = param;
  const control = makeControl(param, name in params ? params[name] : param.default);
  control.disabled = isLocked;
  const reset = button(
    "",
    () => {
      delete params[name];
      control.put(param.default);
      show();
      note();
      control.focus();
    },
    {
      kind: "quiet small bare setting-reset",
      icon: "undo",
      label: say("Reset {name}", { name: nameSetting(name) }),
    },
  );
  const bounds =
    param.kind === "int" || param.kind === "float"
      ? say("{least} to {most}, usually {usual}.", {
          least: showValue(param.min),
          most: showValue(param.max),
          usual: showValue(param.default),
        })
      : say("Usually {usual}.", { usual: showValue(param.default) });
  const made = field(nameSetting(name), control, {
    unit: nameUnit(name),
    help: `${param.help} ${isLocked ? say("The model that is trained further decides it.") : bounds}`,
  });
  made.classList.add("setting");
  made
    .querySelector("label")
    .append(html`<span class="badge busy changed-mark" hidden>${say("changed")}</span>`);
  made.append(reset);
  const show = () => {
    const isChanged = made.isChanged();
    made.querySelector(".changed-mark").hidden = !isChanged;
    reset.hidden = !isChanged;
  };
  made.name = name;
  made.isChanged = () => name in params;
  made.check = () =>
    name in params && typeof param.default === "number" ? checkNumber(param, params[name]) : "";
  made.settle = (value) => {
    if (!made.isChanged() && document.activeElement !== control) control.put(value);
  };
  control.addEventListener("input", () => {
    const value = control.read();
    if (value === param.default) delete params[name];
    else params[name] = value;
    made.showError(made.check());
    show();
    note();
  });
  show();
  return made;
}

function makeControl(param, value) {
  if (param.kind === "bool")
    return makeSelect(
      [
        ["true", say("yes")],
        ["false", say("no")],
      ],
      value,
      (text) => text === "true",
    );
  if (param.kind === "choice")
    return makeSelect(
      param.choices.map((choice) => [choice, choice]),
      value,
      (text) => text,
    );
  const control = html`<input type="number" inputmode="decimal" min=${param.min} max=${param.max} step=${param.kind === "int" ? "1" : "any"} />`;
  control.read = () => (control.value === "" ? null : control.valueAsNumber);
  control.put = (wanted) => (control.value = wanted ?? "");
  control.put(value);
  return control;
}

function makeSelect(choices, value, read) {
  const control = html`<select>${choices.map(([key, text]) => html`<option value=${key}>${text}</option>`)}</select>`;
  control.read = () => read(control.value);
  control.put = (wanted) => (control.value = String(wanted));
  control.put(value);
  return control;
}
