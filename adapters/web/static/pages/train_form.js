/** The form of one dataset's training: it keeps itself as a draft, asks for the price as it changes, and submits. */

import { showBalance } from "../app.js";
import { api, makeKey, Problem } from "../lib/api.js";
import { dropDraft, keepDraft, readDraft } from "../lib/drafts.js";
import { html } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { button, complain } from "../lib/pieces.js";
import { debounce } from "../lib/timing.js";
import { say } from "../lib/words.js";
import { findFit, pickOffering } from "./train_offerings.js";
import { makeReview } from "./train_review.js";
import { makeSettings } from "./train_settings.js";
import { makeWords, suggestWord } from "./train_words.js";

const WAIT_MS = 350;
const WORDS = ["trigger_words", "class_prompt", "sample_prompts"];

/** Make the form; `about` is {dataset, offerings, bases, start, again, place, report, signal}. */
export function makeForm(about) {
  const { offerings, start, again, place, report, signal } = about;
  const name = ["train", report.dataset, start?.id, again?.id].filter(Boolean).join(":");
  const form = begin(about, readDraft(name));
  const priceSoon = debounce(() => price().catch(complain), WAIT_MS);
  let asking = new AbortController();
  const getOffering = () => offerings.find(({ id }) => id === form.offering);

  const changed = () => {
    keepDraft(name, form);
    review.wait();
    priceSoon();
  };
  const price = async () => {
    asking.abort();
    const mine = (asking = new AbortController());
    const bounds = AbortSignal.any([signal, mine.signal]);
    try {
      await quote(bounds);
    } catch (error) {
      if (error.name !== "AbortError") review.fail(error.message);
    }
  };
  /** Price what stands there. A word that is refused is said at its field and left out, so that a price comes. */
  const quote = async (bounds) => {
    const errors = new Map(settings.check());
    const body = makeBody(form, report.dataset, start);
    if (errors.size) return showErrors(errors, null);
    for (const word of ["trigger_words", "class_prompt"]) if (!body[word]?.length) delete body[word];
    for (;;) {
      try {
        const answer = await api.post(`/training-offerings/${form.offering}/quote`, body, { signal: bounds });
        return showErrors(errors, answer);
      } catch (error) {
        const [place, what] = locate(error);
        if (!place) throw error;
        errors.set(place, what);
        if (!WORDS.includes(place)) return showErrors(errors, null);
        delete body[place];
      }
    }
  };
  const showErrors = (errors, answer) => {
    words.showErrors(errors);
    settings.show(errors, answer?.params);
    review.show(answer, errors);
  };
  const submit = async () => {
    const body = makeBody(form, report.dataset, start);
    const errors = new Map([...settings.check(), ...words.check()]);
    if (errors.size) {
      showErrors(errors, review.answer);
      return focusFirst(made);
    }
    try {
      const training = await api.post("/trainings", { ...body, offering: form.offering }, { key: form.key });
      dropDraft(name);
      showBalance();
      place.go(`/trainings/${training.id}`);
    } catch (error) {
      const [where, what] = locate(error);
      if (error.code === "conflict") return review.conflict();
      if (!where) return review.fail(error.message);
      showErrors(new Map([[where, what]]), null);
      focusFirst(made);
    }
    return null;
  };
  const startAnew = () => {
    form.key = makeKey();
    changed();
  };
  const pick = (id) => {
    form.offering = id;
    place.setQuery({ offering: id });
    settings.use(getOffering(), (form.params[id] ??= {}));
    words.use(getOffering());
    changed();
  };

  const review = makeReview({ submit, startAnew });
  const words = makeWords(form, changed);
  const settings = makeSettings(start, changed);
  const reset = button(
    say("Begin anew"),
    () => (dropDraft(name), place.go(location.pathname + location.search, { replace: true })),
    { kind: "quiet small", icon: "undo" },
  );
  const made = html`<div class="train-columns">
    <div class="stack train-parts">${pickOffering(about, form, pick)}${words}${settings}<div>${reset}</div></div>
    ${review}
  </div>`;
  window.addEventListener(
    "storage",
    (event) => event.key === `draft:${name}` && event.newValue === null && review.conflict(),
    { signal },
  );
  listen({ tell: (kind) => kind === "notification" && price(), refresh: price, signal });
  settings.use(getOffering(), (form.params[form.offering] ??= {}));
  words.use(getOffering());
  place.setQuery({ offering: form.offering });
  price();
  return made;
}

/** Begin with the draft, or with what is to be trained again or further, or with an offering and a word that fit. */
function begin({ dataset, offerings, report, start, again, place }, draft) {
  const wanted = place.query.get("offering");
  const known = (id) => offerings.some((offering) => offering.id === id && offering.status === "available");
  const spec = again?.spec;
  const fresh = {
    key: makeKey(),
    offering: spec?.offering ?? findFit(offerings, report, start),
    base_model: spec?.base_model.id ?? "",
    trigger_words: (spec ?? start)?.trigger_words.join(", ") ?? suggestWord(dataset),
    class_prompt: spec?.class_prompt ?? "",
    sample_prompts: spec ? [...spec.sample_prompts] : [""],
    params: spec ? { [spec.offering]: keepChanged(offerings, spec) } : {},
  };
  const form = { ...fresh, ...draft };
  if (wanted && known(wanted)) form.offering = wanted;
  if (!known(form.offering)) form.offering = findFit(offerings, report, start);
  return form;
}

/** Keep the settings that were not the offering's own. */
function keepChanged(offerings, { offering: id, params }) {
  const offering = offerings.find((known) => known.id === id);
  const changed =
    offering?.params.filter(({ name, default: usual }) => name in params && params[name] !== usual) ?? [];
  return Object.fromEntries(changed.map(({ name }) => [name, params[name]]));
}

function makeBody(form, dataset, start) {
  return {
    dataset,
    base_model: form.base_model,
    start_from: start?.id ?? "",
    trigger_words: form.trigger_words
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean),
    class_prompt: form.class_prompt.trim(),
    sample_prompts: form.sample_prompts.map((prompt) => prompt.trim()).filter(Boolean),
    params: form.params[form.offering] ?? {},
  };
}

/** Find the field that a problem is about, and what is wrong with it. */
function locate(error) {
  if (!(error instanceof Problem) || !error.fields.length) return [];
  const [{ where, what }] = error.fields;
  const [, first, second] = where.split(".");
  return [first === "params" && second ? second : first, what];
}

function focusFirst(form) {
  const wrong = form.querySelector('[aria-invalid="true"]');
  const folded = wrong?.closest("details");
  if (folded) folded.open = true;
  wrong?.focus();
}
