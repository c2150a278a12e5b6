"""How a page is looked at: light and dark, at a desk and on a phone; and what is wrong with it there."""

from collections.abc import Iterator
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LOOKS: tuple[tuple[Literal["light", "dark"], int, int], ...] = (
    ("light", 1280, 800), ("dark", 1280, 800), ("dark", 390, 844), ("light", 390, 844),
)  # fmt: skip
# What reaches beyond the screen's right edge, unless a box inside the page scrolls it.
WIDE = """root => {
    const cut = e => getComputedStyle(e).overflowX !== 'visible';
    const scrolled = e => e !== null && !e.matches(root) && (cut(e) || scrolled(e.parentElement));
    return [...document.querySelectorAll(root + ' *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !scrolled(e.parentElement))
        .map(e => e.className || e.tagName);
}"""
DARK = """dark => {
    const colours = [...document.querySelectorAll('.stApp, body, html')].map(e => getComputedStyle(e).backgroundColor);
    const shown = colours.find(c => !c.endsWith(', 0)')) ?? 'rgb(255, 255, 255)';
    return (Number(shown.match(/\\d+/)[0]) < 100) === dark;
}"""

# Colours on their way from light to dark are nobody's colours.
AT_REST = "() => !document.getAnimations().some(a => a instanceof CSSTransition && a.playState !== 'finished')"


def looks(page: Page, *, always_dark: bool = False) -> Iterator[str]:
    """The page in each look in turn; what it is called."""
    for scheme, width, height in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(DARK, arg=always_dark or scheme == "dark", timeout=60_000)
        page.wait_for_function(AT_REST, timeout=60_000)
        yield f"{scheme}, {width} px"


def faults(page: Page, root: str) -> list[tuple[str, str]]:
    """What axe-core finds serious or critical, and what under `root` (a selector) is wider than the screen."""
    found = [
        (fault["id"], fault["nodes"][0]["html"][:200])
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    return found + [("wider than the screen", str(wide)) for wide in page.evaluate(WIDE, root)]
