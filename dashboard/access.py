"""Who looks at the pages, and what they may do: from a proxy's header or OpenID Connect, by the site file's names."""

import ipaddress
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from edge.errors import InputError
from edge.settings import DashboardSettings

OIDC_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
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


def visitor(
    settings: DashboardSettings, headers: Mapping[str, str], address: str | None, claims: Mapping[str, Any] | None
) -> Visitor:
    """Who it is.

    Args:
        settings: the site file's [dashboard].
        headers: of the request, whatever their case.
        address: where the request came from (the TCP peer, see dashboard/launch.py); None: this machine.
        claims: what the OpenID Connect provider told of who has logged in; None: nobody has.
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
    return Visitor("", None, "Please log in.") if claims is None else _told_by_provider(settings, claims)


def _told_by_provider(settings: DashboardSettings, claims: Mapping[str, Any]) -> Visitor:
    name = claims.get(settings.user_claim)
    if not isinstance(name, str) or not name.strip():
        return Visitor(SOMEBODY, None, f"The provider does not tell who you are: it sends no “{settings.user_claim}”.")
    if settings.user_claim == "email" and claims.get("email_verified", True) not in (True, "true"):
        return Visitor(name, None, "The provider has not verified your e-mail address.")
    return _known(settings, name.strip(), _groups(settings, claims))


def _groups(settings: DashboardSettings, claims: Mapping[str, Any]) -> tuple[str, ...]:
    found: Any = claims if settings.groups_claim else ()
    for key in (settings.groups_claim or "").split("."):
        found = found.get(key, ()) if isinstance(found, Mapping) else ()
    found = [found] if isinstance(found, str) else found
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()


def _known(settings: DashboardSettings, name: str, groups: tuple[str, ...] = ()) -> Visitor:
    names = {one.lower() for one in (name, *groups)}
    if names.intersection(settings.installers):
        return Visitor(name, "installer")
    if not settings.viewers or names.intersection(settings.viewers):
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


def require_provider(file: str | None) -> None:
    """Raises InputError where the provider's file can't work; no value of it is in any word."""
    where = f"dashboard.oidc_file {file}"
    try:
        found = tomllib.loads(Path(file or "").read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise InputError(f"{where}: there is no file; see operator.md, Who can see it") from fault
    except OSError as fault:
        raise InputError(f"{where}: it can't be read ({fault.strerror})") from fault
    except ValueError as fault:
        raise InputError(f"{where}: it is not TOML; see operator.md, Who can see it") from fault
    auth = found.get("auth")
    given = auth if isinstance(auth, dict) else {}
    missing = [key for key in OIDC_KEYS if not isinstance(given.get(key), str) or not given[key]]
    if missing:
        raise InputError(f"{where}: [auth] has no {', '.join(missing)}; see operator.md, Who can see it")
    if not given["redirect_uri"].endswith("/oauth2callback"):
        raise InputError(f"{where}: redirect_uri is the page's address with /oauth2callback behind it")
