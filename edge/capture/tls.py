"""Encrypted cameras (rtsps://, https://): is the camera that answers the one that was meant?

The decoders check certificates themselves; PyAV's FFmpeg does so only when it is told to, and neither says what is
wrong with one. So the camera is greeted first, by Python's ssl: for the words, and for the name in its certificate.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edge.capture.address import Address
from edge.capture.faults import network_fault
from edge.settings import CameraSettings

GREETING_S = 5.0
PORTS = {"rtsps": 322, "https": 443}
SYSTEM_LISTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True)
class Trust:
    """What a decoder is to hold a camera's certificate against.

    Attributes:
        checked: False: whatever it shows is taken.
        ca_file: who must have signed it (PEM); None: as the decoder knows.
        name: the name in it where the address's own is not asked for, else None.
    """

    checked: bool
    ca_file: str | None = None
    name: str | None = None


def trust_in(camera: CameraSettings, address: Address) -> Trust | None:
    """Greets an encrypted camera; None where nothing is encrypted.

    Raises:
        SourceError: it is not there ("refused"), or its certificate is not to be believed ("untrusted").
    """
    if address.scheme not in PORTS:
        return None
    if camera.certificate == "any":
        return Trust(checked=False)
    ca_file = camera.ca_file or _system_list()
    names = _greeted(camera, address, ca_file)
    # A camera of its own making rarely bears the address that it is reached by; a file of one's own names it well.
    return Trust(True, ca_file, names[0] if camera.ca_file and names else None)


def _greeted(camera: CameraSettings, address: Address, ca_file: str | None) -> list[str]:
    """The names in the camera's certificate, once it is believed."""
    parts = urlsplit(address.place)
    host = parts.hostname or ""
    try:
        context = ssl.create_default_context(cafile=ca_file)
        context.check_hostname = camera.ca_file is None
    except OSError as error:  # ssl.SSLError is one
        raise network_fault(camera, "untrusted", f"{ca_file} can't be read: {_words(error)}") from None
    try:
        with (
            socket.create_connection((host, parts.port or PORTS[address.scheme]), timeout=GREETING_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as camera_socket,
        ):
            return _names(camera_socket.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        raise network_fault(camera, "untrusted", error.verify_message) from None
    except ssl.SSLError as error:
        reason = f"no TLS there ({_words(error)}); is it {address.scheme[:-1]}://, or another port?"
        raise network_fault(camera, "refused", reason) from None
    except OSError as error:
        raise network_fault(camera, "refused", _words(error)) from None


def _names(certificate: dict[str, Any]) -> list[str]:
    """What it says it belongs to: its alternative names, or its subject."""
    names = [name for kind, name in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    subject = [value for pair in certificate.get("subject", ()) for key, value in pair if key == "commonName"]
    return names or subject


def _system_list() -> str | None:
    """The authorities that this machine believes, in one file; None: as the decoder finds them."""
    own = ssl.get_default_verify_paths().cafile
    return next((file for file in (own, *SYSTEM_LISTS) if file and Path(file).is_file()), None)


def _words(error: OSError) -> str:
    """Without the address that it was given."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not a certificate").lower().replace("_", " ")
    return "no answer in time" if isinstance(error, TimeoutError) else str(error.strerror or type(error).__name__)
