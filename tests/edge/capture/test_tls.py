"""Encrypted cameras: whose certificate is believed, and what is said of the others (F10)."""

import datetime
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.capture import gst_reader, pyav_reader
from edge.capture.open import Backend, open_source
from edge.capture.source import Source
from edge.capture.tls import Trust
from edge.errors import SourceError
from edge.settings import CameraSettings

Make = Callable[..., CameraSettings]
pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("leak_check")]


def certificate(file: Path, name: str, *, years: int = 50) -> Path:
    """A certificate that its camera made for itself, and its key, in one file; `years` below 0: it has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin.replace(year=2060 if years > 0 else 2001))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates: the camera's, another's, one that has expired."""
    folder = tmp_path_factory.mktemp("certificates")
    certificate(folder / "camera.pem", "IP Camera 0815")
    certificate(folder / "other.pem", "IP Camera 0815")
    certificate(folder / "old.pem", "old", years=-1)
    return folder


def first(source: Source) -> SourceError | None:
    """None: a picture came; else what came instead."""
    try:
        assert source.read(60.0) is not None
    except SourceError as error:
        return error
    finally:
        source.close()
    return None


def test_a_self_signed_camera_is_let_in_by_its_own_certificate_or_by_none(
    backend: Backend, camera: Make, folder: Path, rtsp: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused, and no password goes out, until the site file names its certificate or says that any will do."""
    server = rtsp("--certificate", str(folder / "camera.pem"), "--user", "viewer", "--password", "canary")

    def opened(**settings: object) -> SourceError | None:
        made = camera(
            f"rtsps://viewer:canary@{server.host}/cam", source_shown=f"rtsps://***@{server.host}/cam", **settings
        )
        return first(open_source(made, live=True, backend=backend))

    for settings in ({}, {"ca_file": str(folder / "other.pem")}):
        error = opened(**settings)
        assert error is not None
        assert error.kind == "untrusted"
        assert "self-signed certificate" in str(error) or "verify" in str(error)
        assert 'certificate = "any"' in str(error)
        assert "canary" not in str(error)
    assert opened(ca_file=str(folder / "camera.pem")) is None
    assert opened(certificate="any") is None
    missing = opened(ca_file=str(folder / "missing.pem"))
    assert missing is not None
    assert "missing.pem can't be read" in str(missing)
    module = pyav_reader if backend == "pyav" else gst_reader
    monkeypatch.setattr(module, "trust_in", lambda *_: Trust(True, str(folder / "other.pem"), "IP Camera 0815"))
    assert opened() is not None, "the decoder itself does not look at the certificate"


@pytest.fixture
def web(folder: Path) -> Iterator[Callable[[str | None], int]]:
    """Starts HTTP cameras that show no picture, with a certificate or without; whoever is refused hangs up."""
    servers: list[ThreadingHTTPServer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    def start(name: str | None) -> int:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if name is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / name)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_https_is_looked_at_too(camera: Make, folder: Path, web: Callable[[str | None], int]) -> None:
    """Believed, it is asked for its stream (404 here); expired, or not TLS at all, it is told so."""
    good, old, plain = web("camera.pem"), web("old.pem"), web(None)

    def told(port: int, **settings: object) -> str:
        error = first(open_source(camera(f"https://127.0.0.1:{port}/x", **settings), live=True))
        assert error is not None
        return f"{error.kind}: {error}"

    assert told(good).startswith("untrusted")
    assert told(good, ca_file=str(folder / "camera.pem")).startswith("not_found")
    assert told(good, certificate="any").startswith("not_found")
    assert "expired" in told(old, ca_file=str(folder / "old.pem"))
    assert "no TLS there" in told(plain)
    assert told(1).startswith("refused")


class Elsewhere(socketserver.StreamRequestHandler):
    """An RTSP server that says "not here, but there"."""

    def handle(self) -> None:
        """One connection."""
        head: list[str] = []
        for line in self.rfile:
            head.append(line.decode().strip())
            if head[-1]:
                continue
            self.server.asked += 1  # type: ignore[attr-defined]
            number = next(text for text in head if text.lower().startswith("cseq"))
            words = (
                "200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY"
                if head[0].startswith("OPTIONS")
                else f"302 Moved\r\nLocation: {self.server.there}"  # type: ignore[attr-defined]
            )
            self.wfile.write(f"RTSP/1.0 {words}\r\n{number}\r\n\r\n".encode())
            head = []

    def finish(self) -> None:
        """The other side may have gone."""
        try:
            super().finish()
        except OSError:
            return


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """Such a server; set `there`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Elsewhere) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.asked, server.there = 0, ""  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_redirection_is_followed(backend: Backend, camera: Make, rtsp: Callable[..., Any], elsewhere: Any) -> None:
    """A camera that names another address is found there; one that names a file is not read."""
    url = camera(f"rtsp://viewer:canary@127.0.0.1:{elsewhere.server_address[1]}/cam", source_shown="shown")
    elsewhere.there = f"rtsp://{rtsp().host}/cam"
    assert first(open_source(url, live=True, backend=backend)) is None
    elsewhere.there = f"file://{Path(__file__).absolute()}"
    error = first(open_source(url, live=True, backend=backend))
    assert error is not None
    assert error.kind in ("unreadable", "refused")
    assert "canary" not in str(error)


def test_redirections_in_a_circle_end(camera: Make, elsewhere: Any) -> None:
    """GStreamer follows a camera that names itself for ever: it is stopped, and told."""
    address = f"rtsp://127.0.0.1:{elsewhere.server_address[1]}/cam"
    elsewhere.there = address
    error = first(open_source(camera(address), live=True, backend="gstreamer"))
    print(f"\nasked {elsewhere.asked} times before it was given up")
    assert error is not None
    assert "names other addresses" in str(error)
