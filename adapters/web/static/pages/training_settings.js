/** What a training was bought with: its offering, words and settings, those that were changed first. */

import { api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { badge, complain, facts } from "../lib/pieces.js";
import { groupSettings, nameSetting, nameUnit, showValue } from "../lib/settings.js";
import { say } from "../lib/words.js";

/** Make the part; the offering is read when it is opened, and may be gone by then. */
export function showSettings({ spec, dataset, dataset_name: name }, signal) {
  const list = html`<div class="stack"></div>`;
  const made = html`<details class="card"><summary>${say("Settings")}</summary>
    ${facts([
      [say("Dataset"), html`<a href="/datasets/${dataset}">${name}</a>`],
      [say("Offering"), spec.offering],
      [say("Base model"), spec.base_model.name],
      [
        say("Trains further"),
        spec.start && html`<a href="/models/${spec.start.model}">${say("an earlier model")}</a>`,
      ],
      [say("Trigger words"), spec.trigger_words.join(", ")],
      [say("Class prompt"), spec.class_prompt],
      [say("Sample prompts"), spec.sample_prompts.join(" · ")],
    ])}${list}
  </details>`;
  made.addEventListener("toggle", () => {
    if (made.open && !list.firstChild)
      readUsual(spec, signal)
        .then((usual) => fill(list, listSettings(spec.params, usual)))
        .catch(complain);
  });
  return made;
}

async function readUsual({ offering }, signal) {
  const found = await api
    .get(`/training-offerings/${offering}`, { signal })
    .catch((error) => (error.status === 404 ? null : Promise.reject(error)));
  return new Map(found?.params.map((param) => [param.name, param.default]) ?? []);
}

function listSettings(params, usual) {
  const groups = groupSettings(Object.keys(params).map((name) => ({ name })));
  return groups.map(
    ([title, found]) =>
      html`<section class="stack"><h3>${title}</h3>${facts(
        found.map(({ name }) => {
          const isChanged = usual.has(name) && usual.get(name) !== params[name];
          const value = [showValue(params[name]), nameUnit(name)].filter(Boolean).join(" ");
          return [
            nameSetting(name),
            html`<span class="row">${value}${isChanged ? badge(say("changed"), "busy") : null}</span>`,
          ];
        }),
      )}</section>`,
  );
}
