"""Replays' reports: the folders that `linewise replay --out` wrote, as the accuracy page lists them. Only reads."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AT_MOST = 50
MAX_BYTES = 5_000_000  # a summary.json that is larger is none of ours


@dataclass(frozen=True)
class Scored:
    """One queue of a replay against the counts by eye: how many, mean error and bias in people, share within one."""

    queue: str
    n: int
    mae: float
    bias: float
    within_1: float


@dataclass(frozen=True)
class Report:
    """One replay: its folder, when it was made (seconds since 1970), recordings, scores, the site file it ran with."""

    folder: Path
    made_s: float
    recordings: tuple[str, ...]
    scored: tuple[Scored, ...]
    config_sha256: str

    @property
    def page(self) -> Path | None:
        """report.html, if it is there."""
        path = self.folder / "report.html"
        return path if path.is_file() else None


def read_reports(folder: Path) -> list[Report]:
    """All that can be read, the newest first; what can't is left out."""
    found = [report for path in sorted(folder.glob("*/summary.json")) if (report := _read(path)) is not None]
    return sorted(found, key=lambda report: -report.made_s)[:AT_MOST]


def _read(path: Path) -> Report | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        raw = json.loads(path.read_text(encoding="utf-8"))
        recordings = tuple(str(file["file"]) for file in raw["recording"]["files"])
        scored = tuple(s for queue, block in raw["queues"].items() if (s := _scored(str(queue), block)) is not None)
        return Report(path.parent, path.stat().st_mtime, recordings, scored, str(raw.get("config_sha256", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _scored(queue: str, block: dict[str, Any]) -> Scored | None:
    length = block.get("truth", {}).get("length")
    if not length or not length.get("n"):
        return None
    return Scored(queue, int(length["n"]), float(length["mae"]), float(length["bias"]), float(length["within_1"]))
