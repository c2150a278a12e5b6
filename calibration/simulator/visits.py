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
    """waiting: indices in order; serving: how many are served now."""

    waiting: deque[int]
    serving: int = 0

    def __len__(self) -> int:
        return len(self.waiting) + self.serving


def servers_at(scenario: Scenario, at_s: float) -> int:
    """Servers of each line at that moment; after the last Staffing as in it."""
    now = [s.servers for s in scenario.staffing if at_s < s.until_s]
    return now[0] if now else scenario.staffing[-1].servers if scenario.staffing else 1


def done_at(scenario: Scenario, begun_s: float, lasting_s: float) -> float:
    """When a service is done that stands still during the scenario's stops."""
    end_s = begun_s + lasting_s
    for from_s, to_s in sorted(scenario.stops):
        if from_s < end_s and to_s > begun_s:
            end_s += to_s - max(from_s, begun_s)
    return end_s


class _Run:
    """The events to come, in order: of two at one instant the earlier planned comes first."""

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        self.scenario = scenario
        self.arrivals_rng, self.service_rng, self.patience_rng = rng.spawn(3)
        self.lines = {till.queue: _Line(deque()) for till in scenario.tills}
        self.visits: list[TrueVisit] = []
        self.events: list[tuple[float, int, str, int]] = []
        self.planned = 0

    def plan(self, at_s: float, what: str, who: int = -1) -> None:
        heapq.heappush(self.events, (at_s, self.planned, what, who))
        self.planned += 1

    def begin(self, line: _Line, at_s: float) -> None:
        while line.waiting and line.serving < servers_at(self.scenario, at_s):
            who = line.waiting.popleft()
            line.serving += 1
            self.visits[who] = replace(self.visits[who], service_began_s=at_s)
            self.plan(done_at(self.scenario, at_s, draw(self.scenario.service, self.service_rng)), "done", who)

    def arrive(self, at_s: float) -> int:
        queue = min(self.lines, key=lambda name: len(self.lines[name]))
        who = len(self.visits)
        self.visits.append(TrueVisit(queue, at_s, None, None, "inside"))
        self.lines[queue].waiting.append(who)
        if self.scenario.patience is not None:
            self.plan(at_s + draw(self.scenario.patience, self.patience_rng), "tired", who)
        return who


def simulate_visits(scenario: Scenario, rng: np.random.Generator) -> list[TrueVisit]:
    """Arrivals choose the shortest line (the first of equals), are served in order, or give up while they wait.

    Of two events at one instant the earlier planned comes first; what happens after duration_s is cut off.
    """
    run = _Run(scenario, rng)
    for at_s in poisson_times(scenario.arrivals, run.arrivals_rng):
        run.plan(at_s, "arrive")
    for change in scenario.staffing:
        run.plan(change.until_s, "staff")
    while run.events and run.events[0][0] <= scenario.duration_s:
        at_s, _, what, who = heapq.heappop(run.events)
        if what == "staff":
            for line in run.lines.values():
                run.begin(line, at_s)
            continue
        if what == "arrive":
            who = run.arrive(at_s)
        line = run.lines[run.visits[who].queue]
        if what == "done":
            line.serving -= 1
            run.visits[who] = replace(run.visits[who], served_s=at_s, outcome="served")
        elif what == "tired" and who in line.waiting:
            line.waiting.remove(who)
            run.visits[who] = replace(run.visits[who], left_s=at_s, outcome="left")
        run.begin(line, at_s)
    return run.visits


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
