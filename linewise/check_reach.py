"""What must be reached: cameras, broker, database, receivers; all at once, in seconds, no password in any word."""

import queue
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from edge.config_source import address_of
from edge.errors import BrokerError, SourceError
from edge.settings import LOOPBACK, CameraSettings, MqttSettings, Site
from linewise.check_database import database_lines
from linewise.check_network import CONNECT_S, connect_problem
from linewise.check_receivers import email_lines, hook_lines
from linewise.check_report import CheckLine

PICTURE_S = 10.0
Job = tuple[str, Callable[[], Iterable[CheckLine]]]  # about what, and what finds it out
Done = queue.SimpleQueue[tuple[int, list[CheckLine]]]


def reach_lines(site: Site) -> list[CheckLine]:
    """Findings on cameras and broker, in the order of the site file; takes as long as the slowest."""
    jobs: list[Job] = [(f"camera {camera.id}", partial(camera_lines, camera)) for camera in site.cameras]
    mqtt = site.mqtt
    if mqtt is not None:
        jobs.append(("broker", partial(broker_lines, mqtt)))
    if site.store.database is not None:
        jobs.append(("database", partial(database_lines, site.store.database)))
    jobs += [(f"webhook {hook.id}", partial(hook_lines, hook)) for hook in site.webhooks]
    if site.email is not None:
        jobs.append(("email", partial(email_lines, site.email)))
    lines = run_together(jobs, limit_s=CONNECT_S + PICTURE_S + 5.0)
    if mqtt is None:
        lines.append(CheckLine("ok", "broker", "no [mqtt] in the file: linewise up starts its own on this machine"))
    sources = [camera.source for camera in site.cameras if not camera.source.startswith("test://")]
    if len(set(sources)) < len(sources):
        lines.append(CheckLine("warning", "cameras", "two cameras have the same source", "is that meant?"))
    return lines


def run_together(jobs: list[Job], *, limit_s: float) -> list[CheckLine]:
    """Runs jobs in threads; one that hangs is reported and left behind (its thread ends with the process)."""
    done: Done = queue.SimpleQueue()
    for number, (_, job) in enumerate(jobs):
        threading.Thread(target=_put, args=(done, number, job), daemon=True).start()
    found: dict[int, list[CheckLine]] = {}
    deadline_s = time.monotonic() + limit_s
    while len(found) < len(jobs):
        try:
            number, lines = done.get(timeout=max(deadline_s - time.monotonic(), 0.0))
        except queue.Empty:
            break
        found[number] = lines
    hung = f"no answer within {limit_s:.0f} s"
    return [
        line
        for number, (about, _) in enumerate(jobs)
        for line in found.get(number, [CheckLine("fault", about, hung, "look at its power and its cable")])
    ]


def _put(done: Done, number: int, job: Callable[[], Iterable[CheckLine]]) -> None:
    done.put((number, list(job())))


def camera_lines(camera: CameraSettings) -> Iterator[CheckLine]:
    """Is the camera there, and does a picture come out of it?"""
    about = f"camera {camera.id}"
    address = address_of(camera.source)
    if address is not None:
        problem = connect_problem(*address)
        if problem:
            yield CheckLine(
                "fault", about, f"{address[0]}:{address[1]} {problem}", "look at its power, cable and address"
            )
            return
    try:
        text = first_picture(camera)
    except ImportError as error:
        yield CheckLine("fault", about, f"cannot be decoded: {error}", "pip install 'linewise[edge]'")
    except SourceError as error:
        yield CheckLine("fault", about, str(error).removeprefix(f"{about}: "))
    else:
        yield CheckLine("ok", about, f"{camera.source_shown}: {text}")


def first_picture(camera: CameraSettings) -> str:
    """Size of the camera's first picture, in words; SourceError if none comes."""
    from edge.capture.open import open_source

    live = "://" in camera.source and not camera.source.startswith("test://")
    source = open_source(camera, live=live)
    try:
        frame = source.read(PICTURE_S) if live else next(iter(source.frames()), None)
        if frame is None:
            raise SourceError(f"camera {camera.id}: no picture came in {PICTURE_S:.0f} s from {camera.source_shown}")
        height, width = frame.image.shape[:2]
        return f"a picture of {width}x{height} ({source.backend})"
    finally:
        source.close()


def broker_lines(mqtt: MqttSettings) -> Iterator[CheckLine]:
    """Is the broker there, and does it let this box in?"""
    where = f"{mqtt.host}:{mqtt.port}"
    if not mqtt.tls and mqtt.password is not None and mqtt.host not in LOOPBACK:
        yield CheckLine("warning", "broker", "the password goes over the network unencrypted", "use mqtts:// in url")
    problem = connect_problem(mqtt.host, mqtt.port)
    if problem:
        yield CheckLine("fault", "broker", f"{where} {problem}", "look at url in [mqtt], and whether the broker runs")
        return
    try:
        from edge.connection import Connection

        Connection(mqtt, f"linewise-check-{random.randrange(2**32):08x}").close()
    except ImportError as error:
        yield CheckLine("fault", "broker", f"cannot be tried: {error}", "pip install 'linewise[edge]'")
    except BrokerError as error:
        yield CheckLine("fault", "broker", str(error), "look at [mqtt] and at the broker's users and certificates")
    else:
        yield CheckLine("ok", "broker", f"{where} lets this box in (MQTT 5{', TLS' if mqtt.tls else ''})")
