/** The account: name, language, theme, platforms, where one is signed in, and tokens for programs. */

import { address, api } from "../lib/api.js";
import { dropDrafts } from "../lib/drafts.js";
import { fill, html } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { ask, badge, button, copyButton, facts, field, linkButton, openDialog, pageHead, table, toast } from "../lib/pieces.js";
import { THEMES, applyTheme, readTheme } from "../lib/theme.js";
import { ago, moment, namePlatform, percent, say, size } from "../lib/words.js";

const LANGUAGES = [["en", "English"], ["de", "Deutsch"]];

export async function open({ signal, setTitle }) {
  setTitle(say("Account"));
  const me = await api.get("/me", { signal });
  const part = (title, make) => section(title, make, signal);
  return html`<div class="stack">
    ${pageHead(say("Account"), { actions: [button(say("Sign out"), signOut, { kind: "danger" })] })}
    <div class="columns">
      ${profile(me)} ${looks()}
      ${part(say("Platforms"), platforms)} ${part(say("Signed in"), sessions)}
    </div>
    ${part(say("Tokens for programs"), tokens)}
    ${leaving(me)}
  </div>`;
}

async function signOut() {
  await api.delete("/me/session");
  dropDrafts();
  location.assign("/");
}

/** A part of the page that reads its own records, and reads them anew when something in it was changed. */
function section(title, make, signal) {
  const content = html`<div class="stack"></div>`;
  const show = async () => fill(content, await make(show, signal));
  show().catch((error) => error.name === "AbortError" || fill(content, html`<p class="note bad">${error.message}</p>`));
  return html`<section class="card"><h2>${title}</h2>${content}</section>`;
}

function profile(me) {
  const name = html`<input maxlength="80" autocomplete="nickname" value=${me.display_name} />`;
  const language = html`<select>${LANGUAGES.map(([id, text]) => html`<option value=${id} ?selected=${id === me.locale}>${text}</option>`)}</select>`;
  const nameField = field(say("Name"), name, { help: say("What others see.") });
  const save = async () => {
    const changed = await api.patch("/me", { display_name: name.value, locale: language.value });
    if (changed.locale !== me.locale) location.reload();
    else toast(say("Saved."), { tone: "good" });
  };
  const quota = me.storage_bytes / me.quotas.max_storage_bytes;
  return html`<section class="card">
    <h2>${say("You")}</h2>
    ${nameField} ${field(say("Language"), language, { help: say("Of these pages and of the bot.") })}
    <div class="actions">${button(say("Save"), save, { kind: "primary" })}</div>
    ${facts([
      [say("Storage"), say("{used} of {all} ({share})", { used: size(me.storage_bytes), all: size(me.quotas.max_storage_bytes), share: percent(quota) })],
      [say("Account id"), html`<code>${me.id}</code>${copyButton(me.id)}`],
    ])}
  </section>`;
}

function looks() {
  const choices = THEMES.map(([name, text]) => {
    const radio = html`<input type="radio" name="theme" value=${name} ?checked=${readTheme() === name} @change=${() => applyTheme(name)} />`;
    return html`<label class="choice">${radio}<span>${say(text)}</span></label>`;
  });
  return html`<section class="card"><h2>${say("Theme")}</h2><fieldset><legend class="quiet">${say("Kept in this browser.")}</legend>${choices}</fieldset></section>`;
}

async function platforms(show, signal) {
  const asked = ["/me", "/me/identities", "/instance"].map((path) => api.get(path, { signal }));
  const [me, { items }, { sign_in_platforms: proving }] = await Promise.all(asked);
  const mute = async (platform, isMuted) => {
    const muted = isMuted ? [...new Set([...me.muted, platform])] : me.muted.filter((one) => one !== platform);
    await api.patch("/me", { muted });
    await show();
  };
  const rows = items.map((identity) => {
    const takes = html`<input type="checkbox" ?checked=${!me.muted.includes(identity.platform)}
      @change=${(event) => mute(identity.platform, !event.target.checked)} />`;
    const remove = async () => {
      const question = say("You will have to link {platform} again to use this account there.", { platform: namePlatform(identity.platform) });
      if (!(await ask(say("Take this platform off?"), question, say("Take it off"), { danger: true }))) return;
      await api.delete(`/me/identities/${identity.id}`);
      await show();
    };
    return html`<li class="stack">
      <div class="row spread"><h3>${namePlatform(identity.platform)}</h3>${items.length > 1 ? button(say("Take it off"), remove, { kind: "quiet small" }) : null}</div>
      <label class="choice">${takes}<span>${say("Send me direct messages there")}</span></label>
    </li>`;
  });
  const link = async () => {
    const { code } = await api.post("/me/link-codes");
    openDialog(say("Link a platform"), html`<div class="stack">
      <p>${say("Write this to the bot there, within ten minutes:")}</p>
      <p class="row"><code>/link ${code}</code>${copyButton(`/link ${code}`)}</p>
    </div>`, { onClose: show });
  };
  const known = items.map((identity) => identity.platform);
  const provable = proving.filter((platform) => !known.includes(platform)).map(linkByProof);
  return [html`<ul class="stack">${rows}</ul>`, html`<div class="actions">${provable} ${button(say("Link by a code"), link, { icon: "link" })}</div>`];
}

/** A button that leads to the platform itself, which proves who one is there; back here, one confirms. */
function linkByProof(platform) {
  const text = say("Link {platform}", { platform: namePlatform(platform) });
  return html`<form method="post" action=${`/sign-in/${platform}?next=/account`}><button class="button">${icon("link")}${text}</button></form>`;
}

function leaving(me) {
  const remove = () => {
    const name = html`<input autocomplete="off" required />`;
    const send = async () => {
      await api.post("/me/deletion", { name: name.value });
      dropDrafts();
      location.assign("/");
    };
    openDialog(say("Delete your account?"), html`<div class="stack">
      <p>${say("Your datasets, pictures, models and news are deleted on every platform, for good. Your points are lost. What was paid and earned stays in the ledger without your name.")}</p>
      ${field(say("Type your name to confirm: {name}", { name: me.display_name }), name)}
      <div class="actions end">${button(say("Delete my account"), send, { kind: "danger" })}</div>
    </div>`);
  };
  return html`<section class="card"><h2>${say("Your data")}</h2>
    <p>${say("Your pictures, captions, trainings, models, points and news, as one zip.")}</p>
    <div class="actions">
      ${linkButton(say("Download all that is yours"), address("/me/export"), { icon: "download", download: true })}
      ${button(say("Delete my account"), remove, { kind: "danger" })}
    </div>
  </section>`;
}

async function sessions(show, signal) {
  const [{ items }, own] = await Promise.all([api.get("/me/sessions", { signal }), api.get("/me/session", { signal })]);
  const rows = items.map((session) => {
    const isThis = session.id === own.session.id;
    const end = async () => (await api.delete(`/me/sessions/${session.id}`), show());
    return html`<li class="row spread">
      <div><p>${nameBrowser(session.client)}</p><p class="quiet small-text">${say("Last used {when}", { when: ago(session.last_used_at) })}</p></div>
      ${isThis ? badge(say("this one"), "good") : button(say("Sign out"), end, { kind: "quiet small" })}
    </li>`;
  });
  const endAll = async () => {
    if (!(await ask(say("Sign out everywhere?"), say("This browser is signed out as well."), say("Sign out everywhere"), { danger: true }))) return;
    await api.delete("/me/sessions");
    dropDrafts();
    location.assign("/");
  };
  return [html`<ul class="stack">${rows}</ul>`, html`<div class="actions">${button(say("Sign out everywhere"), endAll, { kind: "danger" })}</div>`];
}

/** Say which browser a session is in, from what it calls itself. */
function nameBrowser(client) {
  const browser = [["Firefox", /Firefox/], ["Edge", /Edg\//], ["Chrome", /Chrom/], ["Safari", /Safari/]].find(([, known]) => known.test(client));
  const system = [["Android", /Android/], ["iPhone", /iPhone/], ["Windows", /Windows/], ["macOS", /Mac OS/], ["Linux", /Linux/]].find(([, known]) => known.test(client));
  return browser ? [browser[0], system?.[0]].filter(Boolean).join(", ") : client || say("A browser");
}

async function tokens(show, signal) {
  const { items } = await api.get("/me/tokens", { signal });
  const alive = items.filter((token) => !token.revoked_at);
  const revoke = async (token) => {
    if (!(await ask(say("Revoke “{name}”?", { name: token.name }), say("Programs that use it stop working at once."), say("Revoke"), { danger: true }))) return;
    await api.delete(`/me/tokens/${token.id}`);
    await show();
  };
  const rows = alive.map((token) => html`<tr>
    <td>${token.name}</td><td>${token.scopes.join(", ")}</td>
    <td>${token.expires_at ? moment(token.expires_at) : say("never")}</td>
    <td>${token.last_used_at ? ago(token.last_used_at) : say("not yet")}</td>
    <td>${button(say("Revoke"), () => revoke(token), { kind: "quiet small" })}</td>
  </tr>`);
  const heads = [say("Name"), say("May"), say("Ends"), say("Last used"), html`<span class="visually-hidden">${say("Revoke")}</span>`];
  const intro = html`<p class="quiet">${say("A token lets a program do here what you may do.")} <a href="/reference" target="_blank" rel="noopener">${say("What programs can ask for")}</a></p>`;
  return [intro, rows.length ? table(say("Tokens for programs"), heads, rows) : null, html`<div class="actions">${button(say("New token"), () => makeToken(show), { icon: "add" })}</div>`];
}

function makeToken(show) {
  const name = html`<input maxlength="80" required />`;
  const scopes = [["read", say("look at what is yours")], ["write", say("change it")], ["spend", say("spend points")]];
  const boxes = scopes.map(([scope, text]) => html`<label class="choice"><input type="checkbox" value=${scope} ?checked=${scope === "read"} /><span>${text}</span></label>`);
  const days = html`<input type="number" min="1" max="3650" value="90" />`;
  const made = html`<div class="stack" aria-live="polite"></div>`;
  const create = async () => {
    const wanted = boxes.map((box) => box.querySelector("input")).filter((box) => box.checked).map((box) => box.value);
    const { text } = await api.post("/me/tokens", { name: name.value, scopes: wanted, expires_in_days: Number(days.value) || null });
    fill(made, html`<p class="note good">${say("Keep it now: it is not shown again.")}</p>`, html`<p class="row"><code>${text}</code>${copyButton(text)}</p>`);
    await show();
  };
  openDialog(say("New token"), html`<div class="stack">
    ${field(say("Name"), name, { help: say("What it is for, so that you know it again.") })}
    <fieldset><legend>${say("It may")}</legend>${boxes}</fieldset>
    ${field(say("Ends after"), days, { unit: say("days") })}
    <div class="actions end">${button(say("Make it"), create, { kind: "primary" })}</div>
    ${made}
  </div>`);
}
