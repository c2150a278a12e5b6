"""The way to a chain's database over a network: encrypted, and to the right server, unless the site file says less."""

import datetime
import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dashboard import postgres
from dashboard.work import NotStoredError
from edge.errors import InputError
from edge.settings import DatabaseSettings
from tests.dashboard.postgres_server import Server

pytestmark = pytest.mark.e2e


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate of 127.0.0.1 (not of localhost), and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    files[1].chmod(0o600)
    return files


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DatabaseSettings, Path]]:
    """A server that takes TLS on a port, for user boss, and the certificate to trust."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = certificate(folder, "server")
    certificate(folder, "other")
    inside = Path("/tmp") / f"lw-{os.getpid()}.key"
    shutil.copy(key, inside)
    inside.chmod(0o600)
    if os.getuid() == 0:
        shutil.chown(inside, "nobody", "nogroup")
        for above in (cert, *cert.parents[:2]):
            above.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    readable = inside.with_suffix(".pem")
    shutil.copy(cert, readable)
    readable.chmod(0o644)
    options = (
        "listen_addresses=127.0.0.1",
        f"port={port}",
        "ssl=on",
        f"ssl_cert_file={readable}",
        f"ssl_key_file={inside}",
    )
    running = Server("fsync=off", *options, port=port, hba="local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
    yield replace(running.settings, host="127.0.0.1", port=port, tls="verify-full", ca_file=str(cert)), folder
    running.stop()
    inside.unlink()
    readable.unlink()


def encrypted(to: DatabaseSettings) -> bool:
    """Connects; does the server say that the way is encrypted?"""
    db = postgres.connect(to)
    try:
        return bool(db.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [[True]])
    finally:
        postgres.drop(db)


Settled = tuple[DatabaseSettings, Path]


def test_the_right_server_is_believed(server: Settled) -> None:
    """With the certificate in ca_file the way is encrypted, and so it is where nobody asks who the server is."""
    assert encrypted(server[0])
    assert encrypted(replace(server[0], tls="require", ca_file=None))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda to, folder: replace(to, ca_file=str(folder / "other.pem")), "TLS fails"),
        (lambda to, folder: replace(to, ca_file=None), "TLS fails"),
        (lambda to, folder: replace(to, host="localhost"), "TLS fails"),
        (lambda to, folder: replace(to, ca_file=str(folder / "none.pem")), "can't be used"),
        (lambda to, folder: replace(to, ca_file=str(folder / "server.key")), "can't be used"),
        (lambda to, folder: replace(to, tls="disable"), "pg_hba.conf"),
    ],
    ids=["another's certificate", "no certificate", "another name", "no file", "no certificate in it", "no TLS"],
)
def test_a_wrong_one_is_not(
    server: Settled, change: Callable[[DatabaseSettings, Path], DatabaseSettings], said: str
) -> None:
    """Who cannot show that it is the server gets neither password nor rows, and the fault says where to look."""
    with pytest.raises(InputError, match=said):
        encrypted(change(*server))


def test_a_server_without_tls_is_refused(postgres_server: Server) -> None:
    """Where TLS is asked for, a server that has none is told so."""
    with pytest.raises(InputError, match="does not speak TLS"):
        postgres.connect(replace(postgres_server.settings, tls="require"))


def test_nobody_there() -> None:
    """A port where nothing listens, and a name that nobody has, are waited for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = DatabaseSettings("127.0.0.1", probe.getsockname()[1], "d", "u")
        for to in (nobody, replace(nobody, host="nobody.invalid"), replace(nobody, host="/nowhere")):
            with pytest.raises(NotStoredError, match=r"does not answer \(.+\)"):
                postgres.connect(to)
