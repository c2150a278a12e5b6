"""Suggested lanes, advice and floors against people whose paths are known."""

import numpy as np
import pytest

from calibration.floor import FloorError, from_walk, rectangle
from calibration.placement import advise
from calibration.sightings import Table
from calibration.suggest import suggest
from edge.config_geometry import contains

ASPECT = 16 / 9


def line(
    head: tuple[float, float], step: tuple[float, float], *, people: int = 8, first: int = 0, tall: float = 0.25
) -> list[tuple[float, ...]]:
    """Rows of people who shuffle up to `head` by places of `step`, 12.5 s a place, then walk away from it."""
    rows = []
    for p in range(people):
        for k in range(160):
            place = max(0, 5 - k // 25)
            away = max(0, k - 150) * 0.02
            x, y = head[0] + step[0] * place - step[0] * away * 20, head[1] + step[1] * place - step[1] * away * 20
            rows.append((first + p, 30.0 * p + k * 0.5, x, y, x - 0.03, y - tall, x + 0.03, y))
    return rows


def table(rows: list[tuple[float, ...]]) -> Table:
    """The rows as sightings."""
    data = np.array(sorted(rows))
    return Table(data[:, 0].astype(np.int64), data[:, 1], data[:, 2:4], data[:, 4:8], ASPECT)


def test_a_line_of_people_is_suggested_with_its_head() -> None:
    """The area holds where they stood, and the service line lies at the head, not at the tail."""
    found = suggest(table(line((0.3, 0.7), (0.06, 0.0))))
    assert found
    best = found[0]
    assert contains(best.area, (0.36, 0.7))
    assert best.service_line is not None
    middle = np.mean(best.service_line, axis=0)
    assert abs(middle[0] - 0.3) < abs(middle[0] - 0.54)
    assert "people stood here" in best.reason
    assert "left" in best.reason


def test_two_lines_are_two_suggestions() -> None:
    """Lines at two places are not one."""
    rows = line((0.2, 0.8), (0.05, 0.0)) + line((0.8, 0.5), (-0.04, 0.0), first=50)
    found = suggest(table(rows))
    assert {contains(s.area, (0.25, 0.8)) for s in found} == {True, False}
    assert {contains(s.area, (0.76, 0.5)) for s in found} == {True, False}


def test_passers_by_make_no_lane() -> None:
    """Nothing is suggested where people only walk."""
    rows = [
        (p, p + k * 0.5, 0.1 + 0.04 * k, 0.6, 0.07 + 0.04 * k, 0.3, 0.13 + 0.04 * k, 0.6)
        for p in range(20)
        for k in range(20)
    ]
    assert suggest(table(rows)) == []


def test_small_and_hidden_people_are_told_with_figures() -> None:
    """Advice names the share that is too small or hidden; a good place gets no to-do."""
    good = {a.about: a for a in advise(table(line((0.1, 0.9), (0.15, -0.1), tall=0.4)), None)}
    assert good["size"].good
    small = {a.about: a for a in advise(table(line((0.3, 0.7), (0.06, 0.0), tall=0.08)), None)}
    assert not small["size"].good
    assert "100% under 12.5%" in small["size"].figures
    assert not small["view"].good


def test_the_floor_of_a_walk_is_the_cameras_own() -> None:
    """Heads and feet made by a camera 3 m high come back as that camera's floor within 5 %."""
    f, tilt, above, tall = 0.9, 0.45, 3.0, 1.75
    ahead = np.linspace(4.0, 12.0, 40)

    def row(under: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.asarray(0.5 + f * np.tan(np.arctan(under / ahead) - tilt))

    foot, head = row(above), row(above - tall)
    boxes = np.stack([np.full(40, 0.45), head, np.full(40, 0.55), foot], axis=1)
    floor = from_walk(boxes, ASPECT, tall)
    deep = floor.metres[2][1] - floor.metres[0][1]
    wanted = above / np.tan(tilt + np.arctan((floor.image[2][1] - 0.5) / f)) - above / np.tan(
        tilt + np.arctan((floor.image[0][1] - 0.5) / f)
    )
    assert deep == pytest.approx(wanted, rel=0.05)


def test_a_floor_needs_depth_and_sane_lengths() -> None:
    """A walk along one row and a rectangle of no width are refused in words."""
    with pytest.raises(FloorError, match="far end"):
        from_walk(np.tile([0.4, 0.3, 0.5, 0.6], (40, 1)), ASPECT, 1.75)
    with pytest.raises(FloorError, match=r"0\.1 to 200"):
        rectangle(((0, 0), (1, 0), (1, 1), (0, 1)), 0.0, 2.0)
