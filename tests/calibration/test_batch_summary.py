"""What is told of several recordings together."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from calibration import batch_summary
from calibration.batch_summary import Done


def length(n: int, mae: float, bias: float, within_1: float) -> dict[str, Any]:
    """A summary with one queue's lengths."""
    score = {"n": n, "mae": mae, "bias": bias, "within_1": within_1}
    return {"queues": {"q": {"truth": {"length": score}}}, "run": {"detector": f"d{n}"}}


DONE = (
    Done("mon<day", "s.toml", length(30, 0.2, -0.1, 1.0), words="Fine <b>day</b>.\nMore."),
    Done("tue", "s.toml", length(10, 1.0, 0.5, 0.6), words="Bad day."),
    Done("wed", "s.toml", None, error="wed.mp4: no such file"),
    Done("thu", "t.toml", {"queues": {"q": {}}, "run": {"detector": None}}, words="No truth."),
)


def test_scores_together_are_those_of_all_moments() -> None:
    """(30 * 0.2 + 10 * 1.0) / 40 = 0.4, and so on; a failed recording has its error and no score."""
    told = batch_summary.joint(DONE)
    assert told["together"] == {"n": 40, "mae": 0.4, "bias": pytest.approx(0.05), "within_1": 0.9}
    assert told["queues"] == {"s.toml: q": told["together"]}
    assert told["failed"] == ["wed"]
    assert told["recordings"]["wed"] == {"site": "s.toml", "error": "wed.mp4: no such file"}
    assert "run" not in told["recordings"]["tue"]
    assert batch_summary.pooled([]) == {"n": 0, "mae": None, "bias": None, "within_1": None}


def test_the_terminal_tells_each_and_all() -> None:
    """The first line of each result, failures in words, and detectors that differ."""
    text = batch_summary.terminal(DONE, batch_summary.joint(DONE))
    assert "tue: Bad day." in text
    assert "wed: FAILED. wed.mp4: no such file" in text
    assert "Together: 40 certain moments, 0.40 people off on average (bias +0.05), within one at 90%" in text
    assert "3 of 4 recordings replayed, 1 failed." in text
    assert "different detectors: d10, d30" in text


def test_the_exit_code_is_the_worst_of_all() -> None:
    """2 where one could not be replayed, 1 where a site's acceptance rule does not hold, else 0."""
    passed, failed = ({"acceptance": {"verdict": verdict}} for verdict in ("passed", "failed"))
    assert batch_summary.exit_code({"recordings": {"a": passed, "b": {}}, "failed": []}) == 0
    assert batch_summary.exit_code({"recordings": {"a": passed, "b": failed}, "failed": []}) == 1
    assert batch_summary.exit_code({"recordings": {"b": failed, "c": {"error": "x"}}, "failed": ["c"]}) == 2


class Links(HTMLParser):
    """Collects links and tags."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str | None] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


def test_the_page_leads_to_every_report_and_escapes(tmp_path: Path) -> None:
    """A link for each recording that was replayed; names and words are shown as they are."""
    joint = batch_summary.joint(DONE)
    batch_summary.write(tmp_path, DONE, joint)
    page = Links()
    page.feed((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert page.links == ["mon<day/report.html", "tue/report.html", "thu/report.html"]
    assert "b" not in page.tags
    assert "script" not in page.tags
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.html", "run.json", "summary.json"]
