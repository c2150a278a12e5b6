"""What was refused is kept for a person to look at: a hundred a minute, the newest thousand, 2 kB of each."""

import logging
from typing import Any

from dashboard.work import Work

log = logging.getLogger(__name__)

MAX_ROWS = 1000
MAX_PER_MINUTE = 100


class Quarantine:
    """Says which of a work's refused messages are kept; all of them are counted."""

    def __init__(self) -> None:
        self._since_s, self._taken = 0.0, 0

    def rows(self, work: Work) -> list[dict[str, Any]]:
        """Rows of `quarantine`."""
        if not work.refused:
            return []
        work.count("quarantined", len(work.refused))
        if not 0.0 <= work.now_s - self._since_s < 60.0:
            self._since_s, self._taken = work.now_s, 0
        kept = work.refused[: MAX_PER_MINUTE - self._taken]
        self._taken += len(kept)
        for one in kept:
            log.warning("store: refused on %.200s: %s", one.topic, one.reason)
        return [
            {"received_s": work.now_s, "topic": one.topic[:500], "reason": one.reason, "payload": one.payload[:2048]}
            for one in kept
        ]
