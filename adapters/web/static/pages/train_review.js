/** The price of a training before it is bought: its lines, the balance, what is held and what comes back. */

import { fill, html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { button, linkButton } from "../lib/pieces.js";
import { nameSetting } from "../lib/settings.js";
import { count, number, points, say } from "../lib/words.js";

/** Make the review; `show(answer, errors)` takes a quote, `wait()` says that another is coming. */
export function makeReview({ submit, startAnew }) {
  const lines = html`<div class="price-lines"></div>`;
  const balance = html`<div class="price-lines"></div>`;
  const notes = html`<div class="stack" aria-live="polite"></div>`;
  const buy = button(say("Train"), submit, { kind: "primary", icon: "train" });
  const made = html`<section class="card train-review" aria-labelledby="train-review">
    <h2 id="train-review">${say("Price")}</h2>
    ${lines}${balance}${notes}${buy}
    <ul class="stack small-text quiet refunds">
      <li>${say("The price is held now and charged at the end.")}</li>
      <li>${say("If the training fails, everything comes back.")}</li>
      <li>${say("If you cancel it or it stops early, only the steps that were made are charged; the rest comes back.")}</li>
    </ul>
  </section>`;
  const tell = (tone, text, ...more) =>
    fill(notes, html`<div class="note ${tone}">${icon("info")}<div class="stack">${text}${more}</div></div>`);
  made.answer = null;
  made.wait = () => lines.setAttribute("aria-busy", "true");
  made.fail = (text) => {
    lines.removeAttribute("aria-busy");
    tell("bad", html`<p>${text}</p>`);
  };
  made.conflict = () =>
    tell(
      "warn",
      html`<p>${say("This form has been sent already, perhaps in another tab.")}</p>`,
      html`<div class="actions">${linkButton(say("Look at my trainings"), "/trainings", { kind: "small" })}
        ${button(say("Make it another training"), () => (fill(notes), startAnew()), { kind: "small" })}</div>`,
    );
  made.show = (answer, errors) => {
    lines.removeAttribute("aria-busy");
    fill(notes);
    made.answer = answer;
    lines.classList.toggle("old", !answer);
    balance.classList.toggle("old", !answer);
    if (answer) {
      fill(lines, priceLines(answer.quote));
      fill(balance, balanceLines(answer));
    }
    const text = answer ? say("Train for {points}", { points: points(answer.quote.points) }) : say("Train");
    fill(buy.querySelector("span"), text);
    buy.disabled = !answer || !answer.covered;
    if (answer && !answer.covered) tell("warn", ...lacking(answer));
    if (!answer)
      tell("bad", html`<p>${say("There is no price yet; mend this first:")}</p>`, listErrors(errors));
  };
  made.wait();
  return made;
}

function lacking({ quote, balance_points: balance }) {
  return [
    html`<p>${say("You lack {points}. Points come from whoever runs this place, and from topping up.", { points: points(quote.points - balance) })}</p>`,
    html`<div>${linkButton(say("Get points"), "/points", { kind: "small", icon: "points" })}</div>`,
  ];
}

function listErrors(errors) {
  const names = { dataset: say("Dataset"), start_from: say("Trains further"), base_model: say("Base model") };
  return html`<ul>${[...errors].map(([name, what]) => html`<li><strong>${names[name] ?? nameSetting(name)}</strong>: ${what}</li>`)}</ul>`;
}

/** The formula's lines with what each comes to; `quote` is a training's. */
export function priceLines(quote) {
  const { inputs } = quote;
  const scale = (inputs.resolution_px / inputs.native_resolution_px) ** inputs.resolution_exponent;
  const each = (inputs.points_per_1000_steps / 1000) * scale;
  const batch = inputs.train_batch_size * inputs.gradient_accumulation_steps * (inputs.class_images ? 2 : 1);
  const rows = [[say("Base price"), inputs.base_points]];
  const stepText = inputs.class_images
    ? say("{steps} steps × {n} pictures, half of them class images", {
        steps: number(inputs.steps),
        n: number(batch),
      })
    : count(batch, "{steps} steps × {n} picture", "{steps} steps × {n} pictures", {
        steps: number(inputs.steps),
      });
  rows.push([stepText, inputs.steps * batch * each]);
  if (inputs.class_images) {
    const facts = { n: number(inputs.class_images), steps: number(inputs.class_image_steps) };
    rows.push([
      say("{n} class images × {steps} steps", facts),
      inputs.class_images * inputs.class_image_steps * each,
    ]);
  }
  const sum = rows.reduce((total, [, value]) => total + value, 0);
  if (quote.points - sum > 0.005) rows.push([say("Rounded up"), quote.points - sum]);
  const rate = say("{rate} points for 1,000 pictures at {px} px", {
    rate: number(each * 1000, 2),
    px: number(inputs.resolution_px),
  });
  return html`<dl>${rows.map(([name, value]) => priceLine(name, number(value, 2)))}
    ${priceLine(say("Together"), points(quote.points), "total")}</dl>
    <p class="quiet small-text">${rate}</p>`;
}

function balanceLines({ quote, balance_points: balance, covered }) {
  return html`<dl>${priceLine(say("Your balance"), number(balance))}
    ${priceLine(say("Left afterwards"), number(balance - quote.points), covered ? "" : "lacking")}</dl>`;
}

function priceLine(name, value, kind = "") {
  return html`<div class=${kind}><dt>${name}</dt><dd>${value}</dd></div>`;
}
