/** The inbox: everything that happened while nobody was looking, the newest first. */

import { showUnread } from "../app.js";
import { api, take } from "../lib/api.js";
import { html, showRows } from "../lib/dom.js";
import { explainObstacle } from "../lib/jobs.js";
import { listen } from "../lib/live.js";
import { button, empty, pageHead } from "../lib/pieces.js";
import { ago, duration, mark, points, say } from "../lib/words.js";

const MOST = 200;
const STRANDED = {
  train: mark("Your training waits for a worker"),
  generate: mark("Your generation waits for a worker"),
  caption: mark("Your captions wait for a worker"),
};
const PAGES = {
  train: ({ job }) => `/trainings/${job}`,
  generate: ({ job }) => `/generations/${job}`,
  caption: ({ dataset }) => `/datasets/${dataset}`,
};

export async function open({ signal, setTitle }) {
  setTitle(say("Inbox"));
  const rows = html`<ul class="stack"></ul>`;
  const nothing = empty("inbox", say("Nothing yet"), say("When a training ends or a model earns, it is said here, and where the bot knows you."));
  const readAll = button(say("Mark all as read"), markAll, { icon: "check" });
  let news = [];

  async function show() {
    news = await take("/notifications", MOST, { signal });
    showRows(rows, news, (entry) => entry.id + Boolean(entry.read_at), newsRow);
    nothing.hidden = Boolean(news.length);
    readAll.disabled = news.every((entry) => entry.read_at);
    showUnread();
  }

  async function markAll() {
    for (const entry of news.filter((one) => !one.read_at)) await api.post(`/notifications/${entry.id}/read`);
    await show();
  }

  function newsRow(entry) {
    const { title, text, href } = describe(entry);
    const read = () => entry.read_at || api.post(`/notifications/${entry.id}/read`).then(showUnread);
    return html`<li class="card news ${entry.read_at ? "" : "fresh"}">
      <div class="row spread">
        <h2>${href ? html`<a href=${href} @click=${read}>${title}</a>` : title}</h2>
        <span class="quiet small-text">${ago(entry.created_at)}</span>
      </div>
      ${text && html`<p>${text}</p>`}
      ${entry.read_at ? null : html`<p><span class="badge busy">${say("new")}</span></p>`}
    </li>`;
  }

  await show();
  listen({ tell: (kind) => kind === "notification" && show(), refresh: show, signal });
  return html`<div class="stack">${pageHead(say("Inbox"), { actions: [readAll] })} ${rows} ${nothing}</div>`;
}

/** Put a notification into words: a title, a line, and the page it is about. */
function describe({ kind, data }) {
  const name = data.model_name ?? data.dataset_name ?? "";
  const costs = data.charged_points === undefined ? "" : say("Charged: {charged}, given back: {refunded}, took {time}.", {
    charged: points(data.charged_points), refunded: points(data.refunded_points), time: duration(data.duration_s),
  });
  const ended = data.error || costs;
  const training = `/trainings/${data.training}`;
  const generation = `/generations/${data.generation}`;
  const dataset = `/datasets/${data.dataset}`;
  switch (kind) {
    case "training_completed":
      return { title: say("“{name}” is ready", { name }), text: costs, href: `/models/${data.model}` };
    case "training_failed":
      return { title: say("The training on “{name}” failed", { name }), text: ended, href: training };
    case "training_cancelled":
      return { title: say("The training on “{name}” was cancelled", { name }), text: ended, href: training };
    case "generation_completed":
      return { title: say("Your pictures are ready"), text: costs, href: generation };
    case "generation_failed":
      return { title: say("Your pictures could not be drawn"), text: ended, href: generation };
    case "generation_cancelled":
      return { title: say("Your pictures were cancelled"), text: ended, href: generation };
    case "captions_completed":
      return { title: say("The captions of “{name}” are written", { name }), text: costs, href: dataset };
    case "captions_failed":
      return { title: say("The captions of “{name}” could not be written", { name }), text: ended, href: dataset };
    case "captions_cancelled":
      return { title: say("Writing the captions of “{name}” was cancelled", { name }), text: ended, href: dataset };
    case "job_stranded":
      return { title: say(STRANDED[data.job_kind]), text: `${explainObstacle(data.obstacle)} ${say("It starts by itself when one comes up. Until then you can cancel it and get all points back.")}`, href: PAGES[data.job_kind](data) };
    case "accounts_linked":
      return { title: say("You are one person now"), text: say("Two accounts of yours were put together."), href: "/account" };
    case "dataset_joined":
      return { title: say("{member} has joined “{name}”", { member: data.member, name }), text: say("They can add pictures and write captions."), href: `${dataset}?tab=sharing` };
    case "royalties_paid":
      return { title: say("Your models have earned {points}", { points: points(data.points) }), text: say("Others generated with them; the points are yours to spend."), href: "/points?tab=earnings" };
    case "picture_withdrawn":
      return { title: say("A picture of “{name}” was taken back", { name }), text: say("The model and what it earned stay as they are. You can train it again without the picture."), href: `/models/${data.model}` };
    case "signed_in":
      return { title: say("You signed in on the web"), text: say("If that was not you, sign out everywhere and tell the operator."), href: "/account" };
    default:
      return { title: say("News"), text: ended, href: null };
  }
}
