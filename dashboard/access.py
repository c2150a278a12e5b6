"""Who looks at the pages, and what they may do: from a proxy's header or OpenID Connect, by the site file's names."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from edge.settings import DashboardSettings

Role = Literal["viewer", "installer"]
SOMEBODY = "somebody"


@dataclass(frozen=True)
class Visitor:
    """Somebody at the page: a name for people's eyes, and a role; None: not allowed to look, `why` says it."""

    name: str
    role: Role | None
    why: str = ""


def settings_to_json(settings: DashboardSettings) -> str:
    """For an environment variable; nothing secret is in it."""
    return json.dumps(asdict(settings))


def settings_from_json(text: str) -> DashboardSettings:
    """The reverse."""
    raw = json.loads(text)
    return DashboardSettings(**raw | {key: tuple(raw.get(key, ())) for key in ("viewers", "installers")})


def visitor(settings: DashboardSettings, headers: Mapping[str, str], address: str | None, user: str | None) -> Visitor:
    """Who it is.

    Args:
        settings: the site file's [dashboard].
        headers: of the request, whatever their case.
        address: where the request came from (the TCP peer, see dashboard/launch.py); None: this machine.
        user: the name or address that OpenID Connect gave; None: nobody has logged in.
    """
    if settings.login == "none":
        return Visitor(SOMEBODY, "installer" if _at_this_machine(headers, address) else "viewer")
    if settings.login == "proxy":
        if not _loopback(address):
            return Visitor("", None, "Only a proxy on this machine may say who you are: open this page through it.")
        named = {key.lower(): value for key, value in headers.items()}.get(settings.user_header.lower(), "").strip()
        if not named:
            return Visitor("", None, "The proxy does not say who you are.")
        return _known(settings, named)
    return Visitor("", None, "Please log in.") if user is None else _known(settings, user)


def _known(settings: DashboardSettings, name: str) -> Visitor:
    if name.lower() in settings.installers:
        return Visitor(name, "installer")
    if not settings.viewers or name.lower() in settings.viewers:
        return Visitor(name, "viewer")
    return Visitor(name, None, "You are logged in, but this page is not open to you. Ask who runs Linewise.")


def _at_this_machine(headers: Mapping[str, str], address: str | None) -> bool:
    """Came straight from this machine, not through a proxy that runs on it."""
    forwarded = any(key.lower() in ("x-forwarded-for", "forwarded", "x-real-ip") for key in headers)
    return not forwarded and _loopback(address)


def _loopback(address: str | None) -> bool:
    try:
        return address is None or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
