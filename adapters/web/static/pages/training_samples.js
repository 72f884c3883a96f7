/** What a training draws on its way: pictures by prompt and step, and a slider between two of them. */

import { address } from "../lib/api.js";
import { fill, html, showRows } from "../lib/dom.js";
import { button, field, linkButton } from "../lib/pieces.js";
import { number, say } from "../lib/words.js";

/** Make the part; `set(job)` shows the samples there are. */
export function makeSamples({ params }) {
  const all = linkButton(say("Download all"), address(`/trainings/${params.id}/samples`), { kind: "small", icon: "download", download: true });
  const rows = html`<div class="stack"></div>`;
  const compare = makeCompare();
  const made = html`<section class="card samples" hidden><div class="row spread"><h2>${say("Samples")}</h2>${all}</div>${compare}${rows}</section>`;
  let known = 0;
  made.set = (job) => {
    if (job.samples.length === known) return;
    known = job.samples.length;
    made.hidden = !known;
    const prompts = groupByPrompt(job);
    compare.set(prompts);
    const pick = (prompt, picture) => compare.pick(prompt, picture);
    showRows(
      rows,
      prompts,
      ({ prompt }) => prompt,
      (group) => makeStrip(group, pick),
      (row, group) => row.set(group),
    );
  };
  return made;
}

function groupByPrompt({ id, samples }) {
  const groups = new Map();
  for (const { step, prompt, file } of samples) {
    const source = address(`/trainings/${id}/samples/${file.name}`);
    const steps = groups.get(prompt) ?? new Map();
    groups.set(prompt, steps.set(step, { step, source, key: file.name }));
  }
  return [...groups].map(([prompt, steps]) => ({
    prompt,
    pictures: [...steps.values()].sort((a, b) => a.step - b.step),
  }));
}

/** One prompt's pictures, by step; a press puts one beside the first. */
function makeStrip(group, pick) {
  const list = html`<ol class="sample-strip"></ol>`;
  const made = html`<div class="stack sample-row"><h3>${group.prompt}</h3>${list}</div>`;
  const makePicture = (picture) => {
    const step = say("Step {step}", { step: number(picture.step) });
    const press = html`<button type="button" class="sample" aria-label=${say("Compare step {step}", { step: number(picture.step) })}>
      <img src=${picture.source} alt="" width="112" height="112" loading="lazy" /><span aria-hidden="true">${step}</span>
    </button>`;
    press.addEventListener("click", () => pick(group.prompt, picture));
    return html`<li>${press}</li>`;
  };
  made.set = ({ pictures }) => showRows(list, pictures, ({ key }) => key, makePicture);
  made.set(group);
  return made;
}

/** Two pictures of one prompt, one over the other, with a slider between them. */
function makeCompare() {
  const before = html`<img alt="" />`;
  const after = html`<img class="after" alt="" />`;
  const slider = html`<input type="range" min="0" max="100" value="50" aria-label=${say("Where the earlier picture ends and the later one begins")} />`;
  const stage = html`<div class="compare">${before}${after}<span class="compare-line" aria-hidden="true"></span>${slider}</div>`;
  const prompt = html`<select></select>`;
  const first = html`<select></select>`;
  const last = html`<select></select>`;
  const newest = button(say("Show the newest"), () => follow(), { kind: "small", icon: "next" });
  const promptField = field(say("Prompt"), prompt);
  const made = html`<div class="compare-part">${stage}<div class="stack">
    ${promptField}${field(say("Left"), first)}${field(say("Right"), last)}
    <div>${newest}</div>
  </div></div>`;
  let groups = [];
  let isPicked = false;
  const cut = () => stage.style.setProperty("--cut", `${slider.value}%`);
  const getGroup = () => groups.find((group) => group.prompt === prompt.value) ?? groups[0];
  const draw = () => {
    const { pictures } = getGroup();
    made.hidden = groups.every((group) => group.pictures.length < 2);
    newest.hidden = !isPicked;
    for (const [image, select] of [
      [before, first],
      [after, last],
    ]) {
      const picture = pictures.find(({ step }) => String(step) === select.value) ?? pictures[0];
      if (image.getAttribute("src") !== picture.source) image.src = picture.source;
      image.alt = say("“{prompt}” at step {step}", { prompt: getGroup().prompt, step: number(picture.step) });
    }
  };
  const showSteps = (left, right) => {
    const { pictures } = getGroup();
    const steps = () =>
      pictures.map(
        ({ step }) => html`<option value=${step}>${say("Step {step}", { step: number(step) })}</option>`,
      );
    fill(first, steps());
    fill(last, steps());
    first.value = pictures.some(({ step }) => String(step) === left) ? left : pictures[0].step;
    last.value = pictures.some(({ step }) => String(step) === right) ? right : pictures.at(-1).step;
    draw();
  };
  const follow = () => {
    isPicked = false;
    showSteps(first.value);
  };
  made.set = (found) => {
    const chosen = prompt.value;
    groups = found;
    fill(
      prompt,
      groups.map((group) => html`<option value=${group.prompt}>${group.prompt}</option>`),
    );
    prompt.value = groups.some((group) => group.prompt === chosen) ? chosen : groups[0].prompt;
    promptField.hidden = groups.length < 2;
    showSteps(first.value, isPicked ? last.value : null);
  };
  made.pick = (wanted, { step }) => {
    isPicked = true;
    prompt.value = wanted;
    showSteps(first.value, String(step));
    slider.value = 50;
    cut();
    stage.scrollIntoView({ block: "nearest" });
  };
  slider.addEventListener("input", cut);
  prompt.addEventListener("change", () => showSteps(first.value, last.value));
  first.addEventListener("change", draw);
  last.addEventListener("change", () => ((isPicked = true), draw()));
  cut();
  return made;
}
