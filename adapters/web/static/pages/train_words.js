/** The words of a training: what brings the model in, what the subject is one of, and what samples show. */

import { fill, html, showRows } from "../lib/dom.js";
import { badge, button, field } from "../lib/pieces.js";
import { say } from "../lib/words.js";

const MAX_PROMPTS = 6;

/** Make the fields; `use(offering)` fits them to an offering, `showErrors(map)` and `check()` speak of mistakes. */
export function makeWords(form, changed) {
  const chips = html`<p class="row trigger-chips" aria-live="polite"></p>`;
  const trigger = typed("trigger_words", say("mycat"), 300);
  const triggerField = field(say("Trigger words"), trigger, {
    help: say(
      "They bring your model into a prompt. Take one to four that mean nothing else, with commas between.",
    ),
  });
  const kind = typed("class_prompt", say("a photo of a dog"), 1000);
  const kindField = field(say("Class prompt"), kind, {
    help: say("What your subject is one of. Pictures of that are drawn, so that it is not forgotten."),
  });
  const prompts = makePrompts(form, changed);
  const made = html`<section class="stack train-part">
    <h2>${say("Words")}</h2>
    ${triggerField}${chips}${kindField}${prompts}
  </section>`;
  const showChips = () =>
    fill(
      chips,
      splitWords(trigger.value).map((word) => badge(word)),
    );
  for (const control of [trigger, kind]) {
    control.value = form[control.name];
    control.addEventListener("input", () => {
      form[control.name] = control.value;
      showChips();
      changed();
    });
  }
  made.use = (offering) => {
    kindField.hidden = !offering.takes_class_prompt;
    if (!offering.takes_class_prompt) form.class_prompt = "";
    kind.value = form.class_prompt;
  };
  made.showErrors = (errors) => {
    triggerField.showError(errors.get("trigger_words") ?? "");
    kindField.showError(errors.get("class_prompt") ?? "");
    prompts.showError(errors.get("sample_prompts") ?? "");
  };
  made.check = () => {
    const missing = [];
    if (!splitWords(trigger.value).length)
      missing.push(["trigger_words", say("Give the word that brings your model in.")]);
    if (!kindField.hidden && !kind.value.trim())
      missing.push(["class_prompt", say("Say what your subject is one of.")]);
    return missing;
  };
  showChips();
  return made;
}

/** Suggest a trigger word: the dataset's name in one word; a name of one word gets letters that make it unlike any other. */
export function suggestWord({ id, name }) {
  const parts = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  if (!parts.length) return "";
  const letters = parts.length > 1 ? "" : id.replace(/^ds_|[^a-z]/g, "").slice(0, 2);
  return parts.join("").slice(0, 20) + letters;
}

const splitWords = (text) => [
  ...new Set(
    text
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean),
  ),
];

function typed(name, example, length) {
  return html`<input name=${name} placeholder=${example} maxlength=${length} autocomplete="off" autocapitalize="none" spellcheck="false" />`;
}

function makePrompts(form, changed) {
  const list = html`<ol class="stack"></ol>`;
  const error = html`<p class="field-error" id="prompts-error" aria-live="polite"></p>`;
  const ids = form.sample_prompts.map((_, index) => index);
  let next = ids.length;
  const add = button(
    say("Add a prompt"),
    () => {
      ids.push(next++);
      form.sample_prompts.push("");
      show();
      list.lastElementChild.querySelector("input").focus();
    },
    { kind: "small", icon: "add" },
  );
  const makeRow = (id) => {
    const at = () => ids.indexOf(id);
    const input = html`<input maxlength="600" aria-label=${say("Sample prompt")} aria-describedby="prompts-help prompts-error" .value=${form.sample_prompts[at()]} />`;
    input.addEventListener("input", () => {
      form.sample_prompts[at()] = input.value;
      changed();
    });
    const remove = button(
      "",
      () => {
        form.sample_prompts.splice(at(), 1);
        ids.splice(at(), 1);
        show();
        changed();
        (list.lastElementChild?.querySelector("input") ?? add).focus();
      },
      { kind: "quiet bare", icon: "trash", label: say("Remove this prompt") },
    );
    return html`<li class="row prompt-row">${input}${remove}</li>`;
  };
  const show = () => {
    showRows(list, ids, (id) => id, makeRow);
    add.hidden = ids.length >= MAX_PROMPTS;
  };
  const made = html`<div class="stack prompts">
    <h3>${say("Sample prompts")}</h3>
    <p class="field-help" id="prompts-help">${say("Pictures of these are drawn on the way, so that you see it learn. Put a trigger word in. Without any, the trigger words alone are drawn.")}</p>
    ${list}${error}<div>${add}</div>
  </div>`;
  made.showError = (text) => {
    fill(error, text);
    for (const input of list.querySelectorAll("input"))
      input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  show();
  return made;
}
