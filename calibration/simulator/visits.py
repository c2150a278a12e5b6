"""Visits only, without motion: fast enough for thousands of hours; and the record that is the truth everywhere.

Groups come together and a friend steps in behind one of them; a lift's chairs take whole groups of the first line and
those alone of the last, as world.py has it.
"""

import heapq
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calibration.simulator.laws import draw, poisson_times
from calibration.simulator.settings import FRIEND_LATE_S, Lift, Scenario

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
        self.arrivals_rng, self.service_rng, self.patience_rng, self.groups_rng = rng.spawn(4)
        self.lines = {till.queue: _Line(deque()) for till in scenario.tills}
        self.visits: list[TrueVisit] = []
        self.group: list[int] = []  # of each visit: the number of the group's first
        self.events: list[tuple[float, int, str, int]] = []
        self.planned = 0

    def plan(self, at_s: float, what: str, who: int = -1) -> None:
        heapq.heappush(self.events, (at_s, self.planned, what, who))
        self.planned += 1

    def begin(self, line: _Line, at_s: float) -> None:
        while self.scenario.lift is None and line.waiting and line.serving < servers_at(self.scenario, at_s):
            who = line.waiting.popleft()
            line.serving += 1
            self.visits[who] = replace(self.visits[who], service_began_s=at_s)
            self.plan(done_at(self.scenario, at_s, draw(self.scenario.service, self.service_rng)), "done", who)

    def arrive(self, at_s: float) -> None:
        """One person, or a group, of whom one may come later."""
        shares, rng, first = self.scenario.groups, self.groups_rng, len(self.visits)
        size = 1 + int(rng.choice(len(shares), p=np.array(shares) / sum(shares))) if shares else 1
        queue = min(self.lines, key=lambda name: len(self.lines[name]))
        if self.scenario.lift is not None:
            queue = self.scenario.tills[-1 if size == 1 else 0].queue
        for _ in range(size):
            self.join(queue, at_s, first)
        if size > 1 and self.scenario.friends > 0 and rng.random() < self.scenario.friends:
            self.plan(at_s + float(rng.uniform(*FRIEND_LATE_S)), "friend", first)

    def join(self, queue: str, at_s: float, first: int, *, beside: bool = False) -> None:
        """At the end of the line, or behind the group's first where that one still waits."""
        who, waiting = len(self.visits), self.lines[queue].waiting
        self.visits.append(TrueVisit(queue, at_s, None, None, "inside"))
        self.group.append(first)
        waiting.insert(waiting.index(first) + 1 if beside and first in waiting else len(waiting), who)
        if self.scenario.patience is not None:
            self.plan(at_s + draw(self.scenario.patience, self.patience_rng), "tired", who)

    def chair(self, lift: Lift, at_s: float) -> None:
        """A chair takes the first group of those at the gate, other groups that fit whole, then the other lines'."""
        self.plan(at_s + lift.every_s, "chair")
        if any(from_s <= at_s < to_s for from_s, to_s in self.scenario.stops):
            return
        room = lift.seats
        for till in self.scenario.tills:
            waiting = self.lines[till.queue].waiting
            for first in dict.fromkeys(self.group[who] for who in list(waiting)[: max(till.abreast, lift.seats)]):
                party = [who for who in waiting if self.group[who] == first]
                party = party[: lift.seats] if room == lift.seats else party
                if len(party) <= room:
                    room -= len(party)
                    for who in party:
                        waiting.remove(who)
                        self.visits[who] = replace(
                            self.visits[who], service_began_s=at_s, served_s=at_s, outcome="served"
                        )

    def happen(self, what: str, who: int, at_s: float) -> None:
        """One event."""
        if what == "arrive":
            self.arrive(at_s)
        elif what == "friend":
            self.join(self.visits[who].queue, at_s, who, beside=True)
        elif what == "chair" and self.scenario.lift is not None:
            self.chair(self.scenario.lift, at_s)
        elif what == "done":
            self.lines[self.visits[who].queue].serving -= 1
            self.visits[who] = replace(self.visits[who], served_s=at_s, outcome="served")
        elif what == "tired" and who in (waiting := self.lines[self.visits[who].queue].waiting):
            waiting.remove(who)
            self.visits[who] = replace(self.visits[who], left_s=at_s, outcome="left")
        for line in self.lines.values():
            self.begin(line, at_s)


def simulate_visits(scenario: Scenario, rng: np.random.Generator) -> list[TrueVisit]:
    """Arrivals choose the shortest line (the first of equals), are served in order, or give up while they wait.

    Of two events at one instant the earlier planned comes first; what happens after duration_s is cut off.
    """
    run = _Run(scenario, rng)
    for at_s in poisson_times(scenario.arrivals, run.arrivals_rng):
        run.plan(at_s, "arrive")
    for change in scenario.staffing:
        run.plan(change.until_s, "staff")
    if scenario.lift is not None:
        run.plan(scenario.lift.every_s, "chair")
    while run.events and run.events[0][0] <= scenario.duration_s:
        at_s, _, what, who = heapq.heappop(run.events)
        run.happen(what, who, at_s)
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
    rows: list[list[TrueCount]] = []
    at_s = np.arange(int(duration_s / every_s + 1e-9) + 1) * every_s
    for queue in queues:
        mine = [v for v in visits if v.queue == queue]
        joined = np.array([v.joined_s for v in mine])
        ended = np.array([v.ended_s for v in mine if v.ended_s is not None])
        length = (np.searchsorted(np.sort(a), at_s, side="right") for a in (joined, ended))
        there = next(length) - next(length)
        changes = np.concatenate([[-np.inf], np.sort(np.concatenate([joined, ended])), [np.inf]])
        after = np.searchsorted(changes, at_s)
        near = np.minimum(changes[after] - at_s, at_s - changes[after - 1]) < 1.0
        rows.append([TrueCount(*row) for row in zip(at_s.tolist(), [queue] * len(at_s), there.tolist(),
                                                     (~near).tolist(), strict=True)])  # fmt: skip
    return [row for step in zip(*rows, strict=True) for row in step]
