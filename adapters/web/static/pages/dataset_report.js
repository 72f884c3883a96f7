/** The free health check of a dataset: what to mend, how it is cut, which offerings fit and what they cost. */

import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { badge, button, complain, empty, linkButton } from "../lib/pieces.js";
import { count, mark, number, pictures, points, say, size } from "../lib/words.js";
import { getThumbnail } from "./dataset_items.js";

/** What can be wrong with pictures, by the name that the report and the address have for it. */
export const FINDINGS = {
  uncaptioned: [mark("Without a caption"), mark("Say in a few words what is to be seen; what captions name can be changed later by the prompt.")],
  too_small: [mark("Too small"), mark("Smaller than what the model draws; they are enlarged and blur the result.")],
  blurred: [mark("Blurred or empty"), mark("The model learns blur as well as shape. Remove them unless it is meant so.")],
  extreme_aspect: [mark("Very wide or tall"), mark("Much of them is cut away. Crop them to what matters.")],
};
const SHOWN = 12;

/** Make the tab; it checks when it is opened, and again when the pictures have changed. */
export function makeReportTab(items, signal) {
  const made = html`<div class="stack" aria-live="polite"></div>`;
  const check = async () => {
    try {
      const report = await api.get(`${items.path}/report`, { signal });
      fill(made, report.items ? showReport(items, report, check) : nothing());
    } catch (error) {
      complain(error);
      fill(made, empty("warning", say("The check did not work"), error.message, button(say("Try again"), check)));
    }
  };
  fill(made, html`<div class="skeleton report-wait"></div>`);
  check();
  return made;
}

function nothing() {
  return empty("datasets", say("No pictures yet"), say("The check is free: it finds twins, blur and missing captions before you pay for anything."));
}

function showReport(items, report, check) {
  const fits = report.offerings.some((offering) => offering.fits);
  const groups = report.near_duplicate_groups;
  const found = Object.keys(FINDINGS).filter((name) => report[name].length);
  const isClean = !found.length && !groups.length;
  return html`<div class="stack">
    <section class="card"><div class="row spread">
      <div><h2>${isClean ? say("Nothing to mend") : say("What could be better")}</h2>
        <p class="quiet">${pictures(report.items)} · ${size(report.total_bytes)} · ${say("checked for free")}</p></div>
      <div class="actions">${button(say("Check again"), check, { kind: "small" })}
        ${fits ? linkButton(say("Train on this dataset"), `/train?dataset=${items.dataset.id}`, { kind: "primary", icon: "train" }) : null}</div></div>
    </section>
    ${isClean ? html`<p class="note good">${icon("check")}<span>${say("This dataset is ready.")}</span></p>` : null}
    ${found.map((name) => showFinding(items, name, report[name]))}
    ${groups.length ? showTwins(items, groups, check) : null}
    ${showOfferings(items, report.offerings)}
  </div>`;
}

function showFinding(items, name, ids) {
  const [title, text] = FINDINGS[name];
  const rest = ids.length - SHOWN;
  return html`<section class="card">
    <div class="row spread"><h3>${say(title)} ${badge(pictures(ids.length), "warn")}</h3>
      <a class="button small" href="/datasets/${items.dataset.id}?show=${name}">${say("Show them")}</a></div>
    <p class="quiet">${say(text)}</p>
    <div class="row strip">${ids.slice(0, SHOWN).map((id) => picture(items, id))}${rest > 0 ? html`<span class="quiet">+ ${number(rest)}</span>` : null}</div>
  </section>`;
}

function picture(items, id) {
  const item = items.find(id) ?? { id, dataset: items.dataset.id, filename: "" };
  return html`<a href="/datasets/${items.dataset.id}?item=${id}"><img class="strip-picture" src=${getThumbnail(item)} alt=${item.filename || say("Picture")} width="88" height="88" loading="lazy" /></a>`;
}

function showTwins(items, groups, check) {
  const keep = async (kept, group) => {
    await items.remove(group.filter((id) => id !== kept));
    await check();
  };
  const show = (group) => html`<li class="twins">${group.map((id) => {
    const item = items.find(id);
    return html`<figure>${picture(items, id)}
      <figcaption class="small-text quiet">${item ? `${number(item.width_px)} × ${number(item.height_px)}` : ""}</figcaption>
      ${button(say("Keep this one"), () => keep(id, group), { kind: "small" })}</figure>`;
  })}</li>`;
  return html`<section class="card">
    <h3>${say("Look alike")} ${badge(count(groups.length, "{n} group", "{n} groups"), "warn")}</h3>
    <p class="quiet">${say("The same picture twice is learned twice as hard. Keep the best of each group; the others are removed, and you can undo it.")}</p>
    <ul class="stack">${groups.slice(0, 50).map(show)}</ul>
  </section>`;
}

function showOfferings(items, offerings) {
  return html`<section class="card">
    <h2>${say("What it can be trained with")}</h2>
    <p class="quiet">${say("Prices are for the usual settings; the training page shows yours.")}</p>
    <ul class="offers">${offerings.map((offering) => showOffering(items, offering))}</ul>
  </section>`;
}

function showOffering(items, offering) {
  const steps = count(offering.steps, "{n} step", "{n} steps");
  return html`<li>
    <div class="row spread">
      <h3>${offering.name} ${offering.fits ? badge(say("fits"), "good") : badge(say("does not fit"), "warn")}</h3>
      <span><strong>${points(offering.price_points)}</strong> <span class="quiet">· ${steps}</span></span>
    </div>
    ${offering.fits ? null : html`<p class="quiet">${offering.reason}</p>`}
    <details><summary>${say("How pictures are cut")}</summary>${histogram(offering.buckets)}</details>
    ${offering.fits ? html`<a href="/train?dataset=${items.dataset.id}&offering=${offering.offering}">${say("Train with {name}", { name: offering.name })}</a>` : null}
  </li>`;
}

/** How many pictures are trained at which size, as bars. */
function histogram(buckets) {
  const most = Math.max(1, ...buckets.map((bucket) => bucket.items));
  const row = (bucket) => {
    const bar = html`<span class="bucket-bar"></span>`;
    bar.style.width = `${(100 * bucket.items) / most}%`;
    return html`<tr><th scope="row">${bucket.width_px} × ${bucket.height_px}</th><td class="bucket">${bar}</td><td class="number">${number(bucket.items)}</td></tr>`;
  };
  return html`<table class="buckets"><caption class="visually-hidden">${say("Pictures by size")}</caption><tbody>${buckets.map(row)}</tbody></table>`;
}
