"""Faults of a site file, all of them at once, without a secret in any."""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from edge.config_text import KeyPath, Positions
from edge.errors import InputError
from edge.url_secrets import mask_url

MAX_FAULTS = 200
SECRET_NAME = re.compile(r"pas+|pwd|secret|token|credential|auth", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        file: the site file as the user gave it.
        line: from 1; 0 where no line can be named.
        key: "camera.detect_fps"; "" for the file itself.
        value: what came, shortened, secrets masked; "" if nothing came.
        message: what is wrong; what is allowed; what to do.
    """

    file: str
    line: int
    key: str
    value: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        what = f"{self.key} = {self.value}" if self.value else self.key
        return f"{place}: {what}: {self.message}" if what else f"{place}: {self.message}"


class ConfigError(InputError):
    """A site file with faults; str() prints every one.

    Attributes:
        faults: in the order of the file.
    """

    def __init__(self, faults: Iterable[Fault], more: int = 0) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line)
        lines = [str(fault) for fault in self.faults]
        if more:
            lines.append(f"... and {more} more faults")
        super().__init__("\n".join(lines))


class FaultList:
    """Collects the faults of one file, MAX_FAULTS of them; the rest is only counted."""

    def __init__(self, file: str, positions: Positions) -> None:
        self.file = file
        self.positions = positions
        self.faults: list[Fault] = []
        self.more = 0

    def add(self, path: KeyPath, message: str, value: Any = None) -> None:
        """Notes a fault at a key path; `value` is the raw one of the file, before ${NAME} is replaced."""
        if len(self.faults) >= MAX_FAULTS:
            self.more += 1
            return
        key = ".".join(_short(part) for part in path if isinstance(part, str))
        shown = "" if value is None else shown_value(value, secret=bool(SECRET_NAME.search(str(path[-1]))))
        self.faults.append(Fault(self.file, self.positions.line(path), key, shown, message))

    def raise_if_any(self) -> None:
        """Raises ConfigError if something was noted."""
        if self.faults:
            raise ConfigError(self.faults, self.more)


def shown_value(value: Any, *, secret: bool = False) -> str:
    """A value as the site file would write it, shortened to 60 characters, URLs masked, a secret as ***."""
    if secret:
        return "***"
    if isinstance(value, str):
        return _short(json.dumps(mask_url(value[:2000]), ensure_ascii=False))
    if isinstance(value, dict | list):
        return _shown_list(value) if isinstance(value, list) else "{...}"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of more than 20 digits"
    return _short(str(value).lower() if isinstance(value, bool) else str(value))


def nearest(word: str, allowed: Iterable[str]) -> str:
    """'did you mean "x"?' for the nearest allowed word, else the list of allowed words."""
    options = list(allowed)
    close = difflib.get_close_matches(word.lower(), options, n=1, cutoff=0.6) if len(word) <= 60 else []
    if close:
        return f'did you mean "{close[0]}"?'
    return "allowed: " + ", ".join(options) if options else "none is allowed"


def _shown_list(value: list[Any], depth: int = 0) -> str:
    if depth >= 3:
        return "[...]"
    parts = [_shown_list(item, depth + 1) if isinstance(item, list) else shown_value(item) for item in value[:8]]
    if len(value) > 8:
        parts.append("...")
    text = "[" + ", ".join(parts) + "]"
    return _short(text) if depth == 0 else text


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
