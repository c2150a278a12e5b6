"""What a tuning may change, and which changes it tries: every single one, and random combinations of a few."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edge.settings import Site

Change = Mapping[str, float]  # knob -> value; empty: the site as its file has it
MOST_AT_ONCE = 4  # knobs that a combination changes


@dataclass(frozen=True)
class Knob:
    """One constant: where it stands in site.toml, the values that are tried, whose it is."""

    table: str
    values: tuple[float, ...]


KNOBS: Mapping[str, Knob] = {
    "birth_score": Knob("camera.tracker", (0.3, 0.35, 0.4, 0.45, 0.5)),
    "keep_score": Knob("camera.tracker", (0.1, 0.15, 0.2, 0.3)),
    "max_hidden_s": Knob("camera.tracker", (2.0, 3.0, 5.0, 8.0)),
    "confirm_s": Knob("camera.tracker", (0.0, 0.15, 0.4)),
    "min_stay_s": Knob("queue.lane", (2.0, 3.0, 5.0, 8.0)),
    "hold_s": Knob("queue.lane", (1.5, 3.0, 5.0, 8.0)),
    "min_service_s": Knob("queue.lane", (1.5, 3.0, 5.0)),
}


def changed(site: Site, change: Change) -> Site:
    """The site with these values on all of its cameras and lanes."""
    tracker: dict[str, Any] = {name: value for name, value in change.items() if KNOBS[name].table == "camera.tracker"}
    lane: dict[str, Any] = {name: value for name, value in change.items() if KNOBS[name].table == "queue.lane"}
    cameras = tuple(replace(c, tracker=replace(c.tracker, **tracker)) for c in site.cameras)
    queues = tuple(replace(q, lanes=tuple(replace(one, **lane) for one in q.lanes)) for q in site.queues)
    return replace(site, cameras=cameras, queues=queues)


def as_it_is(site: Site, name: str) -> set[float]:
    """The values that the site has of a knob: one, or several where cameras or lanes differ."""
    if KNOBS[name].table == "camera.tracker":
        return {float(getattr(c.tracker, name)) for c in site.cameras}
    return {float(getattr(lane, name)) for q in site.queues for lane in q.lanes}


def changes(sites: Sequence[Site], tries: int, rng: np.random.Generator) -> list[Change]:
    """The site as it is, first; then every single change that is one; then `tries` random combinations of 2 to 4.

    A value is a change where at least one of the sites has another. A keep_score above the birth_score is none.
    """
    served = any(lane.service_area for site in sites for q in site.queues for lane in q.lanes)
    knobs = {name: k for name, k in KNOBS.items() if name != "min_service_s" or served}
    free = {
        name: [v for v in knob.values if any(as_it_is(s, name) - {v} for s in sites)] for name, knob in knobs.items()
    }
    found: list[Change] = [{}, *({name: value} for name, values in free.items() for value in values)]
    found = [c for c in found if _sound(sites, c)]
    wanted = len(found) + min(tries, math.prod(len(v) + 1 for v in free.values()) // 2)
    names = [name for name, values in free.items() if values]
    while len(found) < wanted:
        picked = sorted(rng.choice(len(names), int(rng.integers(2, MOST_AT_ONCE + 1)), replace=False))
        one = {names[i]: float(rng.choice(free[names[i]])) for i in picked}
        if one not in found and _sound(sites, one):
            found.append(one)
    return found


def _sound(sites: Sequence[Site], change: Change) -> bool:
    trackers = [c.tracker for site in sites for c in changed(site, change).cameras]
    return all(t.keep_score <= t.birth_score for t in trackers)
