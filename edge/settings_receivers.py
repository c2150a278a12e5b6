"""Who is told of alerts: what edge/config_out.py makes of [[webhook]] and [email]."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class WebhookSettings:
    """Somebody's address that alerts are posted to.

    Attributes:
        id: names it in logs and figures.
        url: never print it, it may hold a token: `where` is its host.
        secret: signs what is sent.
        queues: whose alerts; empty: all queues'.
        tell: which of open, repeated and ended.
        ca_file: absolute path of who signed its certificate, None: the system's list.
        timeout_s: for one try, from connecting to the end of the answer.
    """

    id: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    queues: tuple[str, ...] = ()
    tell: tuple[str, ...] = ("open", "repeated", "ended")
    ca_file: str | None = None
    timeout_s: float = 10.0

    @property
    def where(self) -> str:
        """Host and port, for logs."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in; `tls`: encrypted from the start, else by STARTTLS."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True)
class EmailSettings:
    """Mail about alerts: how it is sent, to whom, and how much of it at most.

    Attributes:
        server: the mail server.
        sender, to: addresses.
        username, password: None: the server asks for none.
        queues, tell, ca_file: as of a webhook.
        digest_s: alerts of so many seconds go into one mail.
        most_per_hour: mails; what comes meanwhile waits for the next.
    """

    server: MailServer
    sender: str
    to: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    queues: tuple[str, ...] = ()
    tell: tuple[str, ...] = ("open", "repeated", "ended")
    ca_file: str | None = None
    digest_s: float = 60.0
    most_per_hour: int = 6

    @property
    def where(self) -> str:
        """Host and port, for logs."""
        return f"{self.server.host}:{self.server.port}"
