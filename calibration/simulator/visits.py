"""Visits only, without motion: fast enough for thousands of hours; and the record that is the truth everywhere."""

import heapq
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calibration.simulator.laws import draw, poisson_times
from calibration.simulator.settings import Scenario

Outcome = Literal["served", "left", "lost", "inside"]


@dataclass(frozen=True)
class TrueVisit:
    """One person and one queue; the outcome "inside" is still there when the run ends.

    served_s is the end of the service, when the service line is crossed; left_s is there for one who gave up;
    service_began_s is known to the simulator alone.
    """

    queue: str
    joined_s: float
    served_s: float | None
    left_s: float | None
    outcome: Outcome
    service_began_s: float | None = None

    @property
    def ended_s(self) -> float | None:
        """When the person was no longer in the queue; None while inside."""
        return self.served_s if self.served_s is not None else self.left_s


@dataclass
class _Line:
    """waiting: indices in order; serving: whoever is at the till."""

    waiting: deque[int]
    serving: int | None = None

    def __len__(self) -> int:
        return len(self.waiting) + (self.serving is not None)


def simulate_visits(scenario: Scenario, rng: np.random.Generator) -> list[TrueVisit]:
    """Arrivals choose the shortest line (the first of equals), are served in order, or give up while they wait.

    Of two events at one instant the earlier planned comes first; what happens after duration_s is cut off.
    """
    arrivals_rng, service_rng, patience_rng = rng.spawn(3)
    names = [till.queue for till in scenario.tills]
    lines = {name: _Line(deque()) for name in names}
    visits: list[TrueVisit] = []
    events: list[tuple[float, int, str, int]] = []
    for at_s in poisson_times(scenario.arrivals, arrivals_rng):
        heapq.heappush(events, (at_s, len(events), "arrive", -1))
    planned = len(events)

    def plan(at_s: float, what: str, who: int) -> None:
        nonlocal planned
        planned += 1
        heapq.heappush(events, (at_s, planned, what, who))

    def begin(line: _Line, at_s: float) -> None:
        if line.serving is None and line.waiting:
            who = line.serving = line.waiting.popleft()
            visits[who] = replace(visits[who], service_began_s=at_s)
            plan(at_s + draw(scenario.service, service_rng), "done", who)

    while events and events[0][0] <= scenario.duration_s:
        at_s, _, what, who = heapq.heappop(events)
        if what == "arrive":
            queue, who = min(names, key=lambda name: len(lines[name])), len(visits)
            visits.append(TrueVisit(queue, at_s, None, None, "inside"))
            lines[queue].waiting.append(who)
            if scenario.patience is not None:
                plan(at_s + draw(scenario.patience, patience_rng), "tired", who)
        line = lines[visits[who].queue]
        if what == "done":
            line.serving = None
            visits[who] = replace(visits[who], served_s=at_s, outcome="served")
        elif what == "tired" and who in line.waiting:
            line.waiting.remove(who)
            visits[who] = replace(visits[who], left_s=at_s, outcome="left")
        begin(line, at_s)
    return visits


def length_at(visits: list[TrueVisit], queue: str, at_s: float) -> int:
    """People in the queue, the one being served included, just after at_s."""
    return sum(v.queue == queue and v.joined_s <= at_s and (v.ended_s is None or v.ended_s > at_s) for v in visits)


@dataclass(frozen=True)
class TrueCount:
    """certain is false within a second of a change: there a frame more or less decides."""

    pts_s: float
    queue: str
    length: int
    certain: bool


def counts(visits: list[TrueVisit], queues: list[str], duration_s: float, every_s: float = 1.0) -> list[TrueCount]:
    """The length of each queue at every_s steps from 0 to duration_s."""
    rows = []
    changes = {
        q: np.array([t for v in visits if v.queue == q for t in (v.joined_s, v.ended_s) if t is not None])
        for q in queues
    }
    for k in range(int(duration_s / every_s + 1e-9) + 1):
        at_s = k * every_s
        for queue in queues:
            near = bool((np.abs(changes[queue] - at_s) < 1.0).any())
            rows.append(TrueCount(at_s, queue, length_at(visits, queue, at_s), not near))
    return rows


def _changes_s(visits: list[TrueVisit]) -> list[float]:
    return [t for v in visits for t in (v.joined_s, v.ended_s) if t is not None]
