"""What leaves the site: [[webhook]], [email], [metrics] and [api] of a site file."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.config import ConfigError, load_site
from edge.settings import ApiSettings, MetricsSettings, Site
from edge.settings_receivers import MailServer

BASE = """
[site]
id = "canteen"
[[camera]]
id = "tills"
source = "test://"
[[queue]]
id = "till-1"
[[queue.lane]]
camera = "tills"
area = [[0.2, 0.3], [0.7, 0.3], [0.7, 0.9]]
"""
HOOK = '[[webhook]]\nid = "ops"\nurl = "https://ops.example/hook?token=${T}"\nsecret = "${S}"\n'
MAIL = '[email]\nserver = "smtp://mail.example"\nfrom = "linewise@example.com"\nto = ["a@example.com"]\n'
SET = {"T": "token-token", "S": "0123456789abcdef", "P": "hunter22"}


def loaded(tmp_path: Path, text: str, environ: Mapping[str, str] = SET, **needs: object) -> Site:
    file = tmp_path / "site.toml"
    file.write_text(BASE + text, "utf-8")
    return load_site(file, environ, **needs)  # type: ignore[arg-type]


def test_nothing_is_told_and_nothing_listens_by_default(tmp_path: Path) -> None:
    """A file without these tables has no receivers, no metrics and no API."""
    site = loaded(tmp_path, "")
    assert (site.webhooks, site.email, site.metrics, site.api) == ((), None, None, None)


def test_a_webhook_is_read_and_its_secrets_are_hidden(tmp_path: Path) -> None:
    """Variables are filled in; neither repr nor `where` shows the token or the secret."""
    (hook,) = loaded(tmp_path, HOOK + 'queues = ["till-1"]\ntell = ["ended", "open"]\ntimeout_s = 3\n').webhooks
    assert hook.url == "https://ops.example/hook?token=token-token"
    assert (hook.secret, hook.queues, hook.tell, hook.timeout_s) == (SET["S"], ("till-1",), ("open", "ended"), 3.0)
    assert hook.where == "ops.example:443"
    assert "token-token" not in repr(hook)
    assert SET["S"] not in repr(hook)


def test_mail_servers(tmp_path: Path) -> None:
    """smtp:// is STARTTLS on 587, smtps:// encrypted from the start on 465, another port as it is written."""
    found = []
    for server in ("smtp://m.example", "smtps://m.example", "smtp://m.example:25"):
        email = loaded(tmp_path, MAIL.replace("smtp://mail.example", server)).email
        assert email is not None
        found.append(email.server)
    assert found == [
        MailServer("m.example", 587, tls=False),
        MailServer("m.example", 465, tls=True),
        MailServer("m.example", 25, tls=False),
    ]


def test_who_sends_no_alerts_needs_no_secrets(tmp_path: Path) -> None:
    """An unset ${NAME} is a fault for whoever sends alerts; the others read the file without that receiver."""
    assert loaded(tmp_path, HOOK, {}).webhooks == ()
    with pytest.raises(ConfigError, match="the environment has no S"):
        loaded(tmp_path, HOOK, {"T": "x"}, receivers="required")


def test_metrics_and_api(tmp_path: Path) -> None:
    """An empty table is enough; all of it listens on loopback then."""
    site = loaded(tmp_path, "[metrics]\n[api]\n")
    assert (site.metrics, site.api) == (MetricsSettings(), ApiSettings())
    assert (MetricsSettings().address, ApiSettings().address) == ("127.0.0.1", "127.0.0.1")


def test_an_unset_token_is_no_open_api(tmp_path: Path) -> None:
    """Whoever serves the API must have the token set; the other parts need not, and nothing shows it."""
    text = '[api]\ntoken = "${TOKEN}"\n'
    with pytest.raises(ConfigError, match="the environment has no TOKEN"):
        loaded(tmp_path, text, api="required")
    loaded(tmp_path, text)
    site = loaded(tmp_path, text, {"TOKEN": "tXk2-uQ9aYb7mZpL0"}, api="required")
    assert site.api == ApiSettings(token="tXk2-uQ9aYb7mZpL0")
    assert "tXk2" not in repr(site)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HOOK.replace("https:", "ftp:"), "webhook.url"),
        (HOOK.replace("https://ops", "https://u:p@ops"), "a webhook is known by its secret"),
        (HOOK.replace("${S}", "short"), "only 5 characters long"),
        (HOOK.replace("${S}", "whsec_not base64!"), 'after "whsec_" comes base64'),
        (HOOK + HOOK, "used twice"),
        (HOOK + 'queues = ["till-2"]\n', 'did you mean "till-1"?'),
        (HOOK + 'tell = ["opened"]\n', 'did you mean "open"?'),
        (HOOK + 'ca_file = "none.pem"\n', "there is no file"),
        (MAIL.replace("smtp://", ""), 'begin with "smtp://" or "smtps://"'),
        (MAIL.replace("smtp://", "smtp://u:p@"), "use the keys username and password"),
        (MAIL.replace("linewise@", "Linewise <l@"), "not an e-mail address"),
        (MAIL.replace('["a@example.com"]', "[]"), "not a list of e-mail addresses"),
        (MAIL.replace("a@example.com", "a@example.com\\nBcc: all@example.com"), "control character"),
        (MAIL + 'username = "u"\n', "needs password beside it"),
        ("[metrics]\ncounter_port = 8503\n[api]\n", "port 8503 is metrics.counter_port's too"),
        ('[api]\norigins = ["*"]\n', "is no origin"),
        ("[api]\nprt = 1\n", 'did you mean "port"?'),
        ('[api]\ntoken = "short"\n', "only 5 characters long"),
        ('[api]\ntoken = "sixteen letters, and a space"\n', "a token has no spaces"),
    ],
)
def test_faults_say_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    """Each fault is told in words, without a secret."""
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert said in str(caught.value)
    assert not any(secret in str(caught.value) for secret in (SET["T"], SET["S"]))
