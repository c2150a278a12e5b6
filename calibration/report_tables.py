"""Tables of the report; all text from outside passes `escape`."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from calibration.svg import clock

MAX_ROWS = 200


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], off: int | None = None) -> str:
    """A table; None is a dash; column `off` stands out where it holds an error that isn't zero."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        "<tr>" + "".join(_cell(value, stands_out=index == off) for index, value in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: Any, *, stands_out: bool) -> str:
    text = "–" if value is None else str(value)
    css = ' class="off"' if stands_out and text not in ("–", "+0") else ""
    return f"<td{css}>{escape(text)}</td>"


def cut(count: int) -> str:
    """A note where a table shows only the first MAX_ROWS of so many."""
    if count <= MAX_ROWS:
        return ""
    return f"<p class='note'>The first {MAX_ROWS} of {count}; all are in the files beside this page.</p>"


def at(pts_s: float | None) -> str | None:
    """A media time for people; None stays None."""
    return None if pts_s is None else clock(pts_s)


def signed_s(seconds: float | None) -> str | None:
    """Seconds with their sign."""
    return None if seconds is None else f"{seconds:+.1f} s"


def figure(value: float | None, form: str = ".2f") -> str | None:
    """A number as a table shows it; None stays None."""
    return None if value is None else f"{value:{form}}"
