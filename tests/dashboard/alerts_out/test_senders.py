"""Who brings notices to a receiver: order, waiting, acknowledged alerts, and how much mail at most."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dashboard.alerts_out import mail
from dashboard.alerts_out.notice import AlertNotice
from dashboard.alerts_out.senders import IDLE_S, KEPT_S, MAIL, HookSender, MailSender, pause_s
from dashboard.alerts_out.spool import Spool, Taken
from dashboard.desk import Key
from edge.settings_receivers import EmailSettings, MailServer
from tests.dashboard.alerts_out.conftest import EPOCH, NOW_S, a_notice
from tests.dashboard.fill import SITE

OPS = "webhook:ops"


class Clocks:
    """Wall clock and monotonic clock of a sender, moved by hand."""

    now_s = NOW_S

    def utc_s(self) -> float:
        """Both."""
        return self.now_s


def put(spool: Spool, receiver: str, *notices: AlertNotice, now_s: float = NOW_S) -> None:
    spool.take(Taken({}, {}, [(receiver, notice) for notice in notices]), now_s)


def numbers(ids: Sequence[str]) -> list[int]:
    return [int(one.rsplit(".", 1)[1]) for one in ids]


def sender(
    hook: Any, spool: Spool, clocks: Clocks, seen: Mapping[Key, tuple[str, float]] | None = None, **changes: Any
) -> HookSender:
    return HookSender(
        hook.settings(**changes),
        spool,
        SITE,
        lambda: seen or {},
        utc_s=clocks.utc_s,
        clock=clocks.utc_s,
        rng=random.Random(1),
    )


def test_notices_go_out_in_order_and_once(hook: Any, spool: Spool) -> None:
    """Three notices are three posts, oldest first, and nothing waits then."""
    put(spool, OPS, a_notice(1), a_notice(2, "repeated", opened=1), a_notice(3, "ended", opened=1))
    one = sender(hook, spool, Clocks())
    assert one.turn() == IDLE_S
    one.turn()
    assert numbers(hook.ids) == [1, 2, 3]
    assert (spool.waiting(OPS), spool.counts()) == ([], {(OPS, "sent"): 3})


def test_a_receiver_in_trouble_is_left_alone_with_all_of_them(hook: Any, spool: Spool) -> None:
    """After a 503 nothing else is posted in this turn; the waits grow; then all arrive, in order."""
    put(spool, OPS, a_notice(1), a_notice(2))
    hook.answers += [(503, {}), (503, {}), (503, {"Retry-After": "42"})]
    one = sender(hook, spool, Clocks())
    waits = [one.turn() for _ in range(3)]
    assert 0.8 <= waits[0] <= 1.2 < waits[1] <= 2.4
    assert waits[2] == 42.0
    assert numbers(hook.ids) == [1, 1, 1]
    one.turn()
    assert numbers(hook.ids) == [1, 1, 1, 1, 2]
    assert spool.counts() == {(OPS, "failed"): 3, (OPS, "sent"): 2}


def test_a_notice_that_is_refused_does_not_hold_up_the_others(hook: Any, spool: Spool) -> None:
    """A 400 is that notice's own: the next goes out at once, the refused one later."""
    clocks = Clocks()
    put(spool, OPS, a_notice(1), a_notice(2))
    hook.answers.append((400, {}))
    one = sender(hook, spool, clocks)
    one.turn()
    assert numbers(hook.ids) == [1, 2]
    one.turn()
    assert numbers(hook.ids) == [1, 2]
    clocks.now_s += 2.0
    one.turn()
    assert numbers(hook.ids) == [1, 2, 1]
    assert spool.waiting(OPS) == []


def test_repetitions_of_an_acknowledged_alert_are_not_told(hook: Any, spool: Spool) -> None:
    """Somebody has seen it at the dashboard: repetitions stop, its end and another alert are told."""
    put(spool, OPS, a_notice(2, "repeated", opened=1), a_notice(3, "ended", opened=1), a_notice(4, condition="x"))
    put(spool, OPS, a_notice(5, "repeated", opened=4, condition="x"))
    sender(hook, spool, Clocks(), {("box-1", EPOCH, 1): ("Anna", NOW_S)}).turn()
    assert numbers(hook.ids) == [3, 4, 5]
    assert spool.counts()[(OPS, "acknowledged")] == 1


def test_old_notices_are_given_up(hook: Any, spool: Spool) -> None:
    """After three days nobody can do anything about it: it is counted as given up and not posted."""
    put(spool, OPS, a_notice(1), now_s=NOW_S - KEPT_S - 1)
    put(spool, OPS, a_notice(2))
    sender(hook, spool, Clocks()).turn()
    assert numbers(hook.ids) == [2]
    assert spool.counts() == {(OPS, "given_up"): 1, (OPS, "sent"): 1}


def test_waits_grow_to_five_minutes() -> None:
    """One second, doubling, 300 s at most, never more than a fifth off."""
    rng = random.Random(3)
    assert [0.8 * 2**n <= pause_s(n, rng) <= 1.2 * 2**n for n in range(9)] == [True] * 9
    assert all(240.0 <= pause_s(n, rng) <= 360.0 for n in (9, 50, 10_000))


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts of mails that would have been sent."""
    sent: list[str] = []

    def send(_: EmailSettings, message: Any) -> list[str]:
        sent.append(f"{message['Subject']}\n{message.get_content()}")
        return []

    monkeypatch.setattr(mail, "send", send)
    return sent


def mailer(spool: Spool, clocks: Clocks, **changes: Any) -> MailSender:
    email = EmailSettings(MailServer("m.example", 587, tls=False), "l@example.com", ("a@example.com",), **changes)
    return MailSender(email, spool, (SITE, "Canteen", "Europe/Berlin"), dict, utc_s=clocks.utc_s)


def test_the_first_alert_is_mailed_at_once_and_what_follows_together(spool: Spool, mails: list[str]) -> None:
    """A lone alert does not wait; those within digest_s of the last mail go into the next."""
    clocks = Clocks()
    one = mailer(spool, clocks, digest_s=60.0)
    put(spool, MAIL, a_notice(1))
    one.turn()
    assert len(mails) == 1
    put(spool, MAIL, a_notice(2, "ended", opened=1), a_notice(3))
    for _ in range(59):
        clocks.now_s += 1.0
        one.turn()
    assert len(mails) == 1
    clocks.now_s += 2.0
    one.turn()
    assert len(mails) == 2
    assert "began" in mails[1]


def test_a_flapping_alert_does_not_flood(spool: Spool, mails: list[str]) -> None:
    """An alert that comes and goes every 20 s for an hour makes six mails, and every notice is in one."""
    clocks = Clocks()
    one = mailer(spool, clocks, digest_s=60.0, most_per_hour=6)
    for number in range(180):
        kind = "ended" if number % 2 else "open"
        put(spool, MAIL, a_notice(number + 1, kind, opened=number if number % 2 else None), now_s=clocks.now_s)
        one.turn()
        clocks.now_s += 20.0
    assert len(mails) <= 6
    clocks.now_s += 7200.0
    one.turn()
    assert spool.waiting(MAIL) == []
    assert spool.counts()[(MAIL, "sent")] == 180


def test_how_much_was_mailed_is_known_after_a_restart(spool: Spool, mails: list[str]) -> None:
    """A process that is restarted again and again mails no more for it; a clock set back does not silence it."""
    clocks = Clocks()
    for number in range(5):
        put(spool, MAIL, a_notice(number + 1))
        mailer(spool, clocks, digest_s=0.0, most_per_hour=2).turn()
    assert len(mails) == 2
    clocks.now_s -= 86_400.0
    mailer(spool, clocks, digest_s=0.0, most_per_hour=2).turn()
    assert len(mails) == 3


def test_a_mail_says_it_shortly(spool: Spool, mails: list[str]) -> None:
    """One alert is in the subject; of several the subject tells how many, and each has one line in local time."""
    clocks = Clocks()
    one = mailer(spool, clocks, digest_s=0.0)
    put(spool, MAIL, a_notice(1), a_notice(2, "ended", opened=1))
    one.turn()
    assert mails[0].startswith("[Canteen] Till 1: wait over 5 min (over)\n")
    put(spool, MAIL, a_notice(3), a_notice(4, "ended", opened=3), a_notice(5), a_notice(6, condition="camera lost"))
    one.turn()
    assert mails[1].splitlines()[0] == "[Canteen] 2 alerts, 2 open"
    assert "Till 1: wait over 5 min: began; began 2 times since 22:26:43" in mails[1]
    assert "Till 1: camera lost: began\n" in mails[1]
