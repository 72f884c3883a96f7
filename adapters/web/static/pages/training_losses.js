/** The loss of a training as a curve that grows while it trains. */

import { api } from "../lib/api.js";
import { lineChart, smooth } from "../lib/charts.js";
import { complain, hasEnded } from "../lib/pieces.js";
import { measure, number, say } from "../lib/words.js";

const READ_EVERY_MS = 2000;

/** Make the curve; `read(job)` reads it whole, `follow(job)` reads what has come to it, now and then. */
export function makeLosses(job, signal) {
  const chart = lineChart(say("Loss"), { xName: say("Step"), describe });
  const made = chart;
  made.classList.add("card");
  let losses = new Map();
  let validation = new Map();
  let timer = 0;
  const show = () => {
    const points = [...losses].sort((a, b) => a[0] - b[0]);
    made.hidden = points.length < 2;
    chart.set([
      { name: say("each step"), tone: "faint", points },
      { name: say("smoothed"), tone: "main", points: smooth(points) },
      { name: say("pictures kept out"), tone: "dots", points: [...validation].sort((a, b) => a[0] - b[0]) },
    ]);
  };
  const readFrom = async (after) => {
    const found = await api.get(`/trainings/${job.id}/metrics?after=${after}`, { signal });
    for (const { step, loss } of found.points) losses.set(step, loss);
    for (const { step, loss } of found.validation) validation.set(step, loss);
    show();
  };
  made.read = async () => {
    losses = new Map();
    validation = new Map();
    await readFrom(-1);
  };
  made.follow = (now) => {
    if (timer || hasEnded(now.status)) return;
    timer = setTimeout(async () => {
      timer = 0;
      const last = Math.max(-1, ...losses.keys());
      if (now.progress.step < last) return made.read().catch(complain); // it went back to a checkpoint
      // A measurement comes in a moment after its step: what is behind the last one is read again.
      return readFrom(now.spec.params.validation_share ? Math.max(-1, ...validation.keys()) : last).catch(
        complain,
      );
    }, READ_EVERY_MS);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return made;
}

function describe([, { points }, { points: measured }]) {
  if (points.length < 2) return "";
  const [first, last] = [points[Math.min(20, points.length >> 2)], points.at(-1)];
  const facts = { steps: number(last[0]), from: measure(first[1]), to: measure(last[1]) };
  const text = say("After {steps} steps the smoothed loss went from {from} to {to}.", facts);
  if (!measured.length) return text;
  const best = measured.reduce((low, point) => (point[1] < low[1] ? point : low));
  return `${text} ${say("On pictures kept out it was lowest at step {step}: {loss}.", { step: number(best[0]), loss: measure(best[1]) })}`;
}
