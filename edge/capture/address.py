"""What kind of thing a camera's `source` is, with its password apart from its address."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from edge.capture.faults import file_fault
from edge.errors import SourceError
from edge.settings import CameraSettings

Kind = Literal["file", "network", "device", "test"]
NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")


@dataclass(frozen=True)
class Address:
    """Where pictures come from.

    Attributes:
        kind: file, network (RTSP, HTTP), device (V4L2) or test (a pattern).
        place: absolute path of a file or device; URL without user and password; the query of test://.
        user, password: as they are, not URL-encoded; None if the URL has none.
    """

    kind: Kind
    place: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def scheme(self) -> str:
        """Of a network address: rtsp, rtsps, http or https; else ""."""
        return self.place.partition("://")[0] if self.kind == "network" else ""

    def with_password(self) -> str:
        """The URL with user and password encoded in it; for the library alone, never for people."""
        if self.user is None:
            return self.place
        scheme, _, rest = self.place.partition("://")
        secret = quote(self.user, safe="") + ("" if self.password is None else ":" + quote(self.password, safe=""))
        return f"{scheme}://{secret}@{rest}"


def address_of(camera: CameraSettings) -> Address:
    """Reads `camera.source`.

    Raises:
        SourceError: a scheme that Linewise doesn't know, or an address without a host.
    """
    source = camera.source
    scheme, separator, rest = source.partition("://")
    if not separator:
        return Address("file", str(Path(source).absolute()))
    scheme = scheme.lower()
    if scheme == "test":
        return Address("test", rest.lstrip("/").removeprefix("?"))
    if scheme == "v4l2":
        return Address("device", "/" + rest.lstrip("/"))
    if scheme not in NETWORK_SCHEMES:
        raise SourceError(
            f"camera {camera.id}: source {camera.source_shown}: Linewise doesn't know {scheme}://; use "
            f"{', '.join(s + '://' for s in NETWORK_SCHEMES)}, v4l2:///dev/videoN, test:// or a file's path."
        )
    return _network(camera, source)


def _network(camera: CameraSettings, source: str) -> Address:
    wrong = SourceError(
        f"camera {camera.id}: source {camera.source_shown} isn't an address; write it as rtsp://HOST:PORT/PATH "
        "(special characters in user and password as in a URL: @ is %40, / is %2F, # is %23)."
    )
    try:
        parts = urlsplit(source)
        secret, at, host = parts.netloc.rpartition("@")
        bare = urlsplit(urlunsplit(parts._replace(netloc=host)))
        bare.port  # noqa: B018  a port that is no number raises here
    except ValueError:
        raise wrong from None
    if not bare.hostname:
        raise wrong
    user, colon, password = secret.partition(":")
    return Address("network", bare.geturl(), unquote(user) if at else None, unquote(password) if colon else None)


def require_file(camera: CameraSettings, path: Path) -> None:
    """Raises SourceError unless `path` is a file with something in it that this user may read."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise file_fault(camera, "unreadable", "the file is empty")
    except FileNotFoundError:
        raise file_fault(camera, "not_found", "no such file") from None
    except IsADirectoryError:
        raise file_fault(camera, "unreadable", "this is a folder") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise file_fault(camera, "unreadable", f"can't be opened ({reason})") from None
