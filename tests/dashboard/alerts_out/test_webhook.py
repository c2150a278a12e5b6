"""One post: what goes out, what counts as taken, and that nobody can hold it up."""

import base64
import hashlib
import hmac
import socket
import threading
import time
from typing import Any

import pytest

from dashboard.alerts_out.webhook import post, sign
from edge.settings_receivers import WebhookSettings
from tests.dashboard.alerts_out.conftest import NOW_S, SECRET

BODY = b'{"schema":1}'


def test_a_receiver_can_verify_it(hook: Any) -> None:
    """The signature is HMAC-SHA256 over id, time and body, as a receiver computes it from what came."""
    assert post(hook.settings(), "canteen.b.e.1", BODY, utc_s=lambda: NOW_S).ok
    (headers, body) = hook.got[0]
    assert body == BODY
    assert headers[":path"] == "/in?k=v"
    assert headers["webhook-timestamp"] == str(int(NOW_S))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["idempotency-key"] == headers["webhook-id"] == "canteen.b.e.1"


def test_the_signature_is_that_of_the_standard() -> None:
    """Standard Webhooks' own example: secret, id, time and body give its published signature."""
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "ok", "this_one"),
    [
        *((status, True, False) for status in (200, 204)),
        *((status, False, True) for status in (400, 401, 410)),
        *((status, False, False) for status in (302, 408, 429, 500, 503)),
    ],
)
def test_what_an_answer_means(hook: Any, status: int, ok: bool, this_one: bool) -> None:
    """2xx is taken; of the others it is known whether the notice or the receiver is at fault."""
    hook.answers.append((status, {}))
    answer = post(hook.settings(), "id", BODY, utc_s=lambda: NOW_S)
    assert (answer.ok, answer.this_one) == (ok, this_one)


def test_a_redirect_is_not_followed(hook: Any) -> None:
    """The signed notice goes nowhere but to the address in the site file."""
    hook.answers.append((307, {"Location": f"http://127.0.0.1:{hook.port}/other"}))
    answer = post(hook.settings(), "id", BODY, utc_s=lambda: NOW_S)
    assert len(hook.got) == 1
    assert "name the last address" in answer.words


def test_retry_after_is_heard(hook: Any) -> None:
    """The receiver says how long it wants to be left alone, an hour at most."""
    hook.answers += [(429, {"Retry-After": "17"}), (503, {"Retry-After": "999999"})]
    waits = [post(hook.settings(), "id", BODY, utc_s=lambda: NOW_S).wait_s for _ in range(2)]
    assert waits == [17.0, 3600.0]


@pytest.mark.slow
def test_a_receiver_that_trickles_is_cut_off() -> None:
    """A byte now and then keeps every single read in time; the try ends at its deadline all the same."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def trickle() -> None:
        link, _ = listener.accept()
        with link:
            while not ended.wait(0.05):
                try:
                    link.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=trickle)
    thread.start()
    hook = WebhookSettings("ops", f"http://127.0.0.1:{listener.getsockname()[1]}/", SECRET, timeout_s=0.5)
    began_s = time.monotonic()
    answer = post(hook, "id", BODY, utc_s=lambda: NOW_S)
    took_s = time.monotonic() - began_s
    ended.set()
    thread.join()
    listener.close()
    assert not answer.ok
    assert "does not answer within" in answer.words
    assert took_s < 30


def test_words_name_no_secret() -> None:
    """A receiver that is not there is told in words without the address's token."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    hook = WebhookSettings("ops", f"http://127.0.0.1:{port}/hooks/T0KEN", SECRET)
    answer = post(hook, "id", BODY, utc_s=lambda: NOW_S)
    assert not answer.ok
    assert "Connection refused" in answer.words
    assert "T0KEN" not in answer.words + hook.where
