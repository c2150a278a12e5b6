"""A connection to a PostgreSQL server, and its faults in words: who must mend something, or who only has to wait.

pg8000 (BSD) is plain Python: nothing to compile on a box. Nothing but the files `postgres*.py` imports it.
"""

import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any

import pg8000.native as pg

from dashboard.work import NotStoredError
from edge.errors import InputError
from edge.settings import DatabaseSettings

CONNECT_S = 3.0
ANSWER_S = 10.0  # the longest statement: a part of the retention on a slow disk
SCHEMA = "linewise"
MENDED_BY_PEOPLE = {
    "28P01": "look at user and password in [store] url",
    "28000": "let this user and this machine in (pg_hba.conf), with TLS if that is asked for",
    "3D000": "create the database, or look at its name in [store] url",
    "42501": "give the user the rights that postgres.md names",
}
WIRE_FAULTS = (pg.InterfaceError, OSError)  # the link is gone: what was sent last may have been done or not
FAULTS = (pg.DatabaseError, *WIRE_FAULTS)

# A collector that lost its machine must not keep its lock, nor an open transaction, for the server's two hours.
_SESSION = f"""
SET search_path = {SCHEMA};
SET statement_timeout = {int(ANSWER_S * 1000) - 2000};
SET lock_timeout = 5000;
SET idle_in_transaction_session_timeout = 60000;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
"""
_KEEPALIVE = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"


def connect(to: DatabaseSettings) -> pg.Connection:
    """An open connection with its session set.

    Raises:
        InputError: a person must mend something.
        NotStoredError: the server is away, starting, or full.
    """
    try:
        link = _socket(to.host, to.port)
        link.settimeout(ANSWER_S)
        try:
            db = pg.Connection(
                to.user, host=to.host, database=to.database, password=to.password or "", sock=link,
                ssl_context=_tls(to), application_name="linewise",
                startup_params={"client_encoding": "UTF8"},
            )  # fmt: skip
        except BaseException:
            link.close()
            raise
        try:
            db.run(_SESSION)
            if not to.host.startswith("/"):
                db.run(_KEEPALIVE)
        except BaseException:
            drop(db)
            raise
    except pg.DatabaseError as fault:
        raise told(to, fault) from fault
    except ssl.SSLError as fault:
        raise InputError(f"{to}: TLS fails ({fault}): look at ca_file and the host's name") from fault
    except pg.InterfaceError as fault:
        refusal = _refusal(fault)
        if refusal is not None:
            raise told(to, refusal) from fault
        if "SSL" in str(fault):
            raise InputError(f"{to}: the server does not speak TLS: set ssl = on there") from fault
        raise NotStoredError(f"{to} does not answer ({fault})") from fault
    except OSError as fault:
        raise NotStoredError(f"{to} does not answer ({fault.strerror or fault})") from fault
    _require_utf8(to, db)
    return db


def told(to: DatabaseSettings, fault: Exception) -> InputError | NotStoredError:
    """One of FAULTS in words, as the error to raise."""
    if not isinstance(fault, pg.DatabaseError):
        return NotStoredError(f"{to} is gone ({fault})")
    answer: Any = fault.args[0] if fault.args and isinstance(fault.args[0], dict) else {}
    code, message = answer.get("C", ""), answer.get("M", fault)
    if code in MENDED_BY_PEOPLE:
        return InputError(f"{to}: {message}: {MENDED_BY_PEOPLE[code]}")
    return NotStoredError(f"{to}: {message} ({code})")


def _refusal(fault: BaseException | None) -> pg.DatabaseError | None:
    """What the server said before it hung up: pg8000 tells the hanging up."""
    while fault is not None:
        if isinstance(fault, pg.DatabaseError):
            return fault
        fault = fault.__context__
    return None


def drop(db: pg.Connection) -> None:
    """Ends a connection whose other end may be gone."""
    with contextlib.suppress(*WIRE_FAULTS):
        db.close()


def _socket(host: str, port: int) -> socket.socket:
    if host.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(CONNECT_S)
        try:
            link.connect(str(Path(host) / f".s.PGSQL.{port}"))
        except BaseException:
            link.close()
            raise
        return link
    link = socket.create_connection((host, port), CONNECT_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _tls(to: DatabaseSettings) -> ssl.SSLContext | bool:
    if to.tls == "disable":
        return False
    try:
        context = ssl.create_default_context(cafile=to.ca_file)
    except (OSError, ssl.SSLError) as fault:
        raise InputError(f"store.ca_file {to.ca_file}: it can't be used ({fault})") from fault
    if to.tls == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _require_utf8(to: DatabaseSettings, db: pg.Connection) -> None:
    encoding = db.parameter_statuses.get("server_encoding", "UTF8")
    if encoding != "UTF8":
        drop(db)
        raise InputError(f"{to}: its encoding is {encoding}: create a database with ENCODING 'UTF8'")
