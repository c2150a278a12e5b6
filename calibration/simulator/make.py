"""One run of a scenario from a seed to files."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from calibration.simulator import files
from calibration.simulator.detections import detections
from calibration.simulator.lanes import site_toml
from calibration.simulator.scenarios import SCENARIOS, lasting
from calibration.simulator.settings import Scenario
from calibration.simulator.visits import TrueCount, TrueVisit, counts, simulate_visits
from calibration.simulator.world import run

Progress = Callable[[Iterable[Any], int], Iterable[Any]]


class SimulatorError(ValueError):
    """The input asks for something that cannot be simulated; the message is for the user."""


def find(name: str, duration_s: float | None = None) -> Scenario:
    """The scenario of that name, for another duration if one is given."""
    if name not in SCENARIOS:
        near = difflib.get_close_matches(name, SCENARIOS, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise SimulatorError(f"no scenario {name!r}; {hint}There are: {', '.join(sorted(SCENARIOS))}")
    chosen = SCENARIOS[name]
    return chosen if duration_s is None else lasting(chosen, duration_s)


def simulate(scenario: Scenario, seed: int, out: Path, *, video: bool, progress: Progress) -> str:
    """Writes the files and returns a line on what was made."""
    world_rng, detector_rng, video_rng = np.random.default_rng(seed).spawn(3)
    instants, visits = run(scenario, world_rng)
    rows = _write_truth(scenario, visits, instants[-1].pts_s, out)
    ticks = list(detections(scenario, instants, detector_rng))
    files.write_detections(out / "detections.jsonl", ticks, scenario)
    for view in scenario.cameras:
        name = "tracks.txt" if not scenario.views else f"{view.id}.tracks.txt"
        files.write_tracks(out / name, list(files.of_camera(ticks, view.id)), scenario)
    files.write_frame_rate(out / "seqinfo.ini", scenario)
    videos = ["video.mp4"] if not scenario.views else [f"{view.id}.mp4" for view in scenario.views]
    (out / "site.toml").write_text(site_toml(scenario, *videos))
    if video:
        for view, name, rng in zip(scenario.cameras, videos, _streams(video_rng, len(videos)), strict=True):
            _write_video(replace(scenario, camera=view.camera), instants, out / name, rng=rng, progress=progress)
    return _told(scenario, visits, rows, out)


def simulate_truth(scenario: Scenario, seed: int, out: Path) -> str:
    """Writes visits and counts of a run without motion, thousands of hours a minute, and returns a line on it."""
    visits = simulate_visits(scenario, np.random.default_rng(seed))
    return _told(scenario, visits, _write_truth(scenario, visits, scenario.duration_s, out), out)


def _write_truth(scenario: Scenario, visits: list[TrueVisit], until_s: float, out: Path) -> list[TrueCount]:
    rows = counts(visits, [till.queue for till in scenario.tills], until_s)
    files.write_visits(out / "visits.csv", visits)
    files.write_counts(out / "counts.csv", rows)
    return rows


def _told(scenario: Scenario, visits: list[TrueVisit], rows: list[TrueCount], out: Path) -> str:
    names = [till.queue for till in scenario.tills]
    longest = ", ".join(f"{n} up to {max(r.length for r in rows if r.queue == n)}" for n in names)
    served = sum(v.outcome == "served" for v in visits)
    return f"{scenario.name}: {len(visits)} visits, {served} served; {longest}; written to {out}"


def _streams(rng: np.random.Generator, many: int) -> list[np.random.Generator]:
    """Chance for each camera; the only camera's is the generator itself."""
    return [rng, *rng.spawn(many - 1)]


def _write_video(
    scenario: Scenario, instants: list[Any], path: Path, *, rng: np.random.Generator, progress: Progress
) -> None:
    # Drawing needs OpenGL and the encoder: only those who ask for a video need have them.
    try:
        from calibration.simulator.recording import pictures, write_video  # noqa: PLC0415
        from detector.scenes.render import SceneError  # noqa: PLC0415
    except ImportError as error:
        raise SimulatorError(f"a video needs {error.name}: pip install 'linewise[scenes]'") from None
    frames = progress(pictures(scenario, instants, rng), len(instants))
    part = path.with_name(f".{path.stem}.part{path.suffix}")  # half a film is none: it would be taken for the whole
    try:
        write_video(part, iter(frames), fps=round(1 / scenario.step_s))
        part.replace(path)
    except SceneError as error:
        raise SimulatorError(str(error)) from None
    finally:
        part.unlink(missing_ok=True)
