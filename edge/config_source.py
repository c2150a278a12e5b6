"""Where pictures and messages come from: camera sources and broker URLs, with ${NAME} from the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from edge.config_faults import SECRET_NAME, nearest
from edge.config_geometry import WrongValueError
from edge.url_secrets import mask_url

SCHEMES = ("rtsp", "rtsps", "http", "https", "v4l2", "test")
MAX_LENGTH = 2000
_VARIABLE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class UnsetVariableError(WrongValueError):
    """A ${NAME} that the environment does not have."""


@dataclass(frozen=True)
class Expanded:
    """A text with its variables filled in.

    Attributes:
        value: with secrets; never print it.
        shown: secrets as ***.
    """

    value: str
    shown: str


def expand(raw: str, environ: Mapping[str, str]) -> Expanded:
    """Fills in ${NAME}; inside user:password of a URL, characters that would break the URL are percent-encoded."""
    if len(raw) > MAX_LENGTH:
        raise WrongValueError(f"{len(raw)} characters long")
    user_info = _user_info_end(raw)
    value: list[str] = []
    shown: list[str] = []
    at = 0
    for found in _VARIABLE.finditer(raw):
        name = found[1]
        if not _NAME.fullmatch(name) or not found[0].endswith("}"):
            raise WrongValueError('after "${" comes a variable\'s name and "}": ${CAM_PASSWORD}')
        if name not in environ:
            raise UnsetVariableError(f"the environment has no {name}; set it where Linewise is started")
        filled = environ[name]
        if found.start() < user_info:
            filled = quote(filled, safe="!$&'()*+,;=%-._~")
        for texts, piece in ((value, filled), (shown, "***" if SECRET_NAME.search(name) else filled)):
            texts += [raw[at : found.start()], piece]
        at = found.end()
    return Expanded("".join([*value, raw[at:]]), mask_url("".join([*shown, raw[at:]])))


def _user_info_end(raw: str) -> int:
    scheme = _SCHEME.match(raw)
    return raw.rfind("@") if scheme else -1


@dataclass(frozen=True)
class Source:
    """A camera's source.

    Attributes:
        kind: "url", "device", "test", "file", or "unread" where a ${NAME} in it is unset and nobody needs it.
        value, shown: as CameraSettings has source and source_shown.
    """

    kind: str
    value: str
    shown: str


def unread_source(raw: str) -> Source:
    """A source whose ${NAME} is unset, kept as it is written."""
    return Source("unread", raw, mask_url(raw))


def parse_source(expanded: Expanded, folder: Path, *, must_exist: bool) -> Source:
    """Takes a camera source apart; WrongValueError without the source's secrets."""
    text, shown = expanded.value, expanded.shown
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Source("file", _file(text, folder, must_exist), shown)
    name = scheme[1].lower()
    if name not in SCHEMES:
        raise WrongValueError(f'unknown kind of source "{name}://"; {nearest(name, SCHEMES)}')
    if name == "test":
        return Source("test", text, shown)
    if name == "v4l2":
        device = text[len(scheme[0]) :]
        if not re.fullmatch(r"/dev/[A-Za-z0-9_/.-]+", device) or ".." in device:
            raise WrongValueError("a camera device is written v4l2:///dev/video0")
        return Source("device", text, shown)
    if re.search(r"\s", text):
        raise WrongValueError("a URL has no spaces; write %20")
    _host_of(text)
    return Source("url", text, shown)


def _host_of(text: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise WrongValueError("not a URL: host or port cannot be read") from None
    if not host:
        raise WrongValueError("the URL has no host")
    if port == 0:
        raise WrongValueError("port 0 cannot be reached")
    return host, port


def address_of(source: str) -> tuple[str, int] | None:
    """(host, port) of a camera URL; None for files, devices and test pictures."""
    scheme = _SCHEME.match(source)
    ports = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
    if scheme is None or scheme[1].lower() not in ports:
        return None
    host, port = _host_of(source)
    return host, port or ports[scheme[1].lower()]


def _file(text: str, folder: Path, must_exist: bool) -> str:
    path = Path(text)
    path = path if path.is_absolute() else folder / path
    if must_exist:
        try:
            if path.is_dir():
                raise WrongValueError("that is a folder; name a file in it")
            if not path.is_file():
                raise WrongValueError(f"there is no file {mask_url(str(path))}")
        except OSError as error:  # name too long, no permission
            raise WrongValueError(f"that file cannot be looked at: {error.strerror}") from None
    return str(path)


@dataclass(frozen=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int
    tls: bool


def parse_broker(text: str) -> Broker:
    """Takes mqtt://HOST[:PORT] or mqtts://HOST[:PORT] apart; WrongValueError without secrets."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise WrongValueError("not a broker's URL; begin with mqtt:// or mqtts://")
    name = scheme[1].lower()
    if name not in ("mqtt", "mqtts"):
        raise WrongValueError(f'"{name}://" is no broker; use mqtt:// or mqtts://')
    if "@" in text:
        raise WrongValueError("user and password do not belong in the URL; use the keys username and password")
    host, port = _host_of(text)
    parts = urlsplit(text)
    if parts.path not in ("", "/") or parts.query or parts.fragment or re.search(r"\s", text):
        raise WrongValueError("after host and port nothing may follow")
    return Broker(host, port or (8883 if name == "mqtts" else 1883), name == "mqtts")
