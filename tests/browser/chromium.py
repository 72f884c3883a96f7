"""Finds a Chromium for the tests, installs one where there is none, and signs people in with it."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Page

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the program's path, None for the one that Playwright has put in its own folder.

    Debian's package is installed when there is none and we may, else Playwright's own.
    Raises CalledProcessError when neither can be had: browser tests never pass by being left out."""
    if found := _look():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        options = ["-qq", "-y", "--no-install-recommends"]
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", *options, "chromium"], check=False)
        if found := _look():
            return found
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    return None


def _look() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def sign_in(page: Page, link: str) -> None:
    """Open a link, confirm, and wait for the sandbox."""
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    wait_until_ready(page)


def wait_until_ready(page: Page) -> None:
    """Wait until the frame and the first page stand."""
    page.locator("body[data-ready] main h1").first.wait_for()
