"""The report: one page that stands alone, says what is, and shows outside text as text."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from calibration import plots, report, report_tables, svg, words
from calibration.outputs import pretty
from calibration.recording import Recording
from calibration.replay import CameraFacts, Replayed
from calibration.summary import score, summary
from calibration.truth import Truth, TruthCount
from edge.config import load_site
from edge.vocabulary import Visit
from tests.calibration.made import reading, recording, site_file

NASTY = "<img src=x onerror=alert(1)>&\"'</title><script>alert(2)</script>"


def done_of(tmp_path: Path, *, seconds: int = 60, name: str = "Queue <one>") -> Replayed:
    """A replay with one queue: two people, one served, and a hole of unknown lengths at 30 to 39 s."""
    site = load_site(site_file(tmp_path))
    site = replace(site, queues=(replace(site.queues[0], name=name),))
    rows = [
        reading(
            float(k),
            None if 30 <= k < 40 else 1 + (k > 20),
            wait_s=None if k < 10 or 30 <= k < 40 else 20.0,
            wait_low_s=None if k < 10 or 30 <= k < 40 else 10.0,
            wait_high_s=None if k < 20 or 30 <= k < 40 else 40.0,
            joined=2, served=1,
        )
        for k in range(seconds)
    ]  # fmt: skip
    visits = [
        Visit("q1", ("c1/replay/1",), 2.0, 22.0, 25.0, "served", 0, False),
        Visit("q1", ("c1/replay/2",), 21.0, None, None, None, 1, False),
    ]
    path = recording(tmp_path / "r.jsonl", ["x"])
    facts = CameraFacts(300, (1280, 720), 0.0, float(seconds))
    return Replayed(site, (Recording(path, "c1", "detections"),), {"c1": facts}, {"q1": rows}, {"q1": visits}, {})


def truth_of() -> Truth:
    """Three moments (one arguable) and one visit."""
    return Truth(
        counts=(TruthCount("q1", 5.0, 1, True), TruthCount("q1", 25.0, 4, True), TruthCount("q1", 50.0, 2, False)),
        visits=(Visit("q1", (), 3.0, 22.0, 25.5, "served", 0, False),),
    )


def page_of(done: Replayed, truth: Truth) -> str:
    """The whole page."""
    scores = score(done, truth)
    return report.page(done, scores, summary(done, scores, truth))


class Seen(HTMLParser):
    """Notes tags, attributes and text as a browser would."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Notes text."""
        self.text += data


def test_the_page_says_what_happened(tmp_path: Path) -> None:
    """Verdict, counts, worst moment and figures stand in the page."""
    seen = Seen(page_of(done_of(tmp_path), truth_of()))
    assert "Right at 1 of the 2 moments in the truth, and at most 2 people off." in seen.text
    assert "2 people joined: 1 served, 0 walked away, 0 lost from sight inside, 1 still there at the end." in seen.text
    assert "For 10 s the length was not known (stale)." in seen.text
    assert "Those served waited 20 s (median of 1), the longest 20 s." in seen.text
    assert "Visits in the lane: 1 of 1 found, 1 too many." in seen.text
    assert "at 2 moments 1.00 people off on average (bias -1.00), within one at 50%" in seen.text
    assert seen.text.count("−") == 0  # plain minus signs only, so figures can be copied


def test_a_site_without_a_queue_is_told_how_to_get_one(tmp_path: Path) -> None:
    """Where nothing is drawn the first sentence is not about truth: it says to draw."""
    done = done_of(tmp_path)
    site = replace(done.site, queues=())
    nothing = replace(done, site=site, readings={}, visits={})
    told = words.headline(nothing, {}, {})
    assert told == f"The site file has no queue: nothing was counted. Draw one: linewise calibrate {site.path.name}."


def test_without_a_truth_nothing_is_claimed(tmp_path: Path) -> None:
    """The verdict of a replay without truth is that nothing is proved."""
    seen = Seen(page_of(done_of(tmp_path), Truth()))
    assert "No truth was given: this tells what the machine saw, not whether it is right." in seen.text
    assert "Moments counted" not in seen.text


def test_outside_text_is_shown_as_text(tmp_path: Path) -> None:
    """Markup in a queue's name comes out as characters, never as tags, handlers or scripts."""
    seen = Seen(page_of(done_of(tmp_path, name=NASTY), truth_of()))
    assert NASTY in seen.text
    assert not {"img", "script", "iframe", "link"} & set(seen.tags)
    assert not [a for a, _ in seen.attributes if a.startswith("on")]


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    """No attribute and no style points to another file, and the page forbids it to the browser."""
    text = page_of(done_of(tmp_path), truth_of())
    assert not [a for a, _ in Seen(text).attributes if a in ("src", "href", "srcset")]
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_the_page_is_the_same_each_time(tmp_path: Path) -> None:
    """There is no clock in the page."""
    assert page_of(done_of(tmp_path), truth_of()) == page_of(done_of(tmp_path), truth_of())


@pytest.mark.slow
def test_hours_of_readings_stay_small(tmp_path: Path) -> None:
    """Six hours of readings make a page no larger than a screen needs: under 400 kB."""
    assert len(page_of(done_of(tmp_path, seconds=21_600), Truth())) < 400_000


def test_every_plot_is_well_formed(tmp_path: Path) -> None:
    """Each drawing is XML with finite places inside its picture."""
    text = page_of(done_of(tmp_path, name=NASTY), truth_of())
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 4
    for drawing in drawings:
        root = ET.fromstring(drawing)  # noqa: S314  our own text
        width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
        for shape in root.iter():
            for name, limit in (("cx", width), ("x", width), ("cy", height), ("y", height)):
                assert 0 <= float(shape.attrib.get(name, 0)) <= limit, (shape.tag, shape.attrib)
        assert "nan" not in drawing
        assert "inf" not in drawing


def test_a_queue_that_nothing_was_seen_of(tmp_path: Path) -> None:
    """A queue without readings or visits has a section and no plot."""
    done = done_of(tmp_path)
    done.readings["q1"].clear()
    done.visits["q1"].clear()
    text = page_of(done, Truth())
    assert "No reading with a known length." in text
    assert "<svg" not in text


def test_the_terminal_says_the_same(tmp_path: Path) -> None:
    """The words on the terminal are the page's."""
    done = done_of(tmp_path)
    scores = score(done, truth_of())
    told = words.terminal(done, scores, summary(done, scores, truth_of()))
    page = Seen(page_of(done, truth_of())).text
    for text in (t.strip() for t in told.splitlines() if t.strip()):
        assert text.replace("(q1)", "").strip() in page


SCALE = svg.Scale(0.0, 100.0, 10.0, 230)


def test_a_line_breaks_where_nothing_is_known() -> None:
    """Two known stretches are two strokes; the unknown one between them is not drawn."""
    drawn = svg.steps(SCALE, [(0.0, 1.0), (1.0, 1.0), (2.0, None), (3.0, 2.0)], "machine")
    assert drawn.count("M") == 2
    assert f"H{SCALE.x(2.0)}M{SCALE.x(3.0)}" in drawn


def test_a_band_ends_where_the_next_unknown_begins() -> None:
    """A constant interval from 0 s to an unknown at 50 s is one area that reaches to 50 s."""
    rows = [(float(k), 1.0, 2.0) for k in range(50)] + [(50.0, None, None)]
    drawn = svg.band(SCALE, rows, "band")
    assert drawn.count("M") == 1
    assert f"L{SCALE.x(50.0)} {SCALE.y(2.0)}" in drawn


def test_thinning_keeps_every_peak() -> None:
    """One second of 9 people in a day of ones is still drawn."""
    points = [(float(k), 9.0 if k == 43_210 else 1.0) for k in range(86_400)]
    kept = svg.thinned(points)
    assert (43_210.0, 9.0) in kept
    assert len(kept) <= 3 * svg.MAX_GROUPS
    assert max(r[2] or 0 for r in svg.grouped([(t, v, v) for t, v in points])) == 9.0


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [(0, 10, 5, [0, 2, 4, 6, 8, 10]), (0, 3, 5, [0, 1, 2, 3]), (0, 0.9, 5, [0, 0.2, 0.4, 0.6, 0.8])],
)
def test_round_marks(low: float, high: float, most: int, expected: list[float]) -> None:
    """Marks are round numbers, about as many as asked for."""
    assert svg.ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (75.4, "1:15"), (3600, "1:00:00"), (3599.6, "1:00:00")])
def test_media_time_for_people(seconds: float, text: str) -> None:
    """Minutes and seconds, with hours from an hour on."""
    assert svg.clock(seconds) == text


@pytest.mark.parametrize("span", [0.0, 1.0, 13.7, 139.3, 3600.0, 90_000.0, 6e6])
def test_times_along_the_axis_are_few_and_inside(span: float) -> None:
    """Any span has at most 13 marks, all inside it."""
    marks = svg.time_ticks(5.0, 5.0 + span)
    assert len(marks) <= 13
    assert all(5.0 <= m <= 5.0 + span for m in marks)


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.4, "4 s"), (60, "1 min"), (250, "4 min 10 s"), (7500, "2 h 5 min"), (7200, "2 h")]
)
def test_lengths_of_time_for_people(seconds: float, text: str) -> None:
    """Seconds, minutes, hours, as one would say it."""
    assert words.duration(seconds) == text


def test_many_visits_are_cut_and_said_so(tmp_path: Path) -> None:
    """Beyond 80 bars and 200 rows the page says that there are more."""
    done = done_of(tmp_path)
    done.visits["q1"] *= 150
    text = page_of(done, Truth())
    assert f"The first {plots.MAX_BARS} of 300 visits." in text
    assert f"The first {report_tables.MAX_ROWS} of 300; all are in the files beside this page." in text


def test_json_for_people_keeps_their_letters() -> None:
    """Names keep their letters, and what isn't JSON is never written."""
    assert pretty({"name": "Käse"}) == '{\n  "name": "Käse"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        pretty({"x": float("nan")})
