"""Which broker a part talks to."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.settings import MqttSettings, Site
from linewise.mqtt_address import VARIABLE, mqtt_of

SITE = Site("s", "S", "UTC", "box", Path("/s.toml"), "0" * 64, (), ())


def test_the_sites_own_broker_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """[mqtt] of the site is used even where `linewise up` offers another."""
    monkeypatch.setenv(VARIABLE, "mqtt://127.0.0.1:5000")
    own = MqttSettings("broker.example", 8883, tls=True)
    assert mqtt_of(replace(SITE, mqtt=own)) is own


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [("mqtt://127.0.0.1:5000", "127.0.0.1", 5000, False), ("mqtts://b.example", "b.example", 8883, True)],
)
def test_the_variable_names_the_embedded_broker(
    monkeypatch: pytest.MonkeyPatch, url: str, host: str, port: int, tls: bool
) -> None:
    """A site without [mqtt] uses the address in the environment."""
    monkeypatch.setenv(VARIABLE, url)
    assert mqtt_of(SITE) == MqttSettings(host, port, tls=tls)


def test_without_anything_it_is_this_machines_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last resort is port 1883 on loopback."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert mqtt_of(SITE) == MqttSettings("127.0.0.1", 1883)


def test_a_wrong_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that is no broker address gives an error that names the variable."""
    monkeypatch.setenv(VARIABLE, "http://x")
    with pytest.raises(InputError, match=VARIABLE):
        mqtt_of(SITE)
