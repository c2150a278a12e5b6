"""Log records reach systemd's journal with fields, by its own protocol."""

import logging
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewise.journal import MOST_BYTES, JournalHandler
from linewise.process import is_journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """The journal's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "journal"))
        end.settimeout(10)
        yield end


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[logging.Logger]:
    """A logger that writes to it as a camera's part does."""
    made = logging.Logger("edge.camera")
    handler = JournalHandler("camera@tills", "canteen", tmp_path / "journal")
    made.addHandler(handler)
    yield made
    handler.close()


def fields(datagram: bytes) -> dict[str, str]:
    """What the journal would read of a datagram."""
    found = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:  # a value with line breaks: its length, 8 bytes, goes before it
            (length,) = struct.unpack("<Q", datagram[:8])
            value, datagram = datagram[8 : 8 + length], datagram[9 + length :]
        found[name.decode()] = value.decode()
    return found


def test_a_record_has_fields(journal: socket.socket, logger: logging.Logger) -> None:
    """Message, priority, part, site and camera are fields of their own."""
    logger.warning("camera %s is away", "tills")
    said = fields(journal.recv(100_000))
    assert said["MESSAGE"] == "camera tills is away"
    assert said["PRIORITY"] == "4"
    assert (said["LINEWISE_PART"], said["LINEWISE_CAMERA"], said["LINEWISE_SITE"]) == (
        "camera@tills",
        "tills",
        "canteen",
    )
    assert said["SYSLOG_IDENTIFIER"] == "linewise"


def test_several_lines_and_a_camera_of_its_own(journal: socket.socket, logger: logging.Logger) -> None:
    """A traceback stays one entry, and `extra` names another camera."""
    try:
        raise ValueError("of two\nlines = here")
    except ValueError:
        logger.exception("it failed", extra={"camera": "door"})
    said = fields(journal.recv(100_000))
    assert "ValueError: of two\nlines = here" in said["MESSAGE"]
    assert (said["PRIORITY"], said["LINEWISE_CAMERA"]) == ("3", "door")


def test_a_forged_field_is_text(journal: socket.socket, logger: logging.Logger) -> None:
    """A message with line breaks and an equals sign makes no field of its own."""
    logger.info("%s", "well\nPRIORITY=0\nLINEWISE_CAMERA=forged")
    said = fields(journal.recv(100_000))
    assert (said["PRIORITY"], said["LINEWISE_CAMERA"]) == ("6", "tills")


def test_a_long_message_is_cut(journal: socket.socket, logger: logging.Logger) -> None:
    """A message of a megabyte arrives, cut."""
    logger.error("x" * 1_000_000)
    assert len(fields(journal.recv(100_000))["MESSAGE"]) == MOST_BYTES


def test_only_a_stderr_that_is_the_journal_counts(tmp_path: Path) -> None:
    """$JOURNAL_STREAM that was inherited while stderr is a terminal or a file keeps the log where people look."""
    with (tmp_path / "file").open("w") as file:
        status = os.fstat(file.fileno())
        assert is_journal(f"{status.st_dev}:{status.st_ino}", file.fileno())
        assert not is_journal(f"{status.st_dev}:{status.st_ino + 1}", file.fileno())
        assert not is_journal("", file.fileno())


def test_without_a_journal_stderr_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody listens the record is on stderr."""
    handler = JournalHandler("counter", path=tmp_path / "nobody")
    handler.emit(logging.LogRecord("x", logging.INFO, "x.py", 1, "still said", (), None))
    handler.close()
    assert "still said" in capsys.readouterr().err
