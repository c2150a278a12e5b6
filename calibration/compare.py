"""`linewise replay --compare OLD_DIR`: what a change did, moment by moment against the same truth. Pure but for `load`.

Both replays are scored now, against the truth that is given now; a difference is new - old, over the moments (or
visits) at which both knew something, in pairs, with the 95 % interval of blocks (intervals.py): one that holds 0 says
that the change may as well have done nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration import scoring
from calibration.intervals import mean_interval
from calibration.moments import readings_of
from calibration.replay import Replayed
from calibration.scoring import LengthError, WaitError
from calibration.summary import QueueScore, summary_of_recording
from calibration.truth import Truth
from edge.errors import InputError
from edge.messages import QueueReading
from edge.vocabulary import Visit

SHOWN_MOMENTS = 20
SAME_S = 1.5  # two replays of one recording end at the same time, but for a last picture more or less
TOTALS = ("joined", "served", "left", "lost")


@dataclass(frozen=True)
class Old:
    """An earlier replay's folder: its readings and visits by queue id, its summary."""

    folder: Path
    readings: Mapping[str, list[QueueReading]]
    visits: Mapping[str, list[Visit]]
    summary: Mapping[str, Any]


def load(folder: Path) -> Old:
    """Reads a folder that `linewise replay --out` wrote.

    Raises:
        InputError: it holds no replay.
    """
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        lines = (folder / "visits.jsonl").read_text(encoding="utf-8").splitlines()
        visits = [_visit(json.loads(line)) for line in lines]
        queues = list(summary["queues"])
        summary["recording"]["cameras"].values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        raise InputError(
            f"--compare {folder}: not the --out folder of an earlier replay ({reason}); it needs its summary.json, "
            "visits.jsonl and readings.jsonl"
        ) from error
    readings = readings_of(folder / "readings.jsonl")
    return Old(
        folder,
        {q: [r for r in readings if r.queue == q] for q in queues},
        {q: [v for v in visits if v.queue_id == q] for q in queues},
        summary,
    )


def _visit(line: Mapping[str, Any]) -> Visit:
    return Visit(
        queue_id=str(line["queue"]),
        track_ids=tuple(line["track_ids"]),
        joined_s=float(line["joined_s"]),
        served_s=line["served_s"],
        left_s=line["left_s"],
        outcome=line["outcome"],
        ahead_on_joining=int(line["ahead_on_joining"]),
        censored=bool(line["censored"]),
    )


def compare(done: Replayed, scores: Mapping[str, QueueScore], truth: Truth, old: Old) -> dict[str, Any]:
    """summary.json's `compare`: what differs in the setting, and queue by queue rows, better and worse moments.

    Raises:
        InputError: the earlier replay was of another recording.
    """
    new = summary_of_recording(done)
    _same_recording(new, old)
    queues = {q: _queue(q, done, scores[q], truth, old) for q in done.readings if q in old.readings}
    files, before = ([f["sha256"] for f in r.get("files", [])] for r in (new, old.summary["recording"]))
    return {
        "with": old.folder.name,
        "changed": {
            "config": old.summary.get("config_sha256") != done.site.config_sha256,
            "model": _another(old.summary.get("model_sha256"), done.model_sha256, same_files=files == before),
            "files": files != before,
        },
        "only_new": sorted(set(done.readings) - set(old.readings)),
        "only_old": sorted(set(old.readings) - set(done.readings)),
        "queues": queues,
    }


def _another(was: str | None, now: str | None, *, same_files: bool) -> bool | None:
    """Do two hashes of the detector differ? None: not known, for other recorded detections, which name none."""
    if was is None or now is None:
        return False if same_files else None
    return was != now


def _same_recording(new: Mapping[str, Any], old: Old) -> None:
    was, now = ([c["last_pts_s"] for _, c in sorted(r["cameras"].items())] for r in (old.summary["recording"], new))
    if len(was) != len(now) or any(abs((a or 0.0) - (b or 0.0)) > SAME_S for a, b in zip(was, now, strict=True)):
        raise InputError(
            f"--compare {old.folder}: another recording: its cameras end at {was} s, those of this one at {now} s; "
            "compare two replays of one recording"
        )


def _queue(queue_id: str, done: Replayed, score: QueueScore, truth: Truth, old: Old) -> dict[str, Any]:
    before = old.readings[queue_id]
    counts = [c for c in truth.counts if c.queue_id == queue_id and c.certain]
    visits = [v for v in truth.visits if v.queue_id == queue_id]
    lengths = _pairs([e for e in score.lengths if e.truth.certain], scoring.length_errors(counts, before))
    waits = _wait_pairs(score.waits, scoring.wait_errors(visits, before))
    return {
        "rows": [
            *_totals(done.readings[queue_id], before),
            *_length_rows(lengths),
            *_wait_rows(waits),
            *(_visit_rows(score, visits, old.visits[queue_id], done.end_s) if visits else []),
        ],
        "seconds_apart": _seconds_apart(done.readings[queue_id], before),
        **_moments(lengths),
    }


def _pairs(new: Sequence[LengthError], old: Sequence[LengthError]) -> list[tuple[LengthError, LengthError]]:
    """(new, old) of the same moments, in the order of time."""
    return sorted(zip(new, old, strict=True), key=lambda pair: pair[0].truth.pts_s)


def _wait_pairs(new: Sequence[WaitError], old: Sequence[WaitError]) -> list[tuple[WaitError, WaitError]]:
    """(new, old) of the same visits; none where one of the two replays has no reading at all."""
    return list(zip(new, old, strict=True)) if len(new) == len(old) else []


def _totals(new: Sequence[QueueReading], old: Sequence[QueueReading]) -> list[dict[str, Any]]:
    if not new or not old:
        return []
    return [_counted(name, getattr(new[-1], name), getattr(old[-1], name)) for name in TOTALS]


def _counted(name: str, new: int, old: int, good: str = "") -> dict[str, Any]:
    """A row of counts, which have no interval; good: "more", "less" or "" (neither is better)."""
    return {"name": name, "old": old, "new": new, "difference": new - old, "low": None, "high": None, "n": None,
            "better": None if not good or new == old else (new > old) == (good == "more")}  # fmt: skip


def _length_rows(pairs: Sequence[tuple[LengthError, LengthError]]) -> list[dict[str, Any]]:
    known = [(n.error, o.error) for n, o in pairs if n.error is not None and o.error is not None]
    unknown = [sum(pair[side].error is None for pair in pairs) for side in (0, 1)]
    rows = [
        _measured("length_mae", [(float(abs(n)), float(abs(o))) for n, o in known], "less"),
        _measured("length_bias", [(float(n), float(o)) for n, o in known], "nearer"),
        _measured("within_1", [(float(abs(n) <= 1), float(abs(o) <= 1)) for n, o in known], "more"),
    ]
    return [row for row in rows if row] + (
        [_counted("length_unknown", unknown[0], unknown[1], "less")] if pairs else []
    )


def _wait_rows(pairs: Sequence[tuple[WaitError, WaitError]]) -> list[dict[str, Any]]:
    known = [(n, o) for n, o in pairs if n.error_s is not None and o.error_s is not None]
    off = [(n.error_s or 0.0, o.error_s or 0.0) for n, o in known]
    rows = [
        _measured("wait_mae_s", [(abs(n), abs(o)) for n, o in off], "less"),
        _measured("wait_bias_s", off, "nearer"),
        _measured("wait_too_short", [(float(n < 0), float(o < 0)) for n, o in off], "less"),
        _measured("wait_coverage", [(float(n.covered), float(o.covered)) for n, o in known], "more"),
    ]
    return [row for row in rows if row]


def _visit_rows(score: QueueScore, truth: Sequence[Visit], old: Sequence[Visit], end_s: float) -> list[dict[str, Any]]:
    was = scoring.visit_score(scoring.match_visits(truth, old, end_s=end_s))
    now = scoring.visit_score(score.visits)
    return [
        _counted("visits_found", now["found"], was["found"], "more"),
        _counted("visits_extra", now["extra"], was["extra"], "less"),
    ]


def _measured(name: str, pairs: Sequence[tuple[float, float]], good: str) -> dict[str, Any] | None:
    """A row of means over (new, old); None of no pair.

    better: the interval of the difference lies wholly on the good side; False: on the bad one; None: it can't be said.
    "nearer" (a bias) is never said: its two ends would have to be judged together.
    """
    if not pairs:
        return None
    new, old = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
    interval = mean_interval([n - o for n, o in pairs])
    low, high = interval or (None, None)
    better = None
    if low is not None and high is not None and good != "nearer" and (low > 0 or high < 0):
        better = (low > 0) == (good == "more")
    return {"name": name, "old": round(old, 4), "new": round(new, 4), "difference": round(new - old, 4),
            "low": low, "high": high, "n": len(pairs), "better": better}  # fmt: skip


def _seconds_apart(new: Sequence[QueueReading], old: Sequence[QueueReading]) -> int:
    """Readings, one a second, at which the two told another length."""
    was = {r.pts_s: r.length for r in old}
    return sum(r.length != was[r.pts_s] for r in new if r.pts_s in was)


def _moments(pairs: Sequence[tuple[LengthError, LengthError]]) -> dict[str, Any]:
    """The moments that got better or worse, most first; one that became known got better."""
    changed = [(_worth(n) - _worth(o), n, o) for n, o in pairs]
    better = sorted((c for c in changed if c[0] < 0), key=lambda c: (c[0], c[1].truth.pts_s))
    worse = sorted((c for c in changed if c[0] > 0), key=lambda c: (-c[0], c[1].truth.pts_s))
    return {"n_better": len(better), "n_worse": len(worse), "n_same": len(pairs) - len(better) - len(worse),
            "better": [_moment(n, o) for _, n, o in better[:SHOWN_MOMENTS]],
            "worse": [_moment(n, o) for _, n, o in worse[:SHOWN_MOMENTS]]}  # fmt: skip


def _worth(error: LengthError) -> float:
    """How bad a moment is: people off; not known is worse than any."""
    return float("1e6") if error.error is None else float(abs(error.error))


def _moment(new: LengthError, old: LengthError) -> dict[str, Any]:
    return {"pts_s": new.truth.pts_s, "truth": new.truth.length, "old": old.told, "new": new.told}
