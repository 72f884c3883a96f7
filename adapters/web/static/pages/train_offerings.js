/** The offerings as cards: what each is for, what it costs for this dataset, and whether it fits. */

import { html } from "../lib/dom.js";
import { badge } from "../lib/pieces.js";
import { count, mark, points, say } from "../lib/words.js";

const METHODS = {
  lora: mark("Styles, characters and things; the usual choice."),
  "hyper-lora": mark("Draws in a few steps: quick pictures."),
  dreambooth: mark("One subject, without forgetting what it is one of."),
};

/** Choose the first offering that this dataset fits, of the family and kind that a further training needs. */
export function findFit(offerings, report, start) {
  const fits = offerings.filter((offering) => !refuse(offering, report, start));
  return (fits[0] ?? offerings.find(({ status }) => status === "available") ?? offerings[0]).id;
}

/** Say why an offering cannot be taken; nothing when it can. */
function refuse(offering, report, start) {
  const { min_images: least, max_images: most, status } = offering;
  if (status !== "available") return say("Comes later.");
  if (start && offering.output !== "lora")
    return say("Trains a whole model, which cannot start from a LoRA.");
  if (start && offering.family !== start.family)
    return say("For another family than the model that is trained further.");
  const facts = { least, most, n: report.items };
  if (report.items < least || report.items > most)
    return say("Takes {least} to {most} pictures; this dataset has {n}.", facts);
  const fit = report.offerings.find(({ offering: id }) => id === offering.id);
  return fit && !fit.fits ? fit.reason : "";
}

/** Make the cards, a group for each base model; `pick(id)` is told of the choice. */
export function pickOffering({ offerings, bases, report, start }, form, pick) {
  const groups = new Map();
  for (const offering of offerings) {
    const base = bases.get(offering.base_models[0])?.name ?? offering.base_models[0];
    groups.set(base, [...(groups.get(base) ?? []), offering]);
  }
  const made = html`<fieldset class="stack train-part">
    <legend><h2>${say("Training")}</h2></legend>
    ${[...groups].map(
      ([
        base,
        found,
      ]) => html`<details class="offering-group" ?open=${found.some(({ id }) => id === form.offering)}>
      <summary>${base} <span class="quiet small-text">${nameLeast(found, report)}</span></summary>
      <div class="cards">${found.map((offering) => card(offering, report, start, form.offering))}</div>
    </details>`,
    )}
    ${pickBase(offerings, bases, form, pick)}
  </fieldset>`;
  made.addEventListener("change", (event) => {
    if (event.target.name !== "offering") return;
    form.base_model = "";
    pick(event.target.value);
    made.replaceBase();
  });
  return made;
}

/** Say from how many points on a group's trainings can be had. */
function nameLeast(found, report) {
  const prices = report.offerings
    .filter(({ offering }) => found.some(({ id }) => id === offering))
    .map((fit) => fit.price_points);
  return prices.length ? say("from {points}", { points: points(Math.min(...prices)) }) : "";
}

function card(offering, report, start, chosen) {
  const reason = refuse(offering, report, start);
  const fit = report.offerings.find(({ offering: id }) => id === offering.id);
  const use = METHODS[offering.method];
  const id = `offering-${offering.id}`;
  return html`<label class="card offering ${reason && "unfit"}" for=${id}>
    <span class="offering-name">
      <input type="radio" name="offering" id=${id} value=${offering.id} aria-labelledby="${id}-name" aria-describedby="${id}-about"
        ?checked=${offering.id === chosen} ?disabled=${reason && offering.id !== chosen} />
      <strong id="${id}-name">${offering.name}</strong>
    </span>
    <span class="stack" id="${id}-about">
      ${use && html`<span>${say(use)}</span>`}
      ${offering.output === "checkpoint" ? html`<span>${badge(say("whole model"))}</span>` : null}
      <span class="quiet small-text">${offering.summary}</span>
      ${reason ? html`<span class="offering-reason small-text">${reason}</span>` : null}
      ${
        fit
          ? html`<span class="offering-price"><strong>${points(fit.price_points)}</strong>
        <span class="quiet small-text">${count(fit.steps, "for {n} step", "for {n} steps")}</span></span>`
          : null
      }
    </span>
  </label>`;
}

/** The base model, where an offering leaves a choice. */
function pickBase(offerings, bases, form, pick) {
  const made = html`<div class="field" hidden><label for="base-model">${say("Base model")}</label><select id="base-model"></select></div>`;
  const select = made.querySelector("select");
  const show = () => {
    const names = offerings.find(({ id }) => id === form.offering).base_models;
    made.hidden = names.length < 2;
    select.replaceChildren(
      ...names.map(
        (id) =>
          html`<option value=${id} ?selected=${id === form.base_model}>${bases.get(id)?.name ?? id}</option>`,
      ),
    );
  };
  select.addEventListener("change", () => {
    form.base_model = select.value;
    pick(form.offering);
  });
  show();
  queueMicrotask(() => (made.closest("fieldset").replaceBase = show));
  return made;
}
