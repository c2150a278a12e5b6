"""No picture leaves the camera's memory: system calls, files and messages of a whole running demo (faults F50, F53)."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from linewise.parts import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CANARY = "S3CR3T-canary"
RECORDING = "canteen.mp4"  # the demo's own camera: it lays its film into its folder
RUN_ROWS = 3  # stored minutes or events before the run counts as one that worked
PICTURE_STARTS = {
    "JPEG": rb"\xff\xd8\xff[\xe0\xe1\xdb\xee]",
    "PNG": rb"\x89PNG\r\n",
    "WebP": rb"RIFF....WEBP",
    "BMP": rb"BM....\x00\x00\x00\x00",
    "MP4": rb"....ftyp(isom|mp42|avc1)",
}
SMALL_BYTES = 60_000  # an image of 176x112 RGB; the smallest canvas has more, a batch of rows has at most 64 kB
_CALL = re.compile(r"(write|writev|pwrite64|sendto|sendmsg|sendmmsg)\((\d+)<([^>]*)>.*= (\d+)$")
_OPEN = re.compile(r'openat\([^,]+, "([^"]+)", ([A-Z_|]+).*= \d')
MEMORY = ("/dev/shm/", "/memfd:", "pipe:", "socket:", "/dev/null", "anon_inode:", "UNIX", "NETLINK")


def test_no_picture_leaves_memory(tmp_path: Path) -> None:
    """No process of the demo writes a picture into a file, nor a frame-sized block to a file or a socket."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: apt-get install strace (`make test` does)"
    trace, folder = tmp_path / "trace", tmp_path / "demo"
    trace.mkdir()
    folder.mkdir()
    command = [
        strace, "-ff", "--seccomp-bpf", "-y", "-s", "0", "-o", str(trace / "t"),
        "-e", "trace=openat,write,writev,pwrite64,sendto,sendmsg",
        sys.executable, "-m", "linewise", "demo", "--no-browser", "--port", str(free_port()),
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(folder), "CAM_PASSWORD": CANARY})
    kept: dict[str, bytes] = {}
    try:
        wait_for_rows(process, folder, kept)
    finally:
        end(process)
    written, large = look(trace)
    print(f"{len(written)} files opened for writing, {len(kept)} kept in the demo's folder, {len(large)} large writes")
    assert any("store.sqlite3" in name for name in written), "the trace saw the collector's store"
    assert not large
    pictures = [(name, kind) for name, data in kept.items() for kind in kinds(data)]
    assert not pictures
    films = {name for name in written if name.endswith(RECORDING)}
    assert not [
        name for name in written - films if name.lower().endswith((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".mp4"))
    ]
    assert not [name for name, data in kept.items() if CANARY.encode() in data]


def end(strace: subprocess.Popen[bytes]) -> None:
    """Ctrl-C for the demo itself: strace keeps such signals from itself."""
    for demo in psutil.Process(strace.pid).children():
        demo.send_signal(signal.SIGINT)
    try:
        strace.wait(60)
    finally:
        strace.kill()


def wait_for_rows(process: subprocess.Popen[bytes], folder: Path, kept: dict[str, bytes]) -> None:
    """Runs until people were counted and stored; then keeps what every file of the demo's folder holds."""
    deadline_s = time.monotonic() + 200
    while readings(folder) < RUN_ROWS:
        assert process.poll() is None, "the demo ended"
        assert time.monotonic() < deadline_s, "the demo stored nothing"
        time.sleep(0.5)
    for path in folder.rglob("*"):
        if path.is_file() and path.name != RECORDING:
            kept[str(path)] = path.read_bytes()


def readings(folder: Path) -> int:
    """Readings with people in them that the demo's store has."""
    for store in folder.glob("linewise-demo-*/*/store.sqlite3"):
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=5)
        try:
            return int(connection.execute("select count(*) from readings where length > 0").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.close()
    return 0


def look(trace: Path) -> tuple[set[str], list[str]]:
    """Files opened for writing outside memory, and writes larger than SMALL_BYTES to files and network sockets."""
    written: set[str] = set()
    large: list[str] = []
    for file in trace.iterdir():
        for line in file.read_text(errors="replace").splitlines():
            if (opened := _OPEN.search(line)) and ("WRONLY" in opened[2] or "RDWR" in opened[2]):
                written.add(opened[1])
            call = _CALL.search(line)
            if call and int(call[4]) > SMALL_BYTES and not call[3].startswith(MEMORY):
                large.append(line[:200])
    return {name for name in written if not name.startswith(("/dev/", "/proc/"))}, large


def kinds(data: bytes) -> list[str]:
    """Kinds of pictures that begin somewhere in these bytes."""
    return [kind for kind, start in PICTURE_STARTS.items() if re.search(start, data, re.DOTALL)]


def test_the_scan_sees_pictures() -> None:
    """The scan finds a JPEG and a PNG hidden in other bytes, and none in rows of text."""
    import cv2
    import numpy as np

    image = np.zeros((32, 32, 3), np.uint8)
    for end, kind in ((".jpg", "JPEG"), (".png", "PNG")):
        ok, data = cv2.imencode(end, image)
        assert ok
        assert kinds(b"x" * 100 + data.tobytes()) == [kind]
    assert not kinds(b'{"length": 3}' * 100)
