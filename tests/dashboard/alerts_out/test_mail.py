"""Mail against a real SMTP server: encrypted, with a login, refused, without encryption, not there."""

import socket
import ssl
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dashboard.alerts_out.mail import MailError, compose, send
from edge.settings_receivers import EmailSettings, MailServer
from tests.dashboard.alerts_out.conftest import NOW_S, a_notice

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult

PASSWORD = "pa55-w0rd"


class Inbox:
    """What a mail server has taken: (sender, recipients, text, was it encrypted)."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], str, bool]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """RCPT TO."""
        if address.startswith("nobody"):
            return "550 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        """DATA."""
        text = envelope.content.decode()
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), text, session.ssl is not None))
        return "250 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate of localhost and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


class Server:
    """A mail server on a free port of loopback."""

    def __init__(self, inbox: Inbox, **options: Any) -> None:
        class OnFreePort(Controller):  # type: ignore[misc, valid-type]
            def factory(self) -> SMTP:
                return SMTP(self.handler, enable_SMTPUTF8=True, hostname="localhost", **options)

            def _trigger_server(self) -> None:  # the library's own would connect to port 0
                with socket.create_connection(self.server.sockets[0].getsockname(), 30) as link:
                    link.recv(100)

        self._controller = OnFreePort(inbox, hostname="127.0.0.1", port=0, ready_timeout=60)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._controller.start()
        self.port = int(self._controller.server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Ends it; a second time it has ended already."""
        if self._controller.server is not None:
            self._controller.stop()


@pytest.fixture
def inbox() -> Inbox:
    """An empty one."""
    return Inbox()


@pytest.fixture
def encrypted(inbox: Inbox, certificate: tuple[Path, Path]) -> Iterator[Server]:
    """A server that asks for STARTTLS and a login."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        right = data.password == PASSWORD.encode()
        return AuthResult(success=right, handled=right)  # not handled: the server itself says 535

    server = Server(inbox, tls_context=context, require_starttls=True, authenticator=login, auth_required=True)
    yield server
    server.close()


@pytest.fixture
def plain(inbox: Inbox) -> Iterator[Server]:
    """A relay on this machine, without encryption."""
    server = Server(inbox)
    yield server
    server.close()


def email(server: Server, host: str = "localhost", **changes: Any) -> EmailSettings:
    values: dict[str, Any] = {"sender": "linewise@example.com", "to": ("a@example.com", "b@example.com")}
    return EmailSettings(MailServer(host, server.port, tls=False), **(values | changes))


def message(settings: EmailSettings, name: str = "Canteen") -> Any:
    now = datetime.fromtimestamp(NOW_S, UTC)
    return compose(settings, [a_notice(1)], site_name=name, timezone="Europe/Berlin", now=now)


def test_mail_goes_out_encrypted_and_logged_in(encrypted: Server, inbox: Inbox, certificate: tuple[Path, Path]) -> None:
    """STARTTLS with a certificate that ca_file vouches for, then the login, then one mail to all."""
    settings = email(encrypted, username="box", password=PASSWORD, ca_file=str(certificate[0]))
    assert send(settings, message(settings)) == []
    ((sender, recipients, text, was_encrypted),) = inbox.mails
    assert (sender, recipients, was_encrypted) == ("linewise@example.com", list(settings.to), True)
    assert "Subject: [Canteen] Till 1: wait over 5 min" in text
    assert "Auto-Submitted: auto-generated" in text


def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted: Server, inbox: Inbox) -> None:
    """Nothing is sent to a server whose certificate the system does not know."""
    settings = email(encrypted, username="box", password=PASSWORD)
    with pytest.raises(MailError, match="CERTIFICATE_VERIFY_FAILED"):
        send(settings, message(settings))
    assert inbox.mails == []


def test_a_wrong_password_is_told_without_it(encrypted: Server, certificate: tuple[Path, Path]) -> None:
    """The words have the server's answer and not the password."""
    settings = email(encrypted, username="box", password="wr0ng", ca_file=str(certificate[0]))
    with pytest.raises(MailError, match=r"refuses \(535") as caught:
        send(settings, message(settings))
    assert "wr0ng" not in str(caught.value) + repr(settings)


def test_no_mail_over_an_open_line(plain: Server, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server elsewhere must offer encryption; a relay on this machine need not."""
    settings = email(plain)
    assert send(settings, message(settings)) == []
    monkeypatch.setattr("dashboard.alerts_out.mail.LOOPBACK", ())
    with pytest.raises(MailError, match="offers no encryption"):
        send(settings, message(settings))
    assert len(inbox.mails) == 1


def test_refused_recipients(plain: Server, inbox: Inbox) -> None:
    """One refused address does not keep the others from it; all refused is a failure in words."""
    settings = email(plain, to=("a@example.com", "nobody@example.com"))
    assert send(settings, message(settings)) == ["nobody@example.com"]
    assert inbox.mails[0][1] == ["a@example.com"]
    none = email(plain, to=("nobody@example.com",))
    with pytest.raises(MailError, match="refuses every recipient"):
        send(none, message(none))


def test_a_server_that_is_not_there(plain: Server) -> None:
    """Told in words."""
    settings = email(plain)
    plain.close()
    with pytest.raises(MailError, match="Connection refused"):
        send(settings, message(settings))


def test_the_same_notices_have_the_same_message_id(plain: Server) -> None:
    """A second try can be told from a second mail; a name with a line break does not become a header."""
    settings = email(plain)
    first, again = message(settings), message(settings, "Can\r\nBcc: x@example.com\r\n\r\nteen")
    assert first["Message-ID"] == again["Message-ID"]
    assert again["Subject"].startswith("[Can Bcc: x@example.com teen] Till 1")
    assert again["Bcc"] is None
