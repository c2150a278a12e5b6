"""Lengths, served people and waits against the simulator's truth, through the tracker and the counter.

A detector's errors come on top: people missed, and tracks broken again and again. Each lane's miss rate is fitted on
the first half of the seeds and used on the second, as `linewise replay --fit` does with counts by hand.

usage: python tests/bench/lines.py [--seeds 6] [--seconds 1800] [--fps 5] [--only NAME,...]
"""

import argparse
import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from calibration.simulator.detections import Errors, detections
from calibration.simulator.lanes import site_toml
from calibration.simulator.scenarios import SCENARIOS
from calibration.simulator.settings import Scenario
from calibration.simulator.visits import TrueVisit, counts
from calibration.simulator.world import run
from detector.runtime.detections import Detections
from edge.calibration_file import miss_rate
from edge.config import load_site
from edge.counter import Counter
from edge.settings import Site
from edge.tracking import Tracker
from edge.vocabulary import Tracks, Visit

Rates = Mapping[str, float]
BROKEN_GAP_S = 0.7  # a broken track is gone so long on average


@dataclass(frozen=True)
class Case:
    """A scenario with a detector's errors; broken_s: tracks break so often on average, seconds (0: never)."""

    name: str
    scenario: str
    errors: Errors
    broken_s: float = 0.0


CASES = (
    Case("one-till plain", "one-till", Errors()),
    Case("one-till 10 %", "one-till", Errors(miss_share=0.1)),
    Case("one-till 20 %", "one-till", Errors(miss_share=0.2)),
    Case("one-till 30 %", "one-till", Errors(miss_share=0.3)),
    Case("one-till 30 %, 2 s", "one-till", Errors(miss_share=0.3, miss_s=2.0)),
    Case("one-till broken", "one-till", Errors(), 20.0),
    Case("three-tills plain", "three-tills", Errors()),
    Case("three-tills 10 %", "three-tills", Errors(miss_share=0.1)),
    Case("three-tills 30 %", "three-tills", Errors(miss_share=0.3)),
    Case("three-tills broken", "three-tills", Errors(), 20.0),
    Case("passers-by", "passers-by", Errors()),
    Case("staff", "staff", Errors()),
    Case("groups", "groups", Errors()),
    Case("two-cameras", "two-cameras", Errors()),
    Case("two-cameras-overlap", "two-cameras-overlap", Errors()),
)


@dataclass(frozen=True)
class Outcome:
    """One queue of one run: lengths at whole seconds, and visits as they were and as they were seen."""

    queue: str
    there: list[int]
    told: list[int]
    truth: list[TrueVisit]
    seen: list[Visit]


class Breaker:
    """Breaks tracks at random: a short while without the person, then another id."""

    def __init__(self, every_s: float, rng: np.random.Generator) -> None:
        self.every_s, self.rng = every_s, rng
        self.ids: dict[int, int] = {}
        self.until_s: dict[int, float] = {}
        self.next_id, self.last_s = 1, 0.0

    def __call__(self, tracks: Tracks) -> Tracks:
        """The tracks with some of them broken."""
        step_s, self.last_s = max(tracks.pts_s - self.last_s, 0.0), tracks.pts_s
        keep = np.ones(len(tracks.track_ids), bool)
        ids = np.zeros(len(tracks.track_ids), np.int64)
        for k, old in enumerate(map(int, tracks.track_ids)):
            if self.rng.random() < step_s / self.every_s:
                self.until_s[old] = tracks.pts_s + float(self.rng.exponential(BROKEN_GAP_S))
                self.ids.pop(old, None)
            if old not in self.ids:
                self.ids[old], self.next_id = self.next_id, self.next_id + 1
            ids[k], keep[k] = self.ids[old], tracks.pts_s >= self.until_s.get(old, 0.0)
        rows = {name: getattr(tracks, name)[keep] for name in ("boxes", "ground", "observed", "last_seen_s")}
        return replace(tracks, track_ids=ids[keep], **rows)


def site_of(scenario: Scenario, rates: Rates) -> Site:
    """The scenario's site, its lanes corrected by those miss rates; a queue without one has never been measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(site_toml(scenario, *["test://"] * len(scenario.cameras)))
        site = load_site(path)
    queues = tuple(
        replace(q, lanes=tuple(replace(lane, miss_rate=rates.get(q.id)) for lane in q.lanes)) for q in site.queues
    )
    return replace(site, queues=queues)


def play(case: Case, seed: int, rates: Rates, *, seconds: float, fps: float) -> list[Outcome]:
    """Everything from people to visits, one queue after the other."""
    scenario = replace(SCENARIOS[case.scenario], duration_s=seconds, detect_fps=fps)
    world, detector, breaks = np.random.default_rng(seed).spawn(3)
    instants, truth = run(scenario, world)
    names = [till.queue for till in scenario.tills]
    site = site_of(scenario, rates)
    counter, eyes = Counter(site), {}
    for view, camera in zip(scenario.cameras, site.cameras, strict=True):
        size_px = (view.camera.width_px, view.camera.height_px)
        eyes[view.id] = size_px, Tracker(camera, run="bench"), Breaker(case.broken_s or math.inf, breaks)
    told: dict[str, list[int]] = {n: [] for n in names}
    seen: list[Visit] = []
    for tick in detections(scenario, instants, detector, case.errors):
        while len(told[names[0]]) < tick.pts_s:
            now = counter.tick(float(len(told[names[0]])), 0.0)
            seen += now.visits
            for r in now.readings:
                told[r.queue].append(r.length or 0)
        boxes, scores = tick.boxes.astype(np.float32).reshape(-1, 4), tick.scores.astype(np.float32)
        size_px, tracker, breaker = eyes[tick.camera or scenario.cameras[0].id]
        counter.on_tracks(breaker(tracker.update(Detections(tick.pts_s, size_px, boxes, scores))))
    there: dict[str, list[int]] = {n: [] for n in names}
    for row in counts(truth, names, seconds):
        there[row.queue].append(row.length)
    return [
        Outcome(
            n, there[n][: len(told[n])], told[n],
            [v for v in truth if v.queue == n], [v for v in seen if v.queue_id == n],
        )
        for n in names
    ]  # fmt: skip


def fitted(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Each queue's miss rate from runs with 0.0."""
    sums: dict[str, list[float]] = {}
    for o in outcomes:
        sums.setdefault(o.queue, [0.0, 0.0])
        sums[o.queue][0] += sum(o.told)
        sums[o.queue][1] += sum(o.there)
    return {queue: miss_rate(told, there) for queue, (told, there) in sums.items()}


def _waits(visits: Iterable[tuple[float, float | None, bool]]) -> Iterator[float]:
    yield from (served - joined for joined, served, good in visits if served is not None and good)


def report(case: Case, fit: Sequence[Outcome], held: Sequence[Outcome], plain: Sequence[Outcome]) -> str:
    """One line: bias of the length with and without the miss rate, outcomes, waits."""
    there = sum(sum(o.there) for o in held)
    off = np.array([t - x for o in held for t, x in zip(o.told, o.there, strict=True)])
    raw = sum(sum(o.told) for o in plain) / there - 1.0
    both = [*fit, *plain]
    truth, seen = [v for o in both for v in o.truth], [v for o in both for v in o.seen]
    true_served, served = (sum(v.outcome == "served" for v in visits) for visits in (truth, seen))
    real = np.mean(list(_waits((v.joined_s, v.served_s, True) for v in truth)))
    got = np.mean(list(_waits((v.joined_s, v.served_s, not v.censored and v.outcome == "served") for v in seen)))
    ended = {kind: sum(v.outcome == kind for v in seen) for kind in ("left", "lost")}
    left = sum(v.outcome == "left" for v in truth)
    return (
        f"{case.name:22} mean {there / off.size:5.2f}  bias {raw:+.3f} -> {np.sum(off) / there:+.3f}  "
        f"MAE {np.abs(off).mean():.2f}  served {served}/{true_served} ({served / true_served - 1:+.3f})  "
        f"left {ended['left']}/{left}  lost {ended['lost']}  wait {got:.1f}/{real:.1f} s ({got / real - 1:+.3f})"
    )


def measure(case: Case, seeds: int, seconds: float, fps: float) -> str:
    """Fits on the first half of the seeds, measures on the second."""
    how = {"seconds": seconds, "fps": fps}
    half = max(seeds // 2, 1)
    begun_s = time.process_time()
    nought = dict.fromkeys((till.queue for till in SCENARIOS[case.scenario].tills), 0.0)
    fit = [o for seed in range(half) for o in play(case, seed, nought, **how)]
    rates = fitted(fit)
    plain = [o for seed in range(half, 2 * half) for o in play(case, seed, {}, **how)]
    held = [o for seed in range(half, 2 * half) for o in play(case, seed, rates, **how)]
    spent_s = time.process_time() - begun_s
    return report(case, fit, held, plain) + f"  [{spent_s:.0f} s; {', '.join(f'{r:+.3f}' for r in rates.values())}]"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    wanted = [c for c in CASES if not given.only or any(c.name.startswith(w) for w in given.only.split(","))]
    with ProcessPoolExecutor(given.processes) as pool:
        for line in pool.map(measure, wanted, repeat(given.seeds), repeat(given.seconds), repeat(given.fps)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
