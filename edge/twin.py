"""Notices a second counter that publishes under the same site and box.

Both would use one client id: the broker ends the elder connection each time, and the two would take turns for ever. A
counter looks before it speaks for the first time, and again when its connections don't last (`publisher`; iotcore never
tells one the other's words), and here while it runs: status messages of its own box that it has not sent itself.
"""

from collections import deque

from pydantic import ValidationError

from edge.errors import BrokerError
from edge.messages import BoxStatus


class TwinError(BrokerError):
    """Another counter runs with this box's name; this one must end."""


def twin_error(site: str, box: str, epoch: str) -> TwinError:
    """What a person is told."""
    return TwinError(
        f"another counter publishes as box {box!r} of site {site!r} (its outbox: {epoch}): "
        "end it, or give this box a name of its own ([site] box in the site file)"
    )


class TwinWatch:
    """Judges what arrives on the box's own status topic while connected."""

    def __init__(self, site: str, box: str) -> None:
        self._site = site
        self._box = box
        self._mine: deque[bytes] = deque(maxlen=64)
        self._strangers: deque[bytes] = deque(maxlen=4)

    def say(self, status: BoxStatus) -> bytes:
        """The bytes of a status that this process is about to send or to leave as its will."""
        payload = status.to_json()
        self._mine.append(payload)
        return payload

    def hear(self, payload: bytes, *, epoch: str, first_look: bool) -> bool:
        """Takes a status; True when the retained one is wrong now and must be told again.

        Args:
            payload: what arrived.
            epoch: this outbox's.
            first_look: it was there before this process said anything: the word or will of the one before.

        Raises:
            TwinError: another counter is alive and this one is to yield (the greater epoch yields; of equal ones both).
        """
        try:
            status = BoxStatus.model_validate_json(payload)
        except ValidationError:
            return True
        if payload in self._mine:
            return status.status == "offline"  # the late will of a connection of ours
        if payload not in self._strangers:
            self._strangers.append(payload)
            if first_look:
                return True
            words = [BoxStatus.model_validate_json(p) for p in self._strangers]
            # one late will may be that of the process before this one; two are a counter that comes and goes
            alive = status.status == "online" or sum(w.epoch == status.epoch for w in words) >= 2
            if alive and epoch >= status.epoch:
                raise twin_error(self._site, self._box, status.epoch)
        return True
