"""`linewise replay --certify`: what was proven of each queue, put into SITE.certificates.json."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from calibration.outputs import replace_text
from edge import certificate
from edge.certificate import Certificate, Score, certificates_path, fingerprints
from edge.errors import InputError
from edge.settings import Site
from edge.vocabulary import QueueSettings


def check(site: Site, queue_ids: Iterable[str]) -> None:
    """Before a long replay: is there truth to certify by, and is the file that is there one of ours?

    Args:
        site: the site.
        queue_ids: queues that have certain counts or visits in the truth.

    Raises:
        InputError: no queue has any truth; the certificates' file is broken.
    """
    if not set(queue_ids):
        raise InputError(
            "--certify: there is no truth to certify by; give certain counts or visits with --truth FILE "
            "(docs/engineer.md says how they look)"
        )
    certificate.read(certificates_path(site.path))


def certificates(site: Site, summary: Mapping[str, Any], made_utc_s: float) -> list[Certificate]:
    """One for each queue that was scored against certain counts or visits.

    Args:
        site: as it was replayed.
        summary: `summary.summary` of it.
        made_utc_s: now, seconds since 1970.
    """
    found = []
    for queue in site.queues:
        scores = _scores(summary["queues"][queue.id].get("truth", {}))
        if scores:
            found.append(_certificate(queue, scores, summary, made_utc_s))
    return found


def _certificate(
    queue: QueueSettings, scores: tuple[Score, ...], summary: Mapping[str, Any], made_utc_s: float
) -> Certificate:
    return Certificate(
        queue=queue.id,
        cameras=tuple(sorted({lane.camera_id for lane in queue.lanes})),
        lanes=fingerprints(queue),
        made_utc=datetime.fromtimestamp(int(made_utc_s), UTC),
        config_sha256=summary["config_sha256"],
        model_sha256=summary["model_sha256"],
        passed=_passed(queue.id, summary),
        scores=scores,
    )


def _passed(queue_id: str, summary: Mapping[str, Any]) -> bool | None:
    """Do all bounds hold that the acceptance rule sets for the queue? None: it sets none."""
    held = [b["passed"] for b in summary.get("acceptance", {}).get("bounds", []) if b["queue"] == queue_id]
    return all(held) if held else None


def _scores(truth: Mapping[str, Any]) -> tuple[Score, ...]:
    """length_mae with its interval, length_bias, within_1; wait_mae, wait_bias: each of those that were measured."""
    length, wait = truth.get("length") or {"n": 0}, truth.get("wait") or {"n": 0}
    low, high = truth.get("mae_interval") or (None, None)
    found = []
    if length["n"]:
        n = length["n"]
        found += [
            Score(name="length_mae", value=length["mae"], low=low, high=high, n=n),
            Score(name="length_bias", value=length["bias"], n=n),
            Score(name="within_1", value=length["within_1"], n=n),
        ]
    if wait["n"]:
        found += [Score(name=f"wait_{k}_s", value=wait[k], n=wait["n"]) for k in ("mae", "bias")]
    return tuple(found)


def write(site: Site, made: Iterable[Certificate]) -> Path | None:
    """Puts them into the file in the place of the same queues' old ones; None: there are none to put.

    Raises:
        InputError: the file can't be written, or the one that is there is broken.
    """
    new = {c.queue: c for c in made}
    if not new:
        return None
    path = certificates_path(site.path)
    kept = [old for old in certificate.read(path) if old.queue not in new]
    replace_text(path, certificate.text(site.id, [*kept, *new.values()]), option="--certify")
    return path
