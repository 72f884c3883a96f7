/** What admins see: people and their points, everybody's jobs, and whether the ledger adds up. */

import { me } from "../app.js";
import { Problem, api, makeKey, take } from "../lib/api.js";
import { fill, html } from "../lib/dom.js";
import { listen } from "../lib/live.js";
import { badge, button, complain, copyButton, empty, facts, field, openDialog, pageHead, statusBadge, table, tabs, toast } from "../lib/pieces.js";
import { debounce, inOrder } from "../lib/timing.js";
import { ago, count, mark, namePlatform, number, points, say, size } from "../lib/words.js";

const TYPING_MS = 250;
const KINDS = { train: mark("Training"), generate: mark("Generation"), caption: mark("Captions") };
const STATUSES = ["queued", "preparing", "running", "finishing", "completed", "failed", "cancelled"];

export async function open(place) {
  if (me.role !== "admin") throw new Problem(403, "forbidden", say("Only admins may look here."));
  place.setTitle(say("Admin"));
  return html`<div class="stack">
    ${pageHead(say("Admin"))}
    ${tabs(place, [
      ["people", say("People"), () => people(place)],
      ["jobs", say("Jobs"), () => jobs(place)],
      ["workers", say("Workers"), () => workers(place)],
      ["ledger", say("Ledger"), ledger],
    ])}
  </div>`;
}

function people({ signal }) {
  const search = html`<input type="search" aria-label=${say("Name or account id")} placeholder=${say("Name or account id")} />`;
  const rows = html`<tbody></tbody>`;
  const ask = () => api.get(`/admin/accounts?${new URLSearchParams({ text: search.value })}`, { signal });
  const show = inOrder(ask, ({ items }) => {
    fill(rows, ...items.map((account) => html`<tr>
      <td><strong>${account.display_name}</strong><br /><code class="quiet">${account.id}</code></td>
      <td>${button(say("Give points"), () => give(account, show), { kind: "small" })}</td>
      <td class="number">${number(account.balance_points)}</td>
      <td class="number">${size(account.storage_bytes)}</td>
      <td>${account.identities.map((identity) => namePlatform(identity.platform)).join(", ")}</td>
    </tr>`));
  });
  search.addEventListener("input", debounce(() => show().catch(complain), TYPING_MS));
  show().catch(complain);
  return html`<div class="stack">${search}${table(say("People"), [say("Account"), "", [say("Balance"), "number"], [say("Storage"), "number"], say("Known on")], rows)}</div>`;
}

function give(account, show) {
  const key = makeKey();
  const amount = html`<input type="number" min="1" step="1" value="100" />`;
  const note = html`<input maxlength="200" value=${say("A grant")} />`;
  const send = async () => {
    await api.post(`/admin/accounts/${account.id}/grants`, { points: Number(amount.value), note: note.value }, { key });
    toast(say("{name} has {points} more.", { name: account.display_name, points: points(Number(amount.value)) }), { tone: "good" });
    close();
    await show();
  };
  const close = openDialog(say("Give points to {name}", { name: account.display_name }), html`<div class="stack">
    ${field(say("Points"), amount)} ${field(say("What for"), note, { help: say("It stands in their statement.") })}
    <div class="actions end">${button(say("Give"), send, { kind: "primary" })}</div>
  </div>`);
}

function jobs(place) {
  const chosen = html`<select aria-label=${say("State")}>
    <option value="">${say("All states")}</option>
    ${STATUSES.map((status) => html`<option value=${status} ?selected=${place.query.get("status") === status}>${statusBadge(status).textContent}</option>`)}
  </select>`;
  const rows = html`<tbody></tbody>`;
  const show = inOrder(
    () => take(`/admin/jobs${chosen.value ? `?status=${chosen.value}` : ""}`, 100, { signal: place.signal }),
    (found) => fill(rows, ...found.map(jobLine)),
  );
  chosen.addEventListener("change", () => {
    place.setQuery({ status: chosen.value });
    show().catch(complain);
  });
  listen({ refresh: show, signal: place.signal });
  show().catch(complain);
  const again = button(say("Read again"), show, { kind: "small" });
  return html`<div class="stack"><div class="row">${chosen}${again}</div>
    ${table(say("Jobs"), [say("Job"), say("Account"), say("State"), [say("Step"), "number"], say("Worker"), [say("Points"), "number"], say("Made")], rows)}</div>`;
}

function jobLine(job) {
  return html`<tr>
    <td>${say(KINDS[job.kind])}<br /><code class="quiet">${job.id}</code></td>
    <td><code>${job.owner}</code>${copyButton(job.owner, say("Copy the account id"))}</td>
    <td>${statusBadge(job.status)}${job.error ? html`<br /><span class="small-text">${job.error.code}</span>` : null}</td>
    <td class="number">${number(job.progress.step)} / ${number(job.progress.total_steps)}</td>
    <td>${job.held_by ? html`<code>${job.held_by.owner}</code>` : "–"}</td>
    <td class="number">${job.charged_points === null ? "–" : number(job.charged_points)}</td>
    <td>${ago(job.created_at)}</td>
  </tr>`;
}

const WORKER_STATES = {
  idle: [mark("Idle"), "good"],
  busy: [mark("At work"), "busy"],
  draining: [mark("Ends after its job"), ""],
  lost: [mark("Lost"), "bad"],
};

function workers({ signal }) {
  const rows = html`<tbody></tbody>`;
  const nothing = empty("train", say("No worker is up"), say("Jobs wait until one starts: trainyard worker."));
  const waits = html`<p class="quiet" aria-live="polite"></p>`;
  const show = async () => {
    const { items, waiting } = await api.get("/admin/workers", { signal });
    fill(rows, ...items.map(workerLine));
    nothing.hidden = Boolean(items.length);
    shown.hidden = !items.length;
    const total = waiting.train + waiting.generate + waiting.caption;
    fill(waits, count(total, "{n} job waits for a worker.", "{n} jobs wait for a worker."));
  };
  const heads = [say("Worker"), say("State"), say("Takes"), [say("Memory"), "number"], say("Job"), say("Heard of")];
  const shown = table(say("Workers"), heads, rows);
  listen({ refresh: show, signal });
  show().catch(complain);
  return html`<div class="stack"><div class="row spread">${waits}${button(say("Read again"), show, { kind: "small" })}</div>${shown} ${nothing}</div>`;
}

function workerLine(worker) {
  const memory = worker.gpu?.memory ?? worker.memory;
  return html`<tr>
    <td><code>${worker.name}</code><br /><span class="quiet small-text">${worker.gpu?.name ?? say("no GPU")} · ${worker.code}</span></td>
    <td>${badge(say(WORKER_STATES[worker.state][0]), WORKER_STATES[worker.state][1])}</td>
    <td>${worker.kinds.map((kind) => say(KINDS[kind])).join(", ")}<br /><span class="quiet small-text">${worker.families.join(", ")}</span></td>
    <td class="number">${say("{gb} GB", { gb: number(worker.memory_gb) })}<br /><span class="quiet small-text">${say("{size} free", { size: size(memory.free_bytes) })}</span></td>
    <td>${worker.job ? html`<code>${worker.job}</code>` : "–"}</td>
    <td>${ago(worker.updated_at)}</td>
  </tr>`;
}

function ledger() {
  const found = html`<div class="stack" aria-live="polite"></div>`;
  const audit = async () => fill(found, verdict(await api.post("/admin/ledger-audits"), audit));
  return html`<div class="stack">
    <p class="quiet">${say("Reads every entry and every hold. What is found wrong stops spending until it is mended.")}</p>
    <div class="actions">${button(say("Check the ledger"), audit, { kind: "primary", icon: "check" })}</div>
    ${found}
  </div>`;
}

function verdict({ verdict: read, stop_reason }, audit) {
  const lift = async () => (await api.delete("/admin/spending-stop"), audit());
  return html`<div class="stack">
    <p class="note ${read.is_sound ? "good" : "bad"}">${read.is_sound ? say("The ledger adds up.") : say("The ledger does not add up.")}</p>
    ${stop_reason ? html`<div class="note warn"><span>${say("Spending is stopped: {reason}", { reason: stop_reason })}</span>${button(say("Allow spending"), lift, { kind: "small" })}</div>` : null}
    ${facts([
      [say("Entries"), number(read.entries)], [say("Jobs"), number(read.jobs)],
      [say("Granted"), points(read.granted_points)], [say("Charged"), points(read.charged_points)],
      [say("Balances"), points(read.balances_points)], [say("Held"), points(read.open_holds_points)],
    ])}
    <ul>${read.findings.map((finding) => html`<li><code>${finding}</code></li>`)}</ul>
  </div>`;
}
