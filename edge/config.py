"""site.toml -> Site. Every fault is reported at once: file, line, key, value, what is allowed, what to do."""

import hashlib
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edge.calibration_file import calibrated
from edge.config_faults import ConfigError, Fault, FaultList, nearest
from edge.config_geometry import WrongValueError
from edge.config_keys import ARRAYS, INNER, KEYS, TABLES, defaults
from edge.config_links import build_site, check_links
from edge.config_source import Expanded, UnsetVariableError, expand, parse_source, unread_source
from edge.config_text import KeyPath, Positions, TextError, decode, find_positions, read_bytes
from edge.config_values import REQUIRED
from edge.settings import Site

__all__ = ["ConfigError", "Fault", "host_slug", "load_site"]

Need = Literal["required", "any"]


def load_site(
    path: str | Path,
    environ: Mapping[str, str] = os.environ,
    *,
    sources: Need = "required",
    broker: Need = "required",
    receivers: Need = "any",
    database: Need = "any",
    api: Need = "any",
    draft: bytes | None = None,
) -> Site:
    """Reads a site file, and its calibration file where there is one; ConfigError holds every fault.

    sources="any": a camera's file may be missing and its ${NAME} unset (replay of another recording, the counter, the
    collector). broker="any": the same for [mqtt] (replay). receivers="any": the same for [[webhook]] and
    [email] (whoever sends no alerts). database="any": the same for [store] (whoever does not write into it).
    api="any": the same for [api] (whoever does not serve it).
    draft: read in the place of the file's bytes.
    """
    path = Path(path)
    data, document, positions = _parse(path, draft)
    faults = FaultList(str(path), positions)
    needs = {"camera": sources, "mqtt": broker, "webhook": receivers, "email": receivers, "store": database, "api": api}
    lenient = frozenset(table for table, need in needs.items() if need == "any")  # tables whose ${NAME} may be unset
    reader = _Reader(faults, environ, path.absolute().parent, lenient)
    found = reader.document(document)
    check_links(found, faults, reader.folder, broker_files=broker == "required", camera_files=sources == "required")
    faults.raise_if_any()
    sha256 = hashlib.sha256(data).hexdigest()
    site = build_site(found, path=path.absolute(), sha256=sha256, box=host_slug(socket.gethostname()))
    return calibrated(site)


def host_slug(host: str) -> str:
    """A host's name as an id: lower case, - for what an id may not have, at most 40 characters; "box" if empty."""
    return re.sub(r"[^a-z0-9_-]+", "-", host.split(".", maxsplit=1)[0].lower()).strip("-")[:40].strip("-") or "box"


def _parse(path: Path, draft: bytes | None) -> tuple[bytes, dict[str, Any], Positions]:
    try:
        data = read_bytes(path) if draft is None else draft
        text = decode(data)
        positions = find_positions(text)
    except TextError as error:
        raise ConfigError([Fault(str(path), error.line, "", "", str(error))]) from None
    try:
        return data, tomllib.loads(text), positions
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_fault(path, str(error), text)]) from None
    except (ValueError, RecursionError) as error:  # ValueError: a whole number of more than 4,300 digits
        message = "a number has too many digits" if isinstance(error, ValueError) else "nested too deep"
        raise ConfigError([Fault(str(path), 0, "", "", message)]) from None


def _syntax_fault(path: Path, message: str, text: str) -> Fault:
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    line = text.count("\n") + 1 if place is None or place[1] is None else int(place[1])
    what = message[: place.start()] if place else message
    column = f" (column {place[2]})" if place and place[2] else ""
    return Fault(str(path), line, "", "", f"not TOML{column}: {what}; texts stand in quotes, every bracket is closed")


@dataclass(frozen=True)
class Table:
    """One table of the file, read: parsed values (a wrong one is left out), raw ones, and where it stands."""

    path: KeyPath
    values: dict[str, Any]
    raw: dict[str, Any]
    inner: dict[str, list["Table"]]


class _Reader:
    """Reads tables by KEYS; faults are collected, never raised."""

    def __init__(self, faults: FaultList, environ: Mapping[str, str], folder: Path, lenient: frozenset[str]) -> None:
        self.faults = faults
        self.environ = environ
        self.folder = folder
        self.lenient = lenient

    def document(self, document: dict[str, Any]) -> dict[str, list[Table]]:
        found: dict[str, list[Table]] = {name: [] for name in (*TABLES, *ARRAYS)}
        for name, raw in document.items():
            if name in TABLES:
                found[name] = self.single((name,), name, raw)
            elif name in ARRAYS:
                found[name] = self.many((name,), name, raw)
            else:
                self.unknown((name,), name, raw, (*TABLES, *ARRAYS))
        if "site" not in document:
            self.faults.add(("site",), 'missing; a site file has a table [site] with an id: id = "canteen"')
        if "camera" not in document:
            self.faults.add(("camera",), "missing; a site file has one [[camera]] or more")
        return found

    def single(self, path: KeyPath, name: str, raw: Any) -> list[Table]:
        if isinstance(raw, dict):
            return [self.table(path, name, raw)]
        hint = f"write [{path[-1]}] once, in single brackets" if isinstance(raw, list) else f"write [{path[-1]}]"
        self.faults.add(path, f"not a table; {hint}", raw)
        return []

    def many(self, path: KeyPath, name: str, raw: Any) -> list[Table]:
        header = name.replace("camera.", "").strip()
        if isinstance(raw, dict):
            self.faults.add(path, f"single brackets; write [[{header}]], there may be several")
            return [self.table(path, name, raw)]
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self.faults.add(path, f"not a table; write [[{header}]]", raw)
            return []
        return [self.table((*path, i), name, item) for i, item in enumerate(raw)]

    def table(self, path: KeyPath, name: str, raw: dict[str, Any]) -> Table:
        keys, inner = KEYS[name], INNER.get(name, {})
        table = Table(path, defaults(name), raw, {})
        for key, value in raw.items():
            if key in inner:
                read = self.many if inner[key] == "array" else self.single
                table.inner[key] = read((*path, key), f"{name}.{key}", value)
            elif key in keys:
                table.values.pop(key, None)
                self.value(table, name, key)
            else:
                self.unknown((*path, key), key, value, (*keys, *inner), name)
        for key, spec in keys.items():
            if spec.default == REQUIRED and key not in raw:
                self.faults.add((*path, key), f"missing; {spec.meaning}: {spec.allowed}")
        return table

    def value(self, table: Table, name: str, key: str) -> None:
        spec, raw, path = KEYS[name][key], table.raw[key], (*table.path, key)
        optional = name in self.lenient and (name != "camera" or key == "source")
        try:
            text = expand(raw, self.environ) if isinstance(raw, str) else Expanded(raw, "")
            value = spec.parse(text.value)
            if key == "source":
                value = parse_source(Expanded(value, text.shown), self.folder, must_exist=not optional)
            table.values[key] = value
        except UnsetVariableError as error:
            if not optional:
                self.faults.add(path, str(error), raw)
            elif key == "source":
                table.values[key] = unread_source(raw)
            else:
                table.values[key] = None
        except WrongValueError as error:
            self.faults.add(path, f"{error}; allowed: {spec.allowed}", raw)

    def unknown(self, path: KeyPath, key: str, raw: Any, allowed: tuple[str, ...], name: str = "") -> None:
        if name in ("mqtt", "webhook", "email") and isinstance(raw, str):
            raw = "***"  # it may well be a password under a misspelt key
        homes = [table for table, keys in KEYS.items() if key in keys]
        if self.faults.more:
            self.faults.add(path, "unknown key", None)
        elif homes and name and not nearest(key, allowed).startswith("did"):
            where = " or ".join(f"[{home}]" if home in TABLES else f"[[{home}]]" for home in homes)
            self.faults.add(path, f"does not belong in [{name}]; it is a key of {where}", raw)
        else:
            self.faults.add(path, f"unknown {'key' if name else 'table'}; {nearest(key, allowed)}", raw)
