"""The embedded broker: iotcore (rumqttd, MQTT 5) as a child process on loopback; the default of `demo` and `up`.

It keeps nothing on disk: after its restart the publishers tell every state again and send what is not acknowledged.
"""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from edge.errors import BrokerError, InputError
from edge.settings import MqttSettings

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
READY_S = 20.0
MAX_PAYLOAD_BYTES = 1_048_576  # a batch of rows has 64 kB at most; the collector quarantines what is beyond this
# rumqttd keeps what passed through it in a log per topic filter, read or not, until so many segments are full. A
# message in there also holds the 10 kB in which it was read, with all that came beside it: the rare ones (status,
# health) hold what passed while their log filled. Small logs bound that: 48 kB are half an hour of a status. A
# subscriber may lag behind by as much: the readings of sixty queues in one second, or one message of any size.
_SEGMENT_BYTES = 4096
_SEGMENTS = 12
_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = {segment}
max_segment_count = {segments}

[v5.1]
name = "linewise"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = {payload}
max_inflight_count = 100
dynamic_filters = true
"""
# The child ends when its stdin closes: when this process is gone, however it went.
_CHILD = "from iotcore._serve import main; main()"


class EmbeddedBroker:
    """A running broker.

    Attributes:
        port: where it listens, on 127.0.0.1.
        url: the same as mqtt://HOST:PORT.
        mqtt: the same as settings.
    """

    def __init__(self, state: Path, *, port: int | None = None) -> None:
        """Starts it and waits until it accepts connections.

        Args:
            state: folder for its configuration.
            port: None: a free one.

        Raises:
            InputError: the port is in use.
            BrokerError: it did not start.
        """
        self.port = _free_port(port)
        self.url = f"mqtt://{HOST}:{self.port}"
        self.mqtt = MqttSettings(HOST, self.port)
        config = state / f"broker-{self.port}.toml"
        config.write_text(
            _CONFIG.format(
                host=HOST,
                port=self.port,
                segment=_SEGMENT_BYTES,
                segments=_SEGMENTS,
                payload=MAX_PAYLOAD_BYTES,
            ),
            encoding="utf-8",
        )
        self._process = subprocess.Popen(
            (sys.executable, "-P", "-c", _CHILD, json.dumps({"config_path": str(config)})),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for its parent, which ends it last
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        log.info("embedded broker at %s", self.url)

    def _wait_until_ready(self) -> None:
        deadline_s = time.monotonic() + READY_S
        while time.monotonic() < deadline_s:
            if not self.running:
                raise BrokerError(f"the embedded broker ended at its start, with exit code {self._process.returncode}")
            try:
                socket.create_connection((HOST, self.port), timeout=0.5).close()
            except OSError:
                time.sleep(0.02)
                continue
            return
        raise BrokerError(f"the embedded broker did not listen on port {self.port} within {READY_S:.0f} s")

    @property
    def running(self) -> bool:
        """Is the process alive?"""
        return self._process.poll() is None

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends the process; safe to call again."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """Ends it without a word (for tests of what comes after)."""
        self._process.kill()
        self.stop()


def run_broker(state: Path, *, port: int, stop: threading.Event) -> None:
    """The broker's own process under a supervisor: runs until `stop`; BrokerError when it ends by itself."""
    broker = EmbeddedBroker(state, port=port)
    try:
        while not stop.wait(0.2):
            if not broker.running:
                raise BrokerError("the embedded broker ended by itself")
    finally:
        broker.stop()


def _free_port(port: int | None) -> int:
    """The given port, or a free one where it is None; InputError when it can't be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as fault:
            raise InputError(
                f"the embedded broker can't listen on {HOST}:{port} ({fault.strerror}): "
                "end what uses the port, or name your broker in [mqtt] of the site file"
            ) from fault
        return int(probe.getsockname()[1])
