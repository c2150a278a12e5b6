"""What the counter says of itself, in a small file of the state folder for `linewise diagnose`; no queue's figures."""

import json
import os
from pathlib import Path
from typing import Any

from edge.outbox import Outbox
from edge.quantiles import quantile


def counter_says(outbox: Outbox, *, rejected: int, clock_steps: int, clock_synchronised: bool | None) -> dict[str, Any]:
    """Depth and losses of the outbox, how long its commits take (each is an fsync), and the clock.

    Args:
        outbox: the box's outbox.
        rejected: lines of cameras that were not understood.
        clock_steps: how often the wall clock was set since the start.
        clock_synchronised: None where that is not known.
    """
    return {
        "epoch": outbox.epoch,
        "pending": outbox.pending,
        "acked": outbox.acked,
        "dropped": outbox.dropped,
        "dead": outbox.dead,
        "commit_p50_s": quantile(outbox.commits_s, 0.5),
        "commit_p99_s": quantile(outbox.commits_s, 0.99),
        "rejected": rejected,
        "clock_steps": clock_steps,
        "clock_synchronised": clock_synchronised,
    }


def write_word(path: Path, word: dict[str, Any]) -> bool:
    """Replaces the file whole; False where the disk does not take it (counting goes on)."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(word), "utf-8")
        os.replace(part, path)
    except OSError:
        return False
    return True
