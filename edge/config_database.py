"""[store] url: the PostgreSQL database of a chain of sites, beside the store on this machine."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from edge.config_faults import FaultList, nearest
from edge.config_geometry import WrongValueError
from edge.config_values import string
from edge.settings import LOOPBACK, DatabaseSettings, StoreSettings

if TYPE_CHECKING:
    from edge.config import Table

PORT = 5432
MODES = ("verify-full", "require", "disable")
OPTIONS = ("sslmode", "host")
DATABASE_WORDS = '"postgresql://USER:PASSWORD@HOST[:5432]/DATABASE[?sslmode=verify-full]"'


def parse_database(raw: Any) -> DatabaseSettings:
    """Takes a URL as libpq writes it apart; WrongValueError, without what is secret in it, if it is none."""
    value = string(raw)
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise WrongValueError("not a URL: host or port cannot be read") from None
    if parts.scheme not in ("postgresql", "postgres") or re.search(r"\s", value) or parts.fragment:
        raise WrongValueError('not the URL of a PostgreSQL database; begin with "postgresql://"')
    options = _options(parts.query)
    host = host or unquote(options.get("host", ""))
    if not host:
        raise WrongValueError("no host; a socket on this machine is ?host=/var/run/postgresql")
    database, user = unquote(parts.path.removeprefix("/")), unquote(parts.username or "")
    if not user or not database or "/" in database:
        missing = "user" if not user else "name of a database"
        raise WrongValueError(f"it has no {missing}" if not (user and database) else "two names of databases")
    near = host in LOOPBACK or host.startswith("/")
    return DatabaseSettings(
        host=host,
        port=port or PORT,
        database=database,
        user=user,
        password=None if parts.password is None else unquote(parts.password),
        tls=options.get("sslmode", "disable" if near else "verify-full"),  # type: ignore[arg-type]
    )


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in OPTIONS:
            raise WrongValueError(f'unknown option "{name[:20]}"; {nearest(name, OPTIONS)}')
    mode = options.get("sslmode", MODES[0])
    if mode not in MODES:
        raise WrongValueError(f'sslmode "{mode[:20]}" is not taken; {nearest(mode, MODES)}')
    return options


def check_database(tables: list["Table"], faults: FaultList) -> None:
    """Notes a certificate that nobody asks for."""
    for store in tables:
        file, database = store.values.get("ca_file"), store.values.get("url")
        path = (*store.path, "ca_file")
        if file is not None and "url" not in store.raw:
            faults.add(path, "needs url beside it", file)
        elif file is not None and isinstance(database, DatabaseSettings) and database.tls != "verify-full":
            faults.add(path, "is looked at with sslmode=verify-full only", file)


def store_settings(values: dict[str, Any], folder: Path) -> StoreSettings:
    """[store] as the program uses it."""
    days = {name: values[name] for name in ("seconds_days", "minutes_days", "hours_days")}
    database = values["url"]
    if database is not None and values["ca_file"] is not None:
        database = replace(database, ca_file=str(folder / values["ca_file"]))
    return StoreSettings(**days, database=database)
