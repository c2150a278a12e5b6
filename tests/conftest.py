"""What many tests share: folders without fsync, real brokers, a listener, and readings to send."""

import gc
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import paho.mqtt.client as paho
import pytest

from edge.messages import QueueReading, utc
from edge.settings import MqttSettings, QueueSettings, Site
from linewise.broker import EmbeddedBroker

NOW_S = 1_780_000_000.0

# The same commit gives the same run: LINEWISE_HUNT=1 and another --randomly-seed look for what nobody thought of.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("hunt", deadline=None, print_blob=True)
hypothesis.settings.load_profile("hunt" if os.environ.get("LINEWISE_HUNT") else "same")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no garbage collection looks at its million objects again."""
    gc.freeze()


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A temporary folder in memory where the machine has one: the same calls, but fsync costs nothing."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="linewise-") as folder:
        yield Path(folder)


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
    """Waits until the condition holds; fails in words when it doesn't."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {timeout_s:.0f} s: {what}"
        time.sleep(0.01)


@pytest.fixture
def until() -> Callable[..., None]:
    """`until(condition, what, timeout_s=60.0)`: see wait_for."""
    return wait_for


class Mosquitto:
    """A mosquitto of our own on a free port: nothing kept on disk, as after a reinstall."""

    def __init__(self, folder: Path, *lines: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.mqtt = MqttSettings("127.0.0.1", self.port)
        self._config = folder / f"mosquitto-{self.port}.conf"
        own = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence false"]
        self._config.write_text("\n".join([*(lines or own), ""]).replace("PORT", str(self.port)), encoding="utf-8")
        self._program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        assert self._program, "mosquitto is missing: apt-get install mosquitto (`make test` does)"
        self.start()

    def start(self) -> None:
        """Starts it and waits until it listens."""
        self.process = subprocess.Popen(
            (str(self._program), "-c", str(self._config)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(lambda: self.process.poll() is not None or _listens(self.port), "mosquitto listens")
        assert self.process.poll() is None, f"mosquitto ended: look at {self._config.read_text()}"

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(10)


class Embedded:
    """The product's own broker behind the same names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broker = EmbeddedBroker(folder)
        self.port, self.mqtt = self._broker.port, self._broker.mqtt

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The broker's process."""
        return self._broker._process

    def start(self) -> None:
        """Starts it again on its port."""
        self._broker = EmbeddedBroker(self._folder, port=self.port)

    def kill(self) -> None:
        """SIGKILL."""
        self._broker.kill()

    def stop(self) -> None:
        """Ends it."""
        self._broker.stop()


Broker = Mosquitto | Embedded


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Each test runs against both brokers."""
    running: Broker = Mosquitto(tmp_path) if request.param == "mosquitto" else Embedded(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """`mosquitto(*configuration lines)` with PORT for its port: a broker as a test wants it."""
    running: list[Mosquitto] = []

    def start(*lines: str) -> Mosquitto:
        running.append(Mosquitto(tmp_path, *lines))
        return running[-1]

    yield start
    for one in running:
        one.stop()


class Listener:
    """Hears everything under linewise/#: `messages` is a list of (topic, payload, retained)."""

    def __init__(self, mqtt: MqttSettings, topic: str = "linewise/#") -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self._topic = topic
        self._ready = threading.Event()
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=f"listener-{secrets.token_hex(4)}", protocol=paho.MQTTv5
        )
        self.client.on_message = lambda _c, _u, m: self.messages.append((m.topic, bytes(m.payload), m.retain))
        self.client.on_connect = lambda c, *_: c.subscribe(topic, 1)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(mqtt.host, mqtt.port, 30)
        self.client.loop_start()
        assert self._ready.wait(20), "the listener is not subscribed"

    def of(self, end: str) -> list[bytes]:
        """Payloads of the topics with that end, oldest first."""
        return [payload for topic, payload, _ in list(self.messages) if topic.endswith(end)]

    def close(self) -> None:
        """Ends it."""
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """`listen(mqtt)`: a listener, closed at the end."""
    open_ones: list[Listener] = []

    def start(mqtt: MqttSettings, topic: str = "linewise/#") -> Listener:
        open_ones.append(Listener(mqtt, topic))
        return open_ones[-1]

    yield start
    for one in open_ones:
        one.close()


@pytest.fixture
def site_id() -> str:
    """A site name that no other test has."""
    return f"s{secrets.token_hex(4)}"


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[..., Site]:
    """`make_site(site_id, box="b1", queues=("q1",))`: a site without cameras."""

    def make(site_id: str, *, box: str = "b1", queues: tuple[str, ...] = ("q1",)) -> Site:
        queue_settings = tuple(QueueSettings(id=q, name=q) for q in queues)
        return Site(site_id, site_id, "UTC", box, tmp_path / "site.toml", "0" * 64, cameras=(), queues=queue_settings)

    return make


@pytest.fixture
def make_reading() -> Callable[..., QueueReading]:
    """`make_reading(site_id, seq=1, ...)`: a reading of queue q1 as of now or of `utc_s`."""

    def make(site_id: str, seq: int = 1, *, utc_s: float | None = None, **changes: object) -> QueueReading:
        figures: dict[str, object] = {
            "site": site_id, "queue": "q1", "seq": seq, "pts_s": float(seq),
            "at": utc(time.time() if utc_s is None else utc_s), "length": 3, "length_low": 2, "length_high": 4,
            "quality": "ok", "state": "serving", "wait_s": 60.0, "wait_low_s": 40.0, "wait_high_s": 90.0,
            "wait_method": "rate", "arrivals_per_min": 1.0, "served_per_min": 1.0,
            "joined": 5, "served": 2, "left": 0, "lost": 0,
        }  # fmt: skip
        return QueueReading.model_validate({**figures, **changes})

    return make
