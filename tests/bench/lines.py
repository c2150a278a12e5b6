"""Lengths, served people and waits against the simulator's truth, through the tracker and the counter.

A detector's errors come on top: people missed, and tracks broken again and again. Each half of the seeds is corrected
by the miss rate fitted on the other half, as `linewise replay --fit` does with counts by hand; so nothing is measured
on what it was fitted on. `+-` is half the 95 % interval over the seeds. Every seed is written as it is done.

usage: python tests/bench/lines.py [--first 0] [--seeds 6] [--seconds 1800] [--fps 5] [--only NAME,...] [--processes 1]
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from calibration.simulator.detections import Errors, detections
from calibration.simulator.lanes import site_toml
from calibration.simulator.scenarios import SCENARIOS, lasting
from calibration.simulator.settings import Scenario
from calibration.simulator.visits import TrueVisit, length_at
from calibration.simulator.world import run
from detector.runtime.detections import Detections
from edge.config import load_site
from edge.counter import Counter
from edge.messages import QueueReading
from edge.queueing.length import Section
from edge.settings import Site
from edge.tracking import Tracker
from edge.vocabulary import Tracks, Visit
from tests.bench.line_figures import Outcome, Sums, Told, fitted, line, sums

BROKEN, PLAIN = " broken", " plain"
BROKEN_GAP_S = 0.7  # a broken track is gone so long on average
AFTER_S = 20.0  # looked at longer, so that visits that end at the last moment are told


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
    Case("canteen-bell plain", "canteen-bell", Errors()),
    Case("canteen-bell 10 %", "canteen-bell", Errors(miss_share=0.1)),
    Case("canteen-bell 30 %", "canteen-bell", Errors(miss_share=0.3)),
    Case("passers-by", "passers-by", Errors()),
    Case("staff", "staff", Errors()),
    Case("groups", "groups", Errors()),
    Case("abandonment", "abandonment", Errors()),
    Case("abandonment 30 %", "abandonment", Errors(miss_share=0.3)),
    Case("two-cameras", "two-cameras", Errors()),
    Case("two-cameras-overlap", "two-cameras-overlap", Errors()),
)


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


def site_of(scenario: Scenario) -> Site:
    """The scenario's site; its lanes have never been measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(site_toml(scenario, *["test://"] * len(scenario.cameras)))
        return load_site(path)


class _Book:
    """What a queue's readings said, second by second."""

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}
        self.sections: dict[int, list[Section]] = {}
        self.waits: dict[int, QueueReading] = {}


class _Listener:
    """A counter of its own behind trackers that cases share, with what it said until the run's end."""

    def __init__(self, case: Case, site: Site, seconds: float, rng: np.random.Generator) -> None:
        self.counter, self.seconds, self.now_s = Counter(site), seconds, 0
        self.breakers = {c.id: Breaker(case.broken_s or math.inf, rng) for c in site.cameras}
        self.books = {q.id: _Book() for q in site.queues}
        self.seen: list[Visit] = []

    def hear(self, tracks: Tracks) -> None:
        """One picture's tracks, after the readings of all whole seconds before it."""
        while self.now_s < tracks.pts_s:
            now = self.counter.tick(float(self.now_s), 0.0)
            self.seen += now.visits
            for r in now.readings:
                book = self.books[r.queue]
                book.waits[self.now_s] = r
                if r.length is not None and self.now_s <= self.seconds:
                    book.lengths[self.now_s] = r.length
                    book.sections[self.now_s] = self.counter.lane_sections(r.queue, float(self.now_s))
            self.now_s += 1
        self.counter.on_tracks(self.breakers[tracks.camera_id](tracks))


def play(cases: Sequence[Case], seed: int, *, seconds: float, fps: float) -> dict[str, list[Outcome]]:
    """Everything from people to visits, by case and queue; the cases differ in broken tracks only."""
    scenario = replace(lasting(SCENARIOS[cases[0].scenario], seconds + AFTER_S), detect_fps=fps)
    world, detector, *breaks = np.random.default_rng(seed).spawn(2 + len(cases))
    instants, truth = run(scenario, world)
    site = site_of(scenario)
    sizes_px = {view.id: (view.camera.width_px, view.camera.height_px) for view in scenario.cameras}
    trackers = {camera.id: Tracker(camera, run="bench") for camera in site.cameras}
    listeners = {c.name: _Listener(c, site, seconds, rng) for c, rng in zip(cases, breaks, strict=True)}
    for tick in detections(scenario, instants, detector, cases[0].errors):
        boxes, scores = tick.boxes.astype(np.float32).reshape(-1, 4), tick.scores.astype(np.float32)
        tracks = trackers[tick.camera].update(Detections(tick.pts_s, sizes_px[tick.camera], boxes, scores))
        for listener in listeners.values():
            listener.hear(tracks)
    return {
        name: [_outcome(queue, book, truth, heard.seen, seconds) for queue, book in heard.books.items()]
        for name, heard in listeners.items()
    }


def _outcome(queue: str, book: _Book, truth: list[TrueVisit], seen: list[Visit], seconds: float) -> Outcome:
    mine = [v for v in truth if v.queue == queue and v.ended_s is not None and v.ended_s <= seconds]
    served = [(book.waits.get(int(v.joined_s)), v.joined_s, v.served_s) for v in mine if v.served_s is not None]
    told = [
        Told(joined_s, r.wait_s, r.wait_low_s, r.wait_high_s, served_s - joined_s)
        for r, joined_s, served_s in served
        if r is not None and r.wait_s is not None
    ]
    return Outcome(
        queue,
        [length_at(truth, queue, float(s)) for s in book.lengths],
        list(book.lengths.values()),
        list(book.sections.values()),
        mine,
        [v for v in seen if v.queue_id == queue and (v.left_s or 0.0) <= seconds],
        told,
    )


def table(done: Mapping[str, Sequence[list[Outcome]]]) -> list[str]:
    """A line a case, each half of its seeds corrected by the other's miss rates."""
    rows: dict[str, list[Sums]] = {}
    for name, seeds in done.items():
        halves = seeds[::2], seeds[1::2]
        fits = [fitted([o for outcomes in half for o in outcomes]) for half in halves]
        rows[name] = [sums(outcomes, fits[1 - k % 2]) for k, outcomes in enumerate(seeds)]
    plain = {c.name: rows.get(c.name.replace(BROKEN, PLAIN)) for c in CASES if BROKEN in c.name}
    return [line(c.name, rows[c.name], plain.get(c.name)) for c in CASES if c.name in rows]


def _one(cases: Sequence[Case], seed: int, seconds: float, fps: float) -> dict[str, list[Outcome]]:
    return play(cases, seed, seconds=seconds, fps=fps)


def main() -> None:
    """Prints a table after every second seed, the last one is of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--fps", type=float, default=5.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    only = [w.strip() for w in given.only.split(",")]
    wanted = [c for c in CASES if not given.only or any(f"{c.name} ".startswith(f"{w} ") for w in only)]
    done: dict[str, list[list[Outcome]]] = {c.name: [] for c in wanted}
    alike: dict[tuple[str, Errors], list[Case]] = {}
    for case in wanted:
        alike.setdefault((case.scenario, case.errors), []).append(case)
    with ProcessPoolExecutor(given.processes) as pool:
        for seed in range(given.first, given.first + given.seeds):
            for outcomes in pool.map(_one, alike.values(), repeat(seed), repeat(given.seconds), repeat(given.fps)):
                for name, queues in outcomes.items():
                    done[name].append(queues)
                print(f"seed {seed}: {', '.join(outcomes)}", file=sys.stderr, flush=True)
            if len(done[wanted[0].name]) % 2 == 0:
                print(*table(done), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
