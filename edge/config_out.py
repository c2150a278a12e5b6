"""Values of [[webhook]], [email], [metrics] and [api]: what leaves the site, to whom, and where it may be asked for."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edge.config_faults import FaultList, nearest
from edge.config_geometry import WrongValueError
from edge.config_values import kind_of, string
from edge.settings_receivers import EmailSettings, MailServer, WebhookSettings

if TYPE_CHECKING:
    from edge.config import Table

KINDS = ("open", "repeated", "ended")
LEAST_SECRET = 16  # characters
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


def parse_hook(raw: Any) -> str:
    """An address that takes a POST; WrongValueError, without what may be secret in it, if it is none."""
    value = string(raw)
    _host_and_port(value, ("http", "https"), 'begin with "https://"')
    if urlsplit(value).username is not None:
        raise WrongValueError("user and password do not belong in the address; a webhook is known by its secret")
    return value


def parse_secret(raw: Any) -> str:
    """A shared secret that nobody guesses."""
    value = string(raw)
    if len(value) < LEAST_SECRET:
        raise WrongValueError(f"only {len(value)} characters long; `openssl rand -base64 32` makes a good one")
    if value.startswith("whsec_") and not re.fullmatch(r"whsec_[A-Za-z0-9+/]+={0,2}", value):
        raise WrongValueError('after "whsec_" comes base64')
    return value


def parse_token(raw: Any) -> str:
    """What a program sends as `Authorization: Bearer ...`."""
    value = parse_secret(raw)
    if not re.fullmatch(r"[\x21-\x7e]+", value):  # a header can't carry more
        raise WrongValueError("a token has no spaces and no letters beyond ASCII")
    return value


def parse_mail_server(raw: Any) -> MailServer:
    """smtp://HOST[:587] (STARTTLS) or smtps://HOST[:465]; WrongValueError if it is neither."""
    value = string(raw)
    if "@" in value:
        raise WrongValueError("user and password do not belong here; use the keys username and password")
    scheme, host, port = _host_and_port(value, ("smtp", "smtps"), 'begin with "smtp://" or "smtps://"')
    if urlsplit(value).path not in ("", "/"):
        raise WrongValueError("after host and port nothing may follow")
    return MailServer(host, port or (465 if scheme == "smtps" else 587), tls=scheme == "smtps")


def _host_and_port(value: str, schemes: tuple[str, ...], hint: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise WrongValueError("not a URL: host or port cannot be read") from None
    if parts.scheme not in schemes or re.search(r"\s", value):
        raise WrongValueError(f"not such an address; {hint}")
    if not host or port == 0:
        raise WrongValueError("it has no host" if not host else "port 0 cannot be reached")
    return parts.scheme, host, port


def parse_mail(raw: Any) -> str:
    """One e-mail address, without a name around it."""
    value = string(raw)
    if not _MAIL.fullmatch(value) or len(value) > 254:
        raise WrongValueError('not an e-mail address; write "name@example.com"')
    return value


def parse_mails(raw: Any) -> tuple[str, ...]:
    """One e-mail address or more."""
    if not isinstance(raw, list) or not raw:
        raise WrongValueError("not a list of e-mail addresses")
    return tuple(dict.fromkeys(parse_mail(item) for item in raw))


def some_of(*words: str) -> Callable[[Any], tuple[str, ...]]:
    """A parser of a list of some words."""

    def parse(raw: Any) -> tuple[str, ...]:
        if not isinstance(raw, list) or not raw:
            raise WrongValueError(f"not a list; leave it out for all: {', '.join(words)}")
        for item in raw:
            if item not in words:
                hint = nearest(item, words) if isinstance(item, str) else "words stand in quotes"
                raise WrongValueError(f"{item!r:.40} is none of them; {hint}")
        return tuple(word for word in words if word in raw)

    return parse


def parse_ids(raw: Any) -> tuple[str, ...]:
    """A list of ids."""
    if not isinstance(raw, list) or not raw:
        raise WrongValueError("not a list of ids; leave it out for all")
    for item in raw:
        if not isinstance(item, str):
            raise WrongValueError(f"{kind_of(item)} where an id is wanted")
        if not _ID.fullmatch(item):
            raise WrongValueError(f"{item!r:.40} is not an id")
    return tuple(dict.fromkeys(raw))


def parse_origins(raw: Any) -> tuple[str, ...]:
    """Web pages that may ask, by their origins."""
    if not isinstance(raw, list):
        raise WrongValueError(f"{kind_of(raw)} where a list is wanted")
    for item in raw:
        if not isinstance(item, str) or not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", item):
            raise WrongValueError(f'{item!r:.60} is no origin; write "https://intranet.example" without a path')
    return tuple(raw)


def check_receivers(tables: list["Table"], faults: FaultList, queues: list[str], folder: Path) -> None:
    """Notes queues that nothing has, missing files, and half logins."""
    for table in tables:
        for queue in table.values.get("queues") or ():
            if queue not in queues:
                faults.add((*table.path, "queues"), f"no [[queue]] has the id {queue!r}; {nearest(queue, queues)}")
        file = table.values.get("ca_file")
        if file is not None and not (folder / file).is_file():
            faults.add((*table.path, "ca_file"), f"there is no file {folder / file}", table.raw["ca_file"])
        for key, other in (("password", "username"), ("username", "password")):
            if key in table.raw and other not in table.raw:
                faults.add((*table.path, key), f"needs {other} beside it", table.raw[key])


def check_ports(tables: list["Table"], faults: FaultList) -> None:
    """Notes two parts that would listen on one port of one address."""
    seen: dict[int, str] = {}
    for table in tables:
        for key, port in table.values.items():
            if not key.endswith("port"):
                continue
            if port in seen:
                faults.add((*table.path, key), f"port {port} is {seen[port]}'s too; choose another")
            seen.setdefault(port, ".".join((*map(str, table.path), key)))


def build_webhook(values: dict[str, Any], folder: Path) -> WebhookSettings:
    """Of a table without faults."""
    return WebhookSettings(**{**values, "ca_file": _absolute(values, folder)})


def build_email(values: dict[str, Any], folder: Path) -> EmailSettings:
    """Of a table without faults; `from` is a word of Python's own."""
    renamed = {("sender" if key == "from" else key): value for key, value in values.items()}
    return EmailSettings(**{**renamed, "ca_file": _absolute(values, folder)})


def _absolute(values: dict[str, Any], folder: Path) -> str | None:
    return None if values["ca_file"] is None else str(folder / values["ca_file"])
