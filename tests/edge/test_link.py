"""The link between cameras and counter: nothing blocks, nothing stops it, and what is lost is counted."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InputError, LinewiseError
from edge.link import MAX_LINE_BYTES, QUEUE_ITEMS, LinkClient, LinkServer
from edge.link_lines import LinkItem, decode, decode_with_lost, encode
from edge.messages import CameraHealth, utc
from edge.vocabulary import Tracks

Until = Callable[..., None]


def tracks(pts_s: float = 1.5, people: int = 2, camera: str = "tills", seed: int = 0) -> Tracks:
    """Tracks of some people."""
    rng = np.random.default_rng(seed)
    return Tracks(
        camera_id=camera,
        run="a1b2",
        pts_s=pts_s,
        captured_utc_s=1_780_000_000.25,
        size_px=(1280, 720),
        track_ids=rng.integers(-(2**63), 2**63 - 1, people),
        boxes=rng.uniform(-50, 2000, (people, 4)).astype(np.float32),
        ground=rng.uniform(-0.1, 1.1, (people, 2)).astype(np.float32),
        observed=rng.integers(0, 2, people).astype(np.bool_),
        last_seen_s=rng.uniform(0, 1e6, people),
        picture="frozen",
    )


def health(detail: str = "Pictures arrive.") -> CameraHealth:
    """A camera's health."""
    return CameraHealth(
        site="canteen", camera="tills", at=utc(1_780_000_000.5), state="ok", detail=detail, picture="ok",
        frames_in_per_s=25.0, frames_out_per_s=5.0, age_s=0.04, latency_s=None, dropped=0, restarts=1,
        runtime="fake", model_sha256="", width=1280, height=720,
    )  # fmt: skip


def same(one: LinkItem, other: LinkItem) -> bool:
    """Equal in every value and type."""
    if isinstance(one, CameraHealth) or isinstance(other, CameraHealth):
        return one == other
    pairs = [(getattr(one, k), getattr(other, k)) for k in Tracks.__dataclass_fields__]
    return all(
        np.array_equal(a, b) and a.dtype == b.dtype and a.shape == b.shape if isinstance(a, np.ndarray) else a == b
        for a, b in pairs
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket is."""
    return tmp_path / "counter.sock"


@pytest.fixture
def server(path: Path) -> Iterator[LinkServer]:
    """A counter's end."""
    running = LinkServer(path)
    yield running
    running.close()


def raw(path: Path) -> socket.socket:
    """A client that sends what a test likes."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(str(path))
    return s


def heard(server: LinkServer, count: int) -> list[LinkItem]:
    """The next items, as many as asked for."""
    items: list[LinkItem] = []
    deadline_s = time.monotonic() + 60.0
    while len(items) < count and time.monotonic() < deadline_s:
        items += server.receive(0.2)
    return items


@given(st.integers(0, 5), st.integers(0, 1000), st.floats(-1e9, 1e9))
def test_a_line_gives_back_what_went_in(people: int, seed: int, pts_s: float) -> None:
    """Every value survives exactly, float32 and 64-bit ids too, and nobody at all as well."""
    item = tracks(pts_s, people, seed=seed)
    assert same(decode(encode(item)), item)


def test_health_survives() -> None:
    """Health goes through with its words."""
    assert decode(encode(health('Wärme: ×\n"ok"'))) == health('Wärme: ×\n"ok"')


GOOD = json.loads(encode(tracks()))


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{}", b"[]", b"null", b"not json", b"\xff\xfe\x00", b"{" * 100_000,
        b'{"type": "tracks"}', b'{"type": "x"}',
        *(json.dumps({**GOOD, **wrong}).encode() for wrong in (
            {"boxes": []}, {"boxes": [[1, 2, 3]] * 2}, {"pts_s": float("nan")}, {"pts_s": 1e999}, {"width": -1},
            {"camera": "../etc"}, {"track_ids": [2**70, 1]}, {"boxes": [[1e300] * 4] * 2}, {"surplus": 1},
            {"picture": "upside down"}, {"track_ids": list(range(5000))}, {"ground": None},
        )),
    ],
)  # fmt: skip
def test_a_wrong_line_is_a_value_error(line: bytes) -> None:
    """Whatever is no line of the link is refused as ValueError, without repeating its content."""
    with pytest.raises(ValueError, match="link"):
        decode(line)


@pytest.mark.slow
def test_several_clients(server: LinkServer, path: Path) -> None:
    """Items of several cameras arrive, each camera's in its order."""
    clients = [LinkClient(path) for _ in range(3)]
    for number in range(5):
        for index, client in enumerate(clients):
            client.send(tracks(float(number), camera=f"c{index}"))
    items = heard(server, 15)
    for index in range(3):
        mine = [i.pts_s for i in items if isinstance(i, Tracks) and i.camera_id == f"c{index}"]
        assert mine == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert server.clients == 3
    for client in clients:
        client.close()
    assert server.receive(0.5) == []
    assert server.clients == 0


def test_lines_come_in_any_pieces(server: LinkServer, path: Path) -> None:
    """A line that arrives byte by byte, or with three others, is the same line."""
    line = encode(tracks())
    with raw(path) as s:
        for at in range(len(line)):
            s.send(line[at : at + 1])
            assert at % 50 or server.receive(0.0) == []
        assert len(heard(server, 1)) == 1
        s.send(line * 3 + line[:10])
        assert len(heard(server, 3)) == 3
    assert server.receive(0.2) == []
    assert server.rejected == 1  # the ten bytes


@pytest.mark.slow
def test_garbage_does_not_stop_the_server(server: LinkServer, path: Path) -> None:
    """Garbage, lines over a megabyte and a client that dies in the middle of one are counted; good lines go on."""
    client = LinkClient(path)
    with raw(path) as s:
        s.sendall(b"garbage\n\xff\xff\n")
        assert server.receive(1.0) == []
        s.setblocking(False)
        sent, total = 0, MAX_LINE_BYTES + 500_000
        while sent < total:
            try:
                sent += s.send(b"x" * min(50_000, total - sent))
            except BlockingIOError:
                server.receive(0.0)
        s.setblocking(True)
        s.sendall(b"\n" + encode(tracks(7.0)))
        assert [i.pts_s for i in heard(server, 1) if isinstance(i, Tracks)] == [7.0]
        s.sendall(encode(tracks())[:20])
    client.send(tracks(9.0))
    assert [i.pts_s for i in heard(server, 1) if isinstance(i, Tracks)] == [9.0]
    server.receive(0.2)
    assert server.rejected == 4
    client.close()


@pytest.mark.slow
def test_a_counter_that_does_not_read_never_blocks(server: LinkServer, path: Path) -> None:
    """Sending to a stuck counter always returns; the oldest are dropped and counted, and the newest arrive."""
    client = LinkClient(path)
    for number in range(5000):
        client.send(tracks(float(number), people=20))
    assert client.dropped > 3000
    got = heard(server, 1)
    client.flush()
    while more := server.receive(0.3):
        got += more
        client.flush()
    times_s = [i.pts_s for i in got if isinstance(i, Tracks)]
    assert times_s == sorted(times_s)
    assert times_s[-QUEUE_ITEMS:] == [float(n) for n in range(5000 - QUEUE_ITEMS, 5000)]
    assert len(times_s) + client.dropped == 5000
    assert server.rejected == 0
    client.close()


def test_it_connects_again(path: Path, until: Until) -> None:
    """A counter that comes, goes and comes again is found each time; what waited meanwhile is bounded."""
    client = LinkClient(path)
    for number in range(100):
        client.send(tracks(float(number)))
    assert not client.connected
    assert client.dropped == 100 - QUEUE_ITEMS
    for _ in range(2):
        server = LinkServer(path)
        deadline_s = time.monotonic() + 60
        got: list[LinkItem] = []
        while not got and time.monotonic() < deadline_s:
            client.send(health())
            got = server.receive(0.05)
        assert got
        server.close()
        until(lambda: client.send(health()) or not client.connected, "the client notices")
    client.close()


def test_attempts_are_spaced(path: Path) -> None:
    """While the counter is away, connecting is tried ever more seldom, up to every two seconds."""
    now_s = [0.0]
    client = LinkClient(path, clock=lambda: now_s[0])
    tried = []
    for _ in range(2000):
        before = client._again_at_s
        client.send(health())
        if client._again_at_s != before:
            tried.append(now_s[0])
        now_s[0] += 0.01
    gaps_s = np.diff(tried)
    assert gaps_s[0] == pytest.approx(0.1, abs=0.02)
    assert gaps_s[-1] == pytest.approx(2.0, abs=0.02)
    assert len(tried) < 20


def test_only_its_owner_may_use_it(server: LinkServer, path: Path) -> None:
    """The socket is for its user alone."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_counter_is_refused(server: LinkServer, path: Path) -> None:
    """A second counter on the same socket says that one is running, and the first goes on undisturbed."""
    with pytest.raises(LinewiseError, match="already running"):
        LinkServer(path)
    client = LinkClient(path)
    client.send(tracks(3.0))
    assert len(heard(server, 1)) == 1
    assert server.rejected == 0
    client.close()


def test_a_killed_counters_socket_is_replaced(path: Path) -> None:
    """The socket that a killed counter left behind does not stop the next one."""
    code = f"import time, pathlib, edge.link\ns = edge.link.LinkServer(pathlib.Path({str(path)!r}))\n"
    child = subprocess.Popen(
        [sys.executable, "-c", code + "print('up', flush=True)\ntime.sleep(60)"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    with pytest.raises(LinewiseError, match="already running"):
        LinkServer(path)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert path.exists()
    server = LinkServer(path)
    client = LinkClient(path)
    client.send(health())
    assert len(heard(server, 1)) == 1
    client.close()
    server.close()
    assert not path.exists()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A socket that can't be made, there or under so long a name, is an error with its remedy."""
    with pytest.raises(InputError, match="LINEWISE_STATE"):
        LinkServer(tmp_path / "nowhere" / "counter.sock")
    with pytest.raises(InputError, match="LINEWISE_STATE"):
        LinkServer(tmp_path / ("x" * 150))


def test_what_was_lost_on_the_link_is_told_with_health() -> None:
    """The counter learns how many items a camera's end has thrown away; a line of an older camera says none."""
    health = CameraHealth(
        site="s", camera="c1", at=utc(1e9), state="ok", detail="", picture="ok", frames_in_per_s=1.0,
        frames_out_per_s=1.0, age_s=0.1, latency_s=0.1, dropped=0, restarts=0, runtime="fake", model_sha256="",
        width=640, height=360,
    )  # fmt: skip
    assert decode_with_lost(encode(health, 7)) == (health, 7)
    assert decode_with_lost(b'{"type":"health","health":' + health.to_json() + b"}") == (health, 0)
