/** The sandbox's frame: navigation, balance, news and the theme; pages come from lib/router.js. */

import { api, openSession, readToken } from "./lib/api.js";
import { html } from "./lib/dom.js";
import { icon } from "./lib/icons.js";
import { listen } from "./lib/live.js";
import { openDialog } from "./lib/pieces.js";
import { start } from "./lib/router.js";
import { applyTheme } from "./lib/theme.js";
import { loadLanguage, mark, number, say } from "./lib/words.js";

const NAVIGATION = [
  ["/", "home", mark("Home")],
  ["/datasets", "datasets", mark("Datasets")],
  ["/trainings", "train", mark("Training")],
  ["/models", "models", mark("Models")],
  ["/generate", "generate", mark("Generate")],
  ["/points", "points", mark("Points")],
  ["/inbox", "inbox", mark("Inbox")],
  ["/account", "account", mark("Account")],
];
const BELONGS = { "/train": "/trainings", "/compare": "/trainings", "/generations": "/generate" };

/** Who is signed in: the API's account, as the page was opened with it. */
export const me = JSON.parse(document.body.dataset.account);

/** Read the balance anew and show it; also called by pages that have just spent something. */
export async function showBalance() {
  const balance = await api.get("/points/balance").catch(() => null);
  if (!balance) return;
  for (const place of document.querySelectorAll("[data-balance]")) place.textContent = number(balance.balance_points);
}

/** Count what is unread in the inbox. */
export async function showUnread() {
  const page = await api.get("/notifications?limit=50").catch(() => null);
  const unread = page ? page.items.filter((news) => !news.read_at).length : 0;
  for (const dot of document.querySelectorAll("[data-unread]")) {
    dot.textContent = unread > 49 ? "50+" : unread ? String(unread) : "";
    dot.hidden = !unread;
  }
}

function writeFrame() {
  const entries = me.role === "admin" ? [...NAVIGATION, ["/admin", "admin", mark("Admin")]] : NAVIGATION;
  const links = entries.map(
    ([href, name, text]) => html`<li>
      <a href=${href} data-nav=${href}>
        ${icon(name)}<span>${say(text)}</span>
        ${name === "inbox" ? html`<span class="unread" data-unread hidden></span>` : null}
        ${name === "points" ? html`<span class="pill" data-balance></span>` : null}
      </a>
    </li>`,
  );
  const more = html`<button class="nav-more" type="button" aria-expanded="false" aria-controls="navigation">
    ${icon("more")}<span>${say("More")}</span>
  </button>`;
  const navigation = html`<nav class="rail" aria-label=${say("Main")}>
    <a class="brand" href="/">${drawSign()}<span>Trainyard</span></a>
    <ul id="navigation">${links}</ul>
    ${more}
  </nav>`;
  more.addEventListener("click", () => {
    const isOpen = navigation.classList.toggle("open");
    more.setAttribute("aria-expanded", String(isOpen));
  });
  document.body.prepend(html`<a class="skip" href="#main">${say("Skip to the page")}</a>`, navigation);
}

/** The sign of Trainyard: two rails that meet, and three sleepers. */
function drawSign() {
  const made = icon("home");
  made.classList.add("mark");
  made.firstElementChild.setAttribute("d", "M9 3 5 21M15 3l4 18M8.2 7h7.6M7 12h10M6 17h12");
  return made;
}

function markPlace(path) {
  const root = `/${path.split("/")[1]}`;
  const here = BELONGS[root] ?? root;
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector(".rail").classList.remove("open");
}

let waiting = null;

/** Say that the session has ended, and wait until somebody has signed in again in another tab. */
function waitForSignIn() {
  waiting ??= new Promise((resolve) => {
    const check = async () => {
      if (await readToken().catch(() => false)) {
        for (const stop of stops) stop();
        close();
        waiting = null;
        resolve();
      }
    };
    const again = html`<button type="button" class="button primary">${say("I am signed in again")}</button>`;
    again.addEventListener("click", check);
    window.addEventListener("focus", check);
    const stops = [() => window.removeEventListener("focus", check)];
    const close = openDialog(
      say("Your session has ended"),
      html`<p>${say("Nothing that you typed is lost. Sign in again in another tab, by a link from the bot, and come back here.")}</p>
        <div class="actions end">${again}</div>`,
    );
  });
  return waiting;
}

async function main() {
  applyTheme();
  openSession(document.body.dataset.csrf, waitForSignIn);
  await loadLanguage(document.documentElement.lang);
  writeFrame();
  document.body.append(html`<ul id="toasts" aria-live="polite"></ul>`);
  await start(markPlace);
  document.body.dataset.ready = "true";
  performance.mark("ready");
  showBalance();
  showUnread();
  listen({
    tell: (kind) => {
      if (kind === "notification") {
        showUnread();
        showBalance();
      }
    },
    refresh: () => {
      showUnread();
      showBalance();
    },
  });
}

main();
