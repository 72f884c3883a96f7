"""What every page must be, whatever is on it: accessible, no wider than the screen, and still while it loads."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))
SIZES = {390: {"width": 390, "height": 844}, 1280: {"width": 1280, "height": 900}}
MAX_SHIFT = 0.1
_SERIOUS = {"serious", "critical"}
WATCH_SHIFTS = """
window.layoutShifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80));
    window.layoutShifts.push({ value: entry.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""Runs before a page's own scripts; the sum of what it gathers is the cumulative layout shift."""


def find_breaches(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """Say what axe finds that is serious, and where; of all its rules, or of these."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{breach['id']}: {node['target']} {node['html'][:120]}"
        for breach in found
        if breach["impact"] in _SERIOUS
        for node in breach["nodes"]
    ]


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def find_shifts(page: Page) -> list[object]:
    """Return what has moved since the page was loaded, when that is more than a page may."""
    shifts: list[dict[str, object]] = page.evaluate("window.layoutShifts")
    is_still = sum(float(str(shift["value"])) for shift in shifts) <= MAX_SHIFT
    return [] if is_still else list(shifts)


def set_look(page: Page, width: int, scheme: str) -> None:
    """Change the screen's width and the theme of a page that is open."""
    page.set_viewport_size({"width": width, "height": SIZES[width]["height"]})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
