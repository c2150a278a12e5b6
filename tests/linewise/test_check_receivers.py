"""`linewise check` on who is told of alerts: there, not there, not trusted, without a word of a secret."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from edge.settings_receivers import EmailSettings, MailServer, WebhookSettings
from linewise.check_receivers import email_lines, hook_lines

SECRET = "a secret of some length"
Says = Callable[[bytes], int]


@pytest.fixture
def listener() -> Iterator[Says]:
    """`listener(greeting)`: the port of something that greets whoever comes, and ends."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def make(greeting: bytes) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve() -> None:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with link:
                link.sendall(greeting)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return int(server.getsockname()[1])

    yield make
    for one in sockets:
        one.shutdown(socket.SHUT_RDWR)
        one.close()
    for thread in threads:
        thread.join()


def hook(url: str) -> WebhookSettings:
    return WebhookSettings("ops", url, SECRET)


def email(port: int) -> EmailSettings:
    return EmailSettings(MailServer("127.0.0.1", port, tls=False), "l@example.com", ("a@example.com",))


def test_a_webhook_that_is_there(listener: Says) -> None:
    """Something listens; nothing is posted to find that out."""
    (line,) = hook_lines(hook(f"http://127.0.0.1:{listener(b'')}/T0KEN"))
    assert line.level == "ok"
    assert "T0KEN" not in str(line) + line.text


def test_a_webhook_that_is_not_there(listener: Says) -> None:
    """A warning, not a fault: alerts wait for it, and the site can start."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    (line,) = hook_lines(hook(f"http://127.0.0.1:{port}/T0KEN"))
    assert (line.level, "refuses the connection" in line.text, "T0KEN" in line.text) == ("warning", True, False)


def test_a_webhook_that_does_not_speak_tls(listener: Says) -> None:
    """https:// to something else than TLS is told."""
    (line,) = hook_lines(hook(f"https://127.0.0.1:{listener(b'HTTP/1.1 400 Bad Request' + bytes(8))}/"))
    assert line.level == "warning"
    assert "cannot be reached" in line.text


def test_an_open_line_to_elsewhere_is_a_warning() -> None:
    """Alerts without encryption, over the network."""
    first = next(hook_lines(hook("http://hooks.invalid/x")))
    assert (first.level, first.remedy) == ("warning", "use https:// in url")


def test_a_mail_server_that_is_none(listener: Says) -> None:
    """What greets in another way is told as no mail server; one that is not there as not there."""
    (line,) = email_lines(email(listener(b"554 no\r\n")))
    assert (line.level, "does not speak as a mail server does" in line.text) == ("warning", True)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    (line,) = email_lines(email(port))
    assert "refuses the connection" in line.text
