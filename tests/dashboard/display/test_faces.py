"""What a public screen says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.display.faces import MARGIN_S, Face, face, steady_minutes
from dashboard.display.languages import all_languages, chosen
from dashboard.page import QueueCard
from edge.errors import InputError


def card(**over: object) -> QueueCard:
    """A queue that is heard, with seven people and a wait of four minutes."""
    return QueueCard(**{"queue": "q", "name": "Q", "seen": "fresh", "length": 7, "wait_s": 240.0, **over})  # type: ignore[arg-type]


@given(wait_s=st.floats(0, 1800), shown=st.none() | st.integers(0, 30))
def test_a_wait_is_never_shown_too_short(wait_s: float, shown: int | None) -> None:
    """Whatever was shown before, the shown minutes are at least the wait (to its whole second)."""
    assert 60 * steady_minutes(wait_s, shown) >= round(wait_s)


@given(st.lists(st.floats(-MARGIN_S / 2 + 1, MARGIN_S / 2 - 1), min_size=2, max_size=50))
def test_noise_around_a_boundary_does_not_flicker(noise: list[float]) -> None:
    """A wait that trembles around a whole minute by less than half the margin never falls and so changes once."""
    shown: list[int] = []
    for tremble in noise:
        shown.append(steady_minutes(240 + tremble, shown[-1] if shown else None))
    assert shown == sorted(shown)
    assert set(shown) <= {4, 5}


def test_a_real_fall_is_shown() -> None:
    """Hysteresis holds back by the margin only."""
    assert steady_minutes(216, 5) == 4
    assert steady_minutes(221, 5) == 5
    assert steady_minutes(0, None) == 0


def test_an_empty_line_is_told_at_once() -> None:
    """The margin does not keep a last minute on the screen when nobody waits."""
    assert steady_minutes(0, 1) == 0
    assert face(card(wait_s=0.0, length=0), face(card(wait_s=30.0, length=1), None)).kind == "no_wait"


@pytest.mark.parametrize(
    ("over", "kind", "minutes", "people"),
    [
        ({}, "wait", 4, 7),
        ({"wait_s": 0.0, "length": 0}, "no_wait", None, 0),
        ({"wait_s": None}, "unknown", None, 7),
        ({"wait_s": None, "length": None}, "unknown", None, None),
        ({"seen": "silent"}, "unknown", None, None),
        ({"seen": "never", "state": "closed"}, "unknown", None, None),
        ({"state": "closed", "wait_s": None}, "closed", None, None),
        ({"state": "stopped"}, "at_least", 4, 7),
        ({"state": "stopped", "wait_s": None}, "stopped", None, 7),
        ({"wait_s": 5000.0}, "more_than", 60, 7),
    ],
)
def test_each_state_has_its_words(over: dict[str, object], kind: str, minutes: int | None, people: int | None) -> None:
    """Known, unknown, stopped, closed and hopeless waits are told apart."""
    assert face(card(**over), None) == Face("q", "Q", kind, minutes, people)  # type: ignore[arg-type]


def test_languages_have_the_same_words() -> None:
    """Every language says everything, with {n} where English has it."""
    known = all_languages()
    assert {"en", "de", "fr", "ru", "it"} <= set(known)
    for words in known.values():
        assert words.keys() == known["en"].keys()
        assert all(("{n}" in words[key]) == ("{n}" in known["en"][key]) for key in words)


def test_an_unknown_language_is_told() -> None:
    """The error names what there is."""
    with pytest.raises(InputError, match="no xx; it has: en, de"):
        chosen(("de", "xx"))
