/** Who works on a dataset, what it is called, and how to take it along or give it up. */

import { Problem, address, api } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { ask, button, complain, copyButton, field, linkButton, toast } from "../lib/pieces.js";
import { ago, say } from "../lib/words.js";

export function makeSharingTab(items, { place, renamed }) {
  const { dataset } = items;
  return html`<div class="stack">
    ${dataset.own ? description(items, renamed) : null}
    ${dataset.own ? invitation(items) : null}
    ${members(items, place)}
    <section class="card">
      <h2>${say("Take it along")}</h2>
      <p class="quiet">${say("A zip of all pictures, each with its caption in a .txt beside it; it can be added to any dataset again.")}</p>
      <div class="actions">${linkButton(say("Download as a zip"), address(`${items.path}/export`), { icon: "download", download: true })}</div>
    </section>
    ${dataset.own ? deletion(items, place) : null}
  </div>`;
}

function description(items, renamed) {
  const { dataset } = items;
  const name = html`<input maxlength="100" .value=${dataset.name} required />`;
  const text = html`<textarea rows="3" .value=${dataset.description}></textarea>`;
  const box = field(say("Name"), name);
  const save = async () => {
    box.showError("");
    try {
      renamed(await api.patch(items.path, { name: name.value, description: text.value }));
      toast(say("Saved."));
    } catch (error) {
      if (!(error instanceof Problem) || !error.status) throw error;
      box.showError(error.message);
      name.focus();
    }
  };
  return html`<section class="card"><h2>${say("Name and description")}</h2>
    ${box}${field(say("Description"), text)}
    <div class="actions">${button(say("Save"), save, { kind: "primary" })}</div></section>`;
}

function invitation(items) {
  const place = html`<div class="stack" aria-live="polite"></div>`;
  const invite = async () => {
    const { code } = await api.post(`${items.path}/invitation`);
    const link = `${location.origin}/datasets?join=${code}`;
    fill(place, html`<p class="row"><strong class="mono code">${code}</strong>${copyButton(code, say("Copy the code"))}</p>
      <p class="row"><code>${link}</code>${copyButton(link, say("Copy the link"))}</p>
      <p class="quiet small-text">${say("It is shown this once and lasts a week. A new one ends this one.")}</p>`);
  };
  const end = async () => {
    await api.delete(`${items.path}/invitation`);
    fill(place);
    toast(say("The invitation has ended; who has joined stays."));
  };
  return html`<section class="card"><h2>${say("Invite people")}</h2>
    <p class="quiet">${say("Who joins sees the pictures, adds more and writes captions. They take part in what the models earn.")}</p>
    ${place}
    <div class="actions">${button(say("Make an invitation"), invite, { icon: "share", kind: "primary" })}${button(say("End the invitation"), end)}</div></section>`;
}

function members(items, place) {
  const list = html`<ul class="stack"></ul>`;
  const show = async () => {
    try {
      const { items: found } = await api.get(`${items.path}/members`, { signal: items.signal });
      fill(list, found.length ? found.map(row) : html`<li class="quiet">${say("Nobody has joined yet.")}</li>`);
    } catch (error) {
      complain(error);
    }
  };
  const row = (member) => html`<li class="row spread"><span>${member.display_name} <span class="quiet small-text">${say("joined {when}", { when: ago(member.created_at) })}</span></span>
    ${items.dataset.own ? button(say("Remove"), () => expel(member), { kind: "small", label: say("Remove {name}", { name: member.display_name }) }) : null}</li>`;
  const expel = async (member) => {
    const isSure = await ask(say("Remove {name}?", { name: member.display_name }), say("They no longer see this dataset. What they added stays."), say("Remove"), { danger: true });
    if (!isSure) return;
    await api.delete(`${items.path}/members/${member.id}`);
    await show();
  };
  const leave = async () => {
    if (!(await ask(say("Leave this dataset?"), say("What you added stays. To come back you need a new invitation."), say("Leave"), { danger: true }))) return;
    await api.delete(`/memberships/${items.dataset.id}`);
    place.go("/datasets");
  };
  show();
  return html`<section class="card"><h2>${say("Members")}</h2>${list}
    ${items.dataset.own ? null : html`<div class="actions">${button(say("Leave this dataset"), leave, { kind: "danger" })}</div>`}</section>`;
}

function deletion(items, place) {
  const remove = async () => {
    const text = say("All its pictures and captions go, for everybody who works on it. Models that were trained on it stay. It cannot be brought back.");
    if (!(await ask(say("Delete “{name}”?", { name: items.dataset.name }), text, say("Delete for good"), { danger: true }))) return;
    await api.delete(items.path);
    toast(say("Deleted."));
    place.go("/datasets", { replace: true });
  };
  return html`<section class="card"><h2>${say("Delete")}</h2>
    <p class="quiet">${say("Models that were trained on it stay; a training that runs is finished.")}</p>
    <div class="actions">${button(say("Delete this dataset"), remove, { kind: "danger", icon: "trash" })}</div></section>`;
}
