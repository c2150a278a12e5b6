"""Which broker a part talks to: the site's own, or the embedded one of `linewise up`."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from edge.errors import InputError
from edge.settings import MqttSettings, Site

VARIABLE = "LINEWISE_MQTT_URL"
DEFAULT = "mqtt://127.0.0.1:1883"


def mqtt_of(site: Site, environ: Mapping[str, str] = os.environ) -> MqttSettings:
    """The site's [mqtt], else $LINEWISE_MQTT_URL (set by `linewise up`), else a broker on this machine's port 1883."""
    if site.mqtt is not None:
        return site.mqtt
    url = environ.get(VARIABLE, DEFAULT)
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise InputError(f"{VARIABLE}: not the address of a broker; allowed: mqtt://HOST:PORT or mqtts://HOST:PORT")
    tls = parts.scheme == "mqtts"
    return MqttSettings(parts.hostname, parts.port or (8883 if tls else 1883), tls=tls)
