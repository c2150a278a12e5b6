"""`linewise replay` of several recordings: a process each, or a Dask cluster; one result for all."""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from calibration import batch_dask, batch_plan, batch_processes, batch_summary
from calibration.batch_plan import Planned
from calibration.outputs import make_folder
from calibration.proof import prove
from calibration.request import Request
from edge.config import load_site
from edge.errors import InputError, LinewiseError


@dataclass(frozen=True)
class Many:
    """What the command line says about several recordings.

    Attributes:
        plan: the plan file, or None: `recordings` of the one site.
        recordings: as given.
        site: the site file, or None.
        jobs: processes at a time; None: one a CPU.
        dask: a scheduler's address; None: this machine.
    """

    plan: Path | None
    recordings: tuple[Path, ...]
    site: Path | None
    jobs: int | None
    dask: str | None


def run(request: Request, many: Many, *, bar: bool) -> tuple[dict[str, Any], str, int]:
    """Replays them all: the joint result, the same in words, and the exit code.

    2: at least one could not be replayed; 1: one does not hold its site's acceptance rule.
    """
    planned = _planned(request, many)
    _refuse(request, many)
    requests = [_request_of(request, one, absolute=many.dask is not None) for one in planned]
    ended: dict[int, batch_processes.Ended] = {}
    with _Bar(requests, wanted=bar) as told:
        for one in _executed(requests, many, told):
            ended[one.index] = one
            told.done(one.index)
    done = [_done(planned[k], requests[k], ended[k]) for k in range(len(planned))]
    joint = batch_summary.joint(done)
    if request.out is not None:
        batch_summary.write(request.out, done, joint)
    speed = {d.name: d.summary["run"] for d in done if d.summary is not None}
    return {**joint, "run": speed}, batch_summary.terminal(done, joint), batch_summary.exit_code(joint)


def _planned(request: Request, many: Many) -> tuple[Planned, ...]:
    if many.plan is None:
        if many.site is None:  # the caller has asked for it
            raise InputError("--site is missing")
        return batch_plan.of_arguments(many.recordings, many.site, request.cameras, request.truth)
    extra = [*map(str, many.recordings), *(["--site"] if many.site else []), *(["--truth"] if request.truth else [])]
    extra += ["--camera"] if request.cameras else []
    if extra:
        raise InputError(
            f"--plan {many.plan}: {', '.join(extra)} beside it; the plan names recordings, sites and truth"
        )
    return batch_plan.read_plan(many.plan)


def _refuse(request: Request, many: Many) -> None:
    """What makes no sense for several recordings."""
    for wanted, option in ((request.fit, "--fit"), (request.certify, "--certify")):
        if wanted:
            raise InputError(f"{option}: for one recording at a time; its result belongs to one site's files")
    if request.overlay is not None and request.out is None:
        raise InputError(
            f"--overlay {request.overlay}: with several recordings it goes into each one's folder; give --out"
        )
    if many.dask is not None and many.jobs is not None:
        raise InputError("--jobs: the cluster decides how many run at once; leave it out beside --dask")
    if many.dask is not None and request.out is None:
        raise InputError("--dask: give --out, a folder that the workers see under the same path")


def _request_of(request: Request, one: Planned, *, absolute: bool) -> Request:
    """The request of one recording; a worker elsewhere needs whole paths."""

    def whole(path: Path | None) -> Path | None:
        return path if path is None or not absolute else path.absolute()

    out = None if request.out is None else request.out / one.name
    return replace(
        request,
        site_path=one.site.absolute() if absolute else one.site,
        recording=whole(one.recording),
        cameras=one.cameras,
        truth=tuple(p.absolute() if absolute else p for p in one.truth),
        out=whole(out),
        compare=whole(None if request.compare is None else request.compare / one.name),
        overlay=whole(None if request.overlay is None or out is None else out / request.overlay.name),
    )


def _executed(requests: list[Request], many: Many, told: "_Bar") -> Iterator[batch_processes.Ended]:
    if many.dask is not None:
        return batch_dask.run(replayed, requests, address=many.dask, on_told=told)
    at_once = min(many.jobs or batch_processes.processors(), len(requests))
    return batch_processes.run(replayed, requests, at_once=at_once, on_told=told)


def replayed(request: Request, told: Callable[[float], None]) -> tuple[dict[str, Any], str]:
    """One recording, in a process or on a worker; tells the media time each second of it."""
    last_s = 0.0

    def on_pts(pts_s: float) -> None:
        nonlocal last_s
        if pts_s >= last_s + 1.0:
            last_s = pts_s
            told(pts_s)

    if request.overlay is not None and request.out is not None:
        make_folder(request.out)  # the film is refused before the replay where its folder is missing
    proof = prove(request, lambda length_s: nullcontext(on_pts), now_utc_s=time.time())
    return proof.summary, proof.words


def _done(one: Planned, request: Request, ended: batch_processes.Ended) -> batch_summary.Done:
    if ended.error:
        return batch_summary.Done(one.name, one.site.name, None, ended.error)
    summary, words = ended.result
    if request.out is not None and not (request.out / "summary.json").is_file():
        return batch_summary.Done(
            one.name, one.site.name, None,
            f"{request.out} is not here: the worker wrote it on another machine; give an --out that all of them share",
        )  # fmt: skip
    return batch_summary.Done(one.name, one.site.name, summary, "", words)


class _Bar:
    """One bar of media seconds for all recordings; recordings whose length nobody knows count as they end."""

    def __init__(self, requests: list[Request], *, wanted: bool) -> None:
        self._lengths_s = [_length_s(r) if wanted else 0.0 for r in requests]
        self._at_s = [0.0] * len(requests)
        self._bar = tqdm(total=round(sum(self._lengths_s)), unit="s", desc="replay", disable=not wanted, leave=False)
        self._left = len(requests)

    def __enter__(self) -> "_Bar":
        self._bar.set_postfix_str(f"{self._left} recordings to go")
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def __call__(self, index: int, pts_s: float) -> None:
        """The recording has come to this media second."""
        self._at_s[index] = min(max(self._at_s[index], pts_s), self._lengths_s[index])
        self._bar.update(int(sum(self._at_s)) - self._bar.n)

    def done(self, index: int) -> None:
        """The recording has ended, well or not."""
        self._left -= 1
        self(index, self._lengths_s[index])
        self._bar.set_postfix_str(f"{self._left} recordings to go")


def _length_s(request: Request) -> float:
    """How long it is, as far as it can be told at once; what is wrong with it is told when its turn comes."""
    from calibration import recording

    try:
        site = load_site(request.site_path, sources="any", broker="any")
        return recording.length_s(recording.choose(site, request.recording, request.cameras)) or 0.0
    except LinewiseError:
        return 0.0
