"""The process that tells people outside of alerts: the store -> the spool -> webhooks and mail.

One thread follows the store; each receiver has a thread of its own, so that a slow one holds nobody else up.
"""

import logging
import sqlite3
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from dashboard.alerts_out.figures import families
from dashboard.alerts_out.follow import Follower, Receiver
from dashboard.alerts_out.senders import MAIL, HookSender, MailSender, Sender
from dashboard.alerts_out.spool import Spool
from dashboard.desk import acknowledged, desk_path
from edge.errors import InputError
from edge.metrics import served
from edge.quiet_log import QuietLog
from edge.settings import Site
from edge.watchdog import Heartbeat, notify

log = logging.getLogger(__name__)

LOOK_S = 1.0
SPOOL_FAULT_S = 10.0


def spool_path(state: Path) -> Path:
    """The file of what is still to be told."""
    return state / "alerts.sqlite3"


def receivers_of(site: Site) -> list[Receiver]:
    """Everybody who is told."""
    hooks = [Receiver(f"webhook:{h.id}", h.queues, h.tell) for h in site.webhooks]
    return hooks if site.email is None else [*hooks, Receiver(MAIL, site.email.queues, site.email.tell)]


def run_alerts(site: Site, *, store: Path, state: Path, stop: threading.Event) -> None:
    """Tells until `stop`.

    Raises:
        InputError: nobody is to be told, or another such process runs.
    """
    receivers = receivers_of(site)
    if not receivers:
        raise InputError(
            f"{site.path}: nobody is to be told of alerts; add a [[webhook]] or [email], or leave this out"
        )
    with ExitStack() as stack:
        spool = stack.enter_context(closing(Spool(spool_path(state), utc_s=time.time())))
        spool.forget([receiver.name for receiver in receivers])
        names = {queue.id: queue.name for queue in site.queues}
        follower = Follower(store, spool, receivers, site=site.id, site_name=site.name, names=names)
        senders = _senders(site, spool, desk_path(store))
        ending = threading.Event()
        pool = stack.enter_context(ThreadPoolExecutor(len(senders), thread_name_prefix="alerts"))
        stack.callback(ending.set)  # before the pool waits for its threads
        if (at := site.metrics) is not None:
            figures = partial(families, spool, [receiver.name for receiver in receivers], time.time)
            stack.enter_context(served(figures, address=at.address, port=at.alerts_port))
        working = [pool.submit(_run, sender, ending) for sender in senders]
        log.info("telling %s of the alerts of %s", ", ".join(receiver.name for receiver in receivers), site.id)
        notify("READY=1", f"STATUS=telling {len(receivers)} receivers of the alerts of {site.id}")
        _follow(follower, working, stop)
        notify("STOPPING=1")


def _senders(site: Site, spool: Spool, desk: Path) -> list[Sender]:
    def seen() -> dict[tuple[str, str, int], tuple[str, float]]:
        try:
            return acknowledged(desk, site.id)
        except sqlite3.Error as fault:
            log.warning("alerts: %s can't be read (%s): what is acknowledged is told as well", desk, fault)
            return {}

    senders: list[Sender] = [HookSender(hook, spool, site.id, seen) for hook in site.webhooks]
    if site.email is not None:
        senders.append(MailSender(site.email, spool, (site.id, site.name, site.timezone), seen))
    return senders


def _run(sender: Sender, stop: threading.Event) -> None:
    quiet = QuietLog(log)
    while not stop.is_set():
        try:
            wait_s = sender.turn()
        except sqlite3.OperationalError as fault:
            quiet.warning(f"alerts: what waits for {sender.name} can't be written down ({fault}): nothing is sent")
            wait_s = SPOOL_FAULT_S
        stop.wait(wait_s)


def _follow(follower: Follower, working: list[Future[None]], stop: threading.Event) -> None:
    quiet = QuietLog(log)
    heartbeat = Heartbeat()
    while not stop.is_set():
        heartbeat.beat()
        try:
            follower.look(time.time())
        except sqlite3.Error as fault:
            quiet.warning(f"alerts: the store can't be read ({fault}); tried again")
        for thread in working:
            if thread.done():
                thread.result()
        stop.wait(LOOK_S)
