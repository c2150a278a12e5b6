"""The text of a site file: read within limits, and where each key stands in it (tomllib keeps no line numbers)."""

import bisect
import contextlib
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KeyPath = tuple[str | int, ...]

MAX_BYTES = 128 * 1024  # a site of fifty cameras has 30 kB
MAX_DEPTH = 12
MAX_KEY_PARTS = 8

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\n]+")


class TextError(Exception):
    """A site file that cannot be read as text, or goes over the limits.

    Attributes:
        line: where, from 1; 0 if no line can be named.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def read_bytes(path: Path) -> bytes:
    """The file's bytes, at most MAX_BYTES of them; TextError says what is wrong and what to do."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise TextError("is a folder, not a site file; give the path of the site.toml in it")
        if not stat.S_ISREG(mode):
            raise TextError("is not a plain file; give the path of a site.toml")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise TextError("there is no such file; check the path, or begin with a copy from examples/") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise TextError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MAX_BYTES:
        raise TextError(f"is larger than {MAX_BYTES // 1024} kB; this is not a site file")
    return data


def decode(data: bytes) -> str:
    """UTF-8 text with a leading byte-order mark taken off; TextError names the line of the first bad byte."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TextError("is written in UTF-16; save it as UTF-8")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TextError("is not UTF-8 text here; save the file as UTF-8", line) from None
    if "\0" in text:
        raise TextError("has a NUL byte here; this is not a text file", text.count("\n", 0, text.index("\0")) + 1)
    return text


@dataclass
class Positions:
    """Line of each key path; array elements and tables of arrays appear by their index.

    Attributes:
        lines: {("camera", 0, "id"): 12, ...}, lines count from 1.
    """

    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int:
        """The line of a path, or of its nearest known ancestor; 1 for the file itself."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1


class _StopError(Exception):
    """The scan does not understand the text here; tomllib will say what is wrong."""


def find_positions(text: str) -> Positions:
    """Scans TOML text for key positions in linear time.

    It stops without a word at what is not TOML (tomllib reports that); TextError where nesting or dotted keys go over
    the limits, which tomllib would meet with a RecursionError or quadratic time.
    """
    scan = _Scan(text)
    with contextlib.suppress(_StopError):
        scan.document()
    return scan.positions


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [m.start() for m in re.finditer("\n", text)]
        self.positions = Positions()
        self.arrays: dict[KeyPath, int] = {}  # array of tables -> index of its last table

    def line(self) -> int:
        return bisect.bisect_left(self.newlines, self.at) + 1

    def note(self, path: KeyPath) -> None:
        self.positions.lines.setdefault(path, self.line())

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _StopError
        self.at = found.end()
        return found.group()

    def take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def need(self, token: str) -> None:
        if not self.take(token):
            raise _StopError

    def blank(self) -> None:
        self.match(_BLANK)

    def document(self) -> None:
        table: KeyPath = ()
        self.blank()
        while self.at < len(self.text):
            if self.take("["):
                table = self.header()
            else:
                self.pair(table, 0)
            self.blank()

    def header(self) -> KeyPath:
        is_array = self.take("[")
        keys = self.key()
        path: KeyPath = ()
        for key in keys[:-1]:
            path = (*path, key)
            self.note(path)
            path = self.inside(path)
        path = (*path, keys[-1])
        self.note(path)
        if is_array:
            self.arrays[path] = self.arrays.get(path, -1) + 1
            path = (*path, self.arrays[path])
            self.note(path)
        self.need("]]" if is_array else "]")
        return path

    def inside(self, path: KeyPath) -> KeyPath:
        return (*path, self.arrays[path]) if path in self.arrays else path

    def key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self.blank()
            quoted = self.text[self.at : self.at + 1] in ('"', "'")
            part = self.match(_STRING if quoted else _BARE_KEY)
            parts.append(part[1:-1] if quoted else part)
            if len(parts) > MAX_KEY_PARTS:
                raise TextError(f"a key of more than {MAX_KEY_PARTS} parts; site files have none", self.line())
            self.blank()
            if not self.take("."):
                return parts

    def pair(self, table: KeyPath, depth: int) -> None:
        path = table
        start = self.at
        keys = self.key()
        end, self.at = self.at, start
        for key in keys:
            path = (*path, key)
            self.note(path)
        self.at = end
        self.need("=")
        self.value(path, depth)

    def value(self, path: KeyPath, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise TextError(f"brackets nested more than {MAX_DEPTH} deep; site files need four", self.line())
        self.blank()
        if self.take("["):
            self.items("]", lambda index: self.element((*path, index), depth + 1))
        elif self.take("{"):
            self.items("}", lambda _: self.pair(path, depth + 1))
        elif self.text[self.at : self.at + 1] in ('"', "'"):
            self.match(_STRING)
        else:
            self.match(_PLAIN)

    def element(self, path: KeyPath, depth: int) -> None:
        if self.text.startswith("{", self.at):  # plain elements are found by their list's line
            self.note(path)
        self.value(path, depth)

    def items(self, end: str, item: Any) -> None:
        index = 0
        self.blank()
        while not self.take(end):
            item(index)
            index += 1
            self.blank()
            if not self.take(","):
                self.need(end)
                return
            self.blank()
