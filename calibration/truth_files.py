"""`--truth FILE`: which kind of truth each file is, and all of it read before the replay begins.

CSV of counts or visits (truth.py); MOT text, `gt.txt` or `CAMERA=gt.txt` (mot_truth.py); a sealed part, `*.sealed`,
that the owner's key opens (sealing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from calibration import sealed_score, track_scores
from calibration.mot_truth import MotTruth
from calibration.mot_truth import read as read_mot
from calibration.recording import Recording
from calibration.truth import Truth, TruthCount, load
from edge.errors import InputError
from edge.settings import Site


@dataclass(frozen=True)
class Reading:
    """How files are to be read: frames a second of MOT text, and the owner's key; None: not given."""

    fps: float | None = None
    key: Path | None = None


def load_all(paths: Sequence[Path], site: Site, recordings: Sequence[Recording], how: Reading = Reading()) -> Truth:
    """All truth of a replay.

    Raises:
        InputError: a file can't be read, is of no known kind, or lacks its key, its camera, its frame rate.
    """
    ids = [q.id for q in site.queues]
    sealed = [p for p in paths if p.suffix == ".sealed"]
    mot = [p for p in paths if p.suffix.lower() == ".txt"]
    tables = load([p for p in paths if p not in sealed and p not in mot], ids)
    if mot:
        track_scores.check()
    return replace(tables, tracks=_tracks(mot, site, recordings, how), sealed=_sealed(sealed, ids, how))


def _sealed(paths: Sequence[Path], queue_ids: Sequence[str], how: Reading) -> tuple[TruthCount, ...]:
    if paths and how.key is None:
        raise InputError(
            f"{paths[0]}: a sealed truth; only its owner can score it: --open-with FILE, the private key that "
            "`linewise count --new-key FILE` made"
        )
    counts = [c for path in paths if how.key for c in sealed_score.sealed_counts(path, how.key, queue_ids)]
    sealed_score.check(counts)
    return tuple(counts)


def _tracks(paths: Sequence[Path], site: Site, recordings: Sequence[Recording], how: Reading) -> tuple[MotTruth, ...]:
    found: list[MotTruth] = []
    for given in paths:
        camera_id, path = _camera_of(given, site, recordings)
        if camera_id in [t.camera_id for t in found]:
            raise InputError(f"--truth {given}: camera {camera_id} has tracks already; one MOT file a camera")
        video = next((r.path for r in recordings if r.kind == "video" and r.camera_id == camera_id), None)
        found.append(read_mot(path, camera_id, fps=how.fps, video=video))
    return tuple(found)


def _camera_of(given: Path, site: Site, recordings: Sequence[Recording]) -> tuple[str, Path]:
    ids = [c.id for c in site.cameras]
    camera_id, _, path = str(given).partition("=")
    if path and camera_id in ids:
        return camera_id, Path(path)
    replayed = {r.camera_id for r in recordings if r.camera_id is not None} or set(ids)
    if len(replayed) > 1:
        raise InputError(f"--truth {given}: whose tracks? The site has {', '.join(ids)}; write --truth ID={given}")
    return next(iter(replayed)), given
