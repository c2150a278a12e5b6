"""Does the public display have the words that the site file asks for?"""

from collections.abc import Iterator

from dashboard.display.languages import all_languages, chosen
from edge.errors import InputError
from edge.settings import Site
from linewise.check_report import CheckLine


def display_lines(site: Site) -> Iterator[CheckLine]:
    """Findings on [display]; none where there is no display."""
    if site.display is None:
        return
    try:
        words = chosen(site.display.languages)
    except InputError:
        known = all_languages()
        missing = ", ".join(code for code in site.display.languages if code not in known)
        yield CheckLine(
            "fault",
            "display",
            f"languages: the display has no {missing}; it has: {', '.join(known)}",
            "take it out of [display] languages, or add its table to dashboard/display/languages.toml",
        )
        return
    yield CheckLine("ok", "display", f"it speaks {', '.join(w['name'] for w in words.values())}")
