"""Which recordings a call looks at, and with what: a plan file, or many recordings of one site on the command line.

A plan is TOML; its paths are relative to it:

    site = "site.toml"                # of every recording that names none of its own

    [[recording]]
    file = "monday.mp4"               # or cameras = { door = "a.mp4", tills = "b.mp4" } on one clock
    truth = ["monday.counts.csv"]     # also site = "other.toml", camera = "tills", name = "monday"
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge.config_faults import ConfigError, Fault, FaultList, nearest
from edge.config_text import KeyPath, TextError, decode, find_positions, read_bytes
from edge.config_values import ID
from edge.errors import InputError

KEYS = ("file", "cameras", "camera", "site", "truth", "name")
TRUTH_KINDS = (".csv", ".txt")


@dataclass(frozen=True)
class Planned:
    """One recording of a plan.

    Attributes:
        name: of its folder and in tables; no two are alike.
        site: the site file.
        recording: the file, or None where `cameras` names one for each camera.
        cameras: as the options --camera: "ID" or "ID=RECORDING".
        truth: its truth files.
    """

    name: str
    site: Path
    recording: Path | None
    cameras: tuple[str, ...] = ()
    truth: tuple[Path, ...] = ()


def of_arguments(
    recordings: Sequence[Path], site: Path, cameras: tuple[str, ...], truth: Sequence[Path]
) -> tuple[Planned, ...]:
    """Many recordings of one site; each `truth` is a folder: `monday.counts.csv` in it belongs to `monday.mp4`.

    Raises:
        InputError: a truth that is no folder, --camera ID=RECORDING, or a truth folder with nothing for any recording.
    """
    for text in cameras:
        if "=" in text:
            raise InputError(f"--camera {text}: with several recordings, name the camera alone, or write a --plan")
    for folder in truth:
        if not folder.is_dir():
            raise InputError(
                f"--truth {folder}: with several recordings this is a folder that holds the truth of each under its "
                "name (monday.mp4: monday.counts.csv, monday.visits.csv); or write a --plan"
            )
    files = sorted(p for folder in truth for p in folder.iterdir() if p.suffix.lower() in TRUTH_KINDS and p.is_file())
    found = [
        Planned(r.stem, site, r, cameras, tuple(f for f in files if f.name.startswith(f"{r.stem}.")))
        for r in recordings
    ]
    if truth and not any(one.truth for one in found):
        raise InputError(
            f"--truth {' '.join(map(str, truth))}: no file there belongs to any of the recordings; "
            f"{recordings[0].name}'s would be called {recordings[0].stem}.counts.csv"
        )
    return distinct(found)


def distinct(planned: Iterable[Planned]) -> tuple[Planned, ...]:
    """The same with different names: a name that came before gets -2, -3, ..."""
    taken: set[str] = set()
    out = []
    for one in planned:
        name = next(n for k in range(1, 100_000) if (n := one.name if k == 1 else f"{one.name}-{k}") not in taken)
        taken.add(name)
        out.append(replace(one, name=name))
    return tuple(out)


def read_plan(path: Path) -> tuple[Planned, ...]:
    """A plan file.

    Raises:
        ConfigError: with every fault of the file.
    """
    try:
        text = decode(read_bytes(path))
        document, positions = tomllib.loads(text), find_positions(text)
    except (TextError, ValueError, RecursionError) as error:
        message = str(error).replace("site file", "plan").replace("site.toml", "plan.toml")
        message = message.replace(", or begin with a copy from examples/", "")
        raise ConfigError([Fault(str(path), getattr(error, "line", 0), "", "", message)]) from None
    return distinct(_Plan(path, FaultList(str(path), positions)).read(document))


class _Plan:
    """Reads the tables of a plan; faults are collected and raised together."""

    def __init__(self, path: Path, faults: FaultList) -> None:
        self.faults = faults
        self.folder = path.absolute().parent

    def read(self, document: dict[str, Any]) -> list[Planned]:
        self.unknown((), document, ("site", "recording"))
        site = self.file(("site",), document.get("site")) if "site" in document else None
        raw = document.get("recording", [])
        tables = raw if isinstance(raw, list) and all(isinstance(t, dict) for t in raw) else []
        if not tables:
            self.faults.add(("recording",), 'missing; a plan has one [[recording]] or more, each with file = "..."')
        found = [self.recording(("recording", i), table, site) for i, table in enumerate(tables)]
        self.faults.raise_if_any()
        return [one for one in found if one is not None]

    def recording(self, at: KeyPath, table: dict[str, Any], site: Path | None) -> Planned | None:
        self.unknown(at, table, KEYS)
        if "site" in table:
            site = self.file((*at, "site"), table["site"])
        elif site is None:
            self.faults.add(at, 'no site; write site = "site.toml" at the top of the plan, or here')
        name = table.get("name")
        if name is not None and not (isinstance(name, str) and ID.fullmatch(name)):
            self.faults.add((*at, "name"), "allowed: 1 to 40 of a-z A-Z 0-9 - _", name)
        cameras = self.cameras(at, table)
        recording = self.file((*at, "file"), table["file"]) if "file" in table else None
        if ("file" in table) == ("cameras" in table):
            self.faults.add(at, 'one of the two is wanted: file = "...", or cameras = { ID = "..." }')
        first = recording or next((Path(c.partition("=")[2]) for c in cameras), None)
        truth = self.truth((*at, "truth"), table.get("truth", []))
        if site is None or first is None:
            return None
        return Planned(str(name or first.stem), site, recording, cameras, truth)

    def cameras(self, at: KeyPath, table: dict[str, Any]) -> tuple[str, ...]:
        raw, one = table.get("cameras", {}), table.get("camera")
        if one is not None and not isinstance(one, str):
            self.faults.add((*at, "camera"), "allowed: a camera's id", one)
            one = None
        if not isinstance(raw, dict):
            self.faults.add((*at, "cameras"), 'allowed: a table { ID = "RECORDING" }', raw)
            raw = {}
        pairs = [(key, self.file((*at, "cameras", key), value)) for key, value in raw.items()]
        return (*((one,) if one else ()), *(f"{key}={file}" for key, file in pairs if file is not None))

    def truth(self, at: KeyPath, raw: Any) -> tuple[Path, ...]:
        if not isinstance(raw, list):
            self.faults.add(at, "allowed: a list of files", raw)
            return ()
        files = (self.file((*at, i), value) for i, value in enumerate(raw))
        return tuple(file for file in files if file is not None)

    def file(self, at: KeyPath, raw: Any) -> Path | None:
        """A path relative to the plan; whether it is there is told when its turn comes."""
        if isinstance(raw, str) and raw and "\0" not in raw:
            return self.folder / raw
        self.faults.add(at, "allowed: a file, relative to the plan", raw)
        return None

    def unknown(self, at: KeyPath, table: dict[str, Any], allowed: tuple[str, ...]) -> None:
        for key, value in table.items():
            if key not in allowed:
                self.faults.add((*at, key), f"there is no such key; {nearest(key, allowed)}", value)
