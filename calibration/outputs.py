"""The files of a replay: written beside their place and moved there all together, so none is ever half there."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from edge.errors import InputError
from edge.vocabulary import Visit

LINES = ("readings.jsonl", "visits.jsonl", "lines.jsonl", "detections.jsonl")
WHOLE = ("summary.json", "run.json", "report.html")


class OutFolder:
    """Where a replay writes; made by `out_folder`. Without a folder it writes nothing."""

    def __init__(self, path: Path | None, files: Mapping[str, IO[str]]) -> None:
        self.path = path
        self._files = files

    def write(self, name: str, text: str) -> None:
        """Adds to one of LINES or WHOLE.

        Raises:
            InputError: the disk is full, or gone.
        """
        if self.path is not None:
            with _told(self.path):
                self._files[name].write(text)


@contextmanager
def out_folder(path: Path | None) -> Iterator[OutFolder]:
    """`--out DIR`: at the end every file is moved to its place; after an error nothing in the folder has changed.

    Files of other names are left alone.

    Raises:
        InputError: the folder can't be made or written.
    """
    if path is None:
        yield OutFolder(None, {})
        return
    parts = {name: path / f".{name}.part" for name in (*LINES, *WHOLE)}
    with ExitStack() as at_end:
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
            files: dict[str, IO[str]] = {}
            at_end.callback(_clean, files, parts)
            for name, part in parts.items():
                files[name] = part.open("w", encoding="utf-8")
        yield OutFolder(path, files)
        with _told(path):
            for name, file in files.items():
                file.close()
                os.replace(parts[name], path / name)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"--out {path}: can't be written: {error.strerror or error}") from error


def _clean(files: Mapping[str, IO[str]], parts: Mapping[str, Path]) -> None:
    """Closes and removes what isn't in its place; where the disk itself is the trouble, that has been told."""
    for name, part in parts.items():
        with suppress(OSError):
            if name in files:
                files[name].close()
        with suppress(OSError):
            part.unlink(missing_ok=True)


def visit_line(visit: Visit) -> str:
    """A visit as a line of visits.jsonl; times to the millisecond."""
    value = {
        "queue": visit.queue_id,
        "track_ids": list(visit.track_ids),
        "joined_s": round(visit.joined_s, 3),
        "served_s": None if visit.served_s is None else round(visit.served_s, 3),
        "left_s": None if visit.left_s is None else round(visit.left_s, 3),
        "outcome": visit.outcome,
        "ahead_on_joining": visit.ahead_on_joining,
        "censored": visit.censored,
    }
    return json.dumps(value) + "\n"


def pretty(value: Mapping[str, Any]) -> str:
    """JSON for files that people open; ends with a line end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def make_folder(path: Path) -> None:
    """Makes the folder of --out where there is none; InputError if it can't be made."""
    with _told(path):
        path.mkdir(parents=True, exist_ok=True)


def replace_text(path: Path, text: str, *, option: str | None = None) -> None:
    """Puts a text file into the place of the one before, whole or not at all.

    Args:
        path: the file.
        text: what it shall hold.
        option: the command's option that asked for it, for the error; None: the file's name says enough.

    Raises:
        InputError: the file can't be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        where = path if option is None else f"{option}: {path}"
        raise InputError(f"{where}: can't be written: {error.strerror or error}") from error
