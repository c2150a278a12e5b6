"""The one reader behind all screens: reads the store once a second, wakes the screens only when something changed."""

import asyncio
import hashlib
import json
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from dashboard.display.faces import Face, face
from dashboard.page import Names, QueueCard, Slow
from dashboard.reading import open_store, read_page

READ_S = 1.0
BEAT_S = 5.0  # a screen that hears nothing for a while knows that its connection is gone

NOT_MADE = "the collector has not made it yet"

log = logging.getLogger(__name__)


class Board:
    """What all screens show.

    Attributes:
        screens: connections open now.
        build: of the page and its words; a screen with another one loads itself anew.
    """

    def __init__(self, store: Path, names: Names, build: str, *, utc_s: Callable[[], float]) -> None:
        self.screens = 0
        self.build = build
        self._store = store
        self._names = names
        self._utc_s = utc_s
        self._faces: dict[str, Face] = {}
        self._event = b""
        self._changed = asyncio.Condition()
        self._closing = False
        self._fault: str | None = None  # of the last try; "": the store could be read; None: nobody has tried

    async def run(self) -> None:
        """Reads until it is cancelled."""
        while True:
            cards = await asyncio.to_thread(self._read)
            await self._show(cards)
            await asyncio.sleep(READ_S)

    async def close(self) -> None:
        """Ends all screens' streams."""
        async with self._changed:
            self._closing = True
            self._changed.notify_all()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Server-sent events for one screen: what is shown, at once and whenever it changes, and a beat in between."""
        self.screens += 1
        sent = b""
        try:
            yield b"retry: 2000\n\n"
            while not self._closing:
                if self._event != sent:
                    sent = self._event
                    yield sent
                elif not await self._wait_for_change(sent):
                    yield b"event: beat\ndata: \n\n"
        finally:
            self.screens -= 1

    async def _wait_for_change(self, sent: bytes) -> bool:
        try:
            async with asyncio.timeout(BEAT_S), self._changed:
                await self._changed.wait_for(lambda: self._closing or self._event != sent)
        except TimeoutError:
            return False
        return True

    async def _show(self, cards: tuple[QueueCard, ...]) -> None:
        self._faces = {card.queue: face(card, self._faces.get(card.queue)) for card in cards}
        shown = {"build": self.build, "queues": [asdict(one) for one in self._faces.values()]}
        event = b"data: " + json.dumps(shown, ensure_ascii=False).encode() + b"\n\n"
        if event != self._event:
            async with self._changed:
                self._event = event
                self._changed.notify_all()

    def _read(self) -> tuple[QueueCard, ...]:
        """The site's queues now; without a readable store they are there and nothing is known of them."""
        try:
            with closing(open_store(self._store)) as db:
                cards = read_page(db, self._names, Slow({}, ()), self._utc_s()).cards
        except sqlite3.Error as fault:
            self._tell(str(fault))
            return tuple(QueueCard(queue, name, "never") for queue, name in self._names.queues)
        self._tell("")
        return cards

    def _tell(self, fault: str) -> None:
        """Says once that the store can't be read, or can be read again; one that was never there is waited for."""
        if self._fault in (None, NOT_MADE) and not self._store.exists():
            fault = NOT_MADE
        if fault == self._fault:
            return
        if fault == NOT_MADE:
            log.info("%s: %s; the screens show no number", self._store, NOT_MADE)
        elif fault:
            log.warning("%s: the store can't be read (%s); the screens show no number", self._store, fault)
        elif self._fault:
            log.info("%s: the store can be read", self._store)
        self._fault = fault


def build_of(*parts: str) -> str:
    """A short digest of what a page is made of."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
