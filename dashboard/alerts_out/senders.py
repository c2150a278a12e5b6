"""Who takes notices out of the spool and brings them to a receiver: a webhook's sender, and the mail's.

`turn` does what is due and gives the seconds until it wants to be called again. Waits are on the monotonic clock.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from dashboard.alerts_out import mail, webhook
from dashboard.alerts_out.spool import Spool, Waiting
from dashboard.desk import Key
from edge.quiet_log import QuietLog
from edge.settings_receivers import EmailSettings, WebhookSettings

log = logging.getLogger(__name__)

IDLE_S = 1.0
MOST_WAIT_S = 300.0
KEPT_S = 3 * 86_400.0  # older notices are given up: nobody can do anything about them
AT_ONCE = 50
HOUR_S = 3600.0
MAIL = "email"  # the mail's name in the spool; a webhook's is "webhook:ID"

Seen = Callable[[], Mapping[Key, tuple[str, float]]]


class Sender(Protocol):
    """What brings notices to one receiver."""

    name: str

    def turn(self) -> float:
        """Does what is due; seconds until the next turn."""
        ...


def pause_s(tries: int, rng: random.Random) -> float:
    """How long to wait after so many tries that failed: 1 s, doubling to 5 min, 20 % more or less."""
    return min(2.0 ** min(tries, 20), MOST_WAIT_S) * rng.uniform(0.8, 1.2)


def not_seen(spool: Spool, receiver: str, site: str, waiting: Sequence[Waiting], seen: Seen) -> list[Waiting]:
    """Without the repetitions of alerts that somebody has acknowledged meanwhile; those are taken out."""
    if not any(one.notice.kind == "repeated" for one in waiting):
        return list(waiting)
    acknowledged = {f"{site}.{box}.{epoch}.{seq}" for box, epoch, seq in seen()}
    gone = [w for w in waiting if w.notice.kind == "repeated" and w.notice.alert in acknowledged]
    if gone:
        spool.done(receiver, [one.number for one in gone], "acknowledged")
    return [one for one in waiting if one not in gone]


def not_old(spool: Spool, receiver: str, waiting: Sequence[Waiting], now_s: float) -> list[Waiting]:
    """Without those that have waited for KEPT_S; these are given up."""
    old = [one for one in waiting if now_s - one.created_s > KEPT_S]
    if old:
        log.error("alerts: %d notices for %s are given up after %.0f days", len(old), receiver, KEPT_S / 86_400)
        spool.done(receiver, [one.number for one in old], "given_up")
    return [one for one in waiting if one not in old]


class HookSender:
    """Posts notices one by one, the oldest first.

    A receiver that is not there is waited for with all of them; a single notice that it refuses is tried again while
    the others go on.
    """

    def __init__(
        self,
        hook: WebhookSettings,
        spool: Spool,
        site: str,
        seen: Seen,
        *,
        utc_s: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.name = f"webhook:{hook.id}"
        self._hook = hook
        self._spool = spool
        self._site = site
        self._seen = seen
        self._utc_s = utc_s
        self._clock = clock
        self._rng = rng or random.Random()
        self._quiet = QuietLog(log)
        self._tries = 0  # that failed in a row, whatever the notice
        self._later: dict[int, float] = {}  # notice's number -> when it is tried again

    def turn(self) -> float:
        """Posts what is due."""
        waiting = self._spool.waiting(self.name, AT_ONCE + len(self._later))
        waiting = not_seen(self._spool, self.name, self._site, waiting, self._seen)
        waiting = not_old(self._spool, self.name, waiting, self._utc_s())
        self._later = {one.number: self._later[one.number] for one in waiting if one.number in self._later}
        for one in waiting:
            if self._later.get(one.number, 0.0) > self._clock():
                continue
            wait_s = self._try(one)
            if wait_s:
                return wait_s
        return IDLE_S

    def _try(self, one: Waiting) -> float:
        """Posts it; how long to leave the receiver alone, 0: go on with the next."""
        self._spool.trying([one.number])
        answer = webhook.post(self._hook, one.notice.id, one.body.encode(), utc_s=self._utc_s)
        if answer.ok:
            self._tries = 0
            self._spool.done(self.name, [one.number], "sent")
            return 0.0
        self._spool.failed(self.name)
        self._quiet.warning(f"alerts: {self.name} ({self._hook.where}) {answer.words}; tried again later")
        if answer.this_one:
            self._later[one.number] = self._clock() + pause_s(one.tries, self._rng)
            return 0.0
        self._tries += 1
        return answer.wait_s or pause_s(self._tries - 1, self._rng)


class MailSender:
    """Mails what waits: at once when nothing has gone for `digest_s`, else together; `most_per_hour` at most."""

    name = MAIL

    def __init__(
        self,
        email: EmailSettings,
        spool: Spool,
        site: tuple[str, str, str],
        seen: Seen,
        *,
        utc_s: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        """`site`: its id, name and time zone."""
        self._email = email
        self._spool = spool
        self._site, self._site_name, self._timezone = site
        self._seen = seen
        self._utc_s = utc_s
        self._rng = rng or random.Random()
        self._quiet = QuietLog(log)
        self._tries = 0

    def turn(self) -> float:
        """Sends one mail, if one is due."""
        now_s = self._utc_s()
        waiting = not_old(self._spool, self.name, self._spool.waiting(self.name), now_s)
        waiting = not_seen(self._spool, self.name, self._site, waiting, self._seen)
        if not waiting or not self._may_send(now_s):
            return IDLE_S
        message = mail.compose(
            self._email,
            [one.notice for one in waiting],
            site_name=self._site_name,
            timezone=self._timezone,
            now=datetime.fromtimestamp(now_s, UTC),
        )
        numbers = [one.number for one in waiting]
        self._spool.trying(numbers)
        try:
            refused = mail.send(self._email, message)
        except mail.MailError as fault:
            self._spool.failed(self.name)
            self._quiet.warning(f"alerts: mail server {self._email.where} {fault}; tried again later")
            self._tries += 1
            return pause_s(self._tries - 1, self._rng)
        self._tries = 0
        self._spool.done(self.name, numbers, "sent")
        self._spool.mail_sent(now_s)
        if refused:
            self._quiet.warning(f"alerts: mail server {self._email.where} refuses {len(refused)} of the recipients")
        return IDLE_S

    def _may_send(self, now_s: float) -> bool:
        if self._spool.mails_since(now_s - HOUR_S, now_s) >= self._email.most_per_hour:
            return False
        return not self._email.digest_s or not self._spool.mails_since(now_s - self._email.digest_s, now_s)
