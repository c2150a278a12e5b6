"""Counting lines: how many went in and out today."""

from dashboard import words
from dashboard.page import LineRow, Page
from dashboard.views.markup import Markup, tag


def lines_html(page: Page) -> Markup | None:
    """A tile a counting line."""
    if not page.lines:
        return None
    return tag(
        "section",
        tag("h2", "Counted today"),
        tag("div", *(_line(row) for row in page.lines), cls="lw-tiles"),
        cls="lw-section",
    )


def _line(row: LineRow) -> Markup:
    note, level = _note(row)
    return tag(
        "div",
        tag("div", tag("strong", tag("bdi", row.name)), cls="lw-tile-name"),
        tag(
            "div",
            tag("span", "in ", tag("b", _number(row.count_in)), cls="lw-count"),
            tag("span", "out ", tag("b", _number(row.count_out)), cls="lw-count"),
            cls="lw-row",
        ),
        tag("div", note, cls="lw-do") if note else None,
        cls=f"lw-tile lw-{level}",
        data_line=row.line,
    )


def _number(count: int | None) -> str:
    return words.NOT_KNOWN if count is None else str(count)


def _note(row: LineRow) -> tuple[str, words.Level]:
    if row.seen == "never":
        return "Nothing heard yet.", "warn"
    if row.seen == "silent":
        return "Nothing heard now: people may cross uncounted.", "bad"
    if row.quality not in ("ok", "degraded"):
        return f"Not counting now: {words.quality_words(row.quality).what or row.quality}.", "bad"
    return ("Some minutes of today are missing.", "warn") if row.unknown else ("", "good")
