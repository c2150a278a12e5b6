"""One try to post a notice: signed as Standard Webhooks asks, within a deadline, without following redirects.

https://www.standardwebhooks.com: `webhook-signature` is "v1," and the base64 of HMAC-SHA256 over
"webhook-id.webhook-timestamp.body", keyed by the secret (base64 after "whsec_", else its bytes).
"""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

from edge.settings_receivers import WebhookSettings

AGAIN_LATER = (408, 425, 429)  # of the 4xx: not this notice's fault
MOST_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True)
class Answer:
    """How a try ended.

    Attributes:
        ok: the receiver has taken it (2xx).
        words: what went wrong, without the address's path or the secret; "" if nothing.
        this_one: the receiver is there and refuses this notice; others may do better.
        wait_s: the receiver asked to be left alone so long, seconds; None: it did not say.
    """

    ok: bool
    words: str = ""
    this_one: bool = False
    wait_s: float | None = None


def sign(secret: str, notice_id: str, at_s: int, body: bytes) -> str:
    """The value of webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{notice_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers_of(hook: WebhookSettings, notice_id: str, body: bytes, at_s: float) -> dict[str, str]:
    """What goes above the body; `at_s`: now, seconds since 1970."""
    stamp = int(at_s)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"linewise/{version('linewise')}",
        "Idempotency-Key": notice_id,
        "webhook-id": notice_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(hook.secret, notice_id, stamp, body),
        "Connection": "close",
    }


def post(hook: WebhookSettings, notice_id: str, body: bytes, *, utc_s: Callable[[], float]) -> Answer:
    """Posts it once."""
    parts = urlsplit(hook.url)
    try:
        connection = _connection(hook)
    except (OSError, ssl.SSLError) as fault:
        return Answer(ok=False, words=f"ca_file can't be used ({fault})")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    late = threading.Event()
    deadline = threading.Timer(hook.timeout_s, _cut, [connection, late])
    deadline.daemon = True
    deadline.start()
    try:
        connection.request("POST", path, body, headers_of(hook, notice_id, body, utc_s()))
        response = connection.getresponse()
        return _judged(response.status, response.getheader("Retry-After"))
    except (OSError, http.client.HTTPException) as fault:
        too_late = late.is_set() or isinstance(fault, TimeoutError)
        words = f"does not answer within {hook.timeout_s:g} s" if too_late else f"can't be reached ({_short(fault)})"
        return Answer(ok=False, words=words)
    finally:
        deadline.cancel()
        connection.close()


def _connection(hook: WebhookSettings) -> http.client.HTTPConnection:
    parts = urlsplit(hook.url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=hook.ca_file)
        return http.client.HTTPSConnection(host, parts.port, timeout=hook.timeout_s, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=hook.timeout_s)


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """Ends a try whose receiver sends a byte now and then: each of its steps is in time, all together are not."""
    late.set()
    link = connection.sock
    if link is not None:
        with suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)


def _judged(status: int, retry_after: str | None) -> Answer:
    if 200 <= status < 300:
        return Answer(ok=True)
    if 300 <= status < 400:
        return Answer(
            ok=False, words=f"answers {status}: it sends elsewhere, which is not followed; name the last address"
        )
    wait_s = min(float(retry_after), MOST_RETRY_AFTER_S) if retry_after and retry_after.isdecimal() else None
    this_one = 400 <= status < 500 and status not in AGAIN_LATER
    return Answer(ok=False, words=f"answers {status}", this_one=this_one, wait_s=wait_s)


def _short(fault: Exception) -> str:
    return " ".join(str(getattr(fault, "strerror", None) or fault or type(fault).__name__).split())[:200]
