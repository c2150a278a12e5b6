"""A site file that is being drawn: changed shape by shape with its comments kept, checked by the site file's own rules.

A place in the file is a `Spot`; the page and the commands name shapes by it. Every change is a step that can be undone;
saving keeps the file that was there as a backup and never overwrites what somebody else has written meanwhile.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tomlkit
from tomlkit.items import AoT, Table

from edge.config import ConfigError, load_site
from edge.config_faults import Fault
from edge.config_text import TextError, decode, read_bytes
from edge.errors import InputError
from edge.settings import Site
from edge.vocabulary import Point, Polygon

Kind = Literal["area", "service_line", "service_area", "staff_area", "mask", "line", "floor"]
DIGITS = 4  # of a fraction: a tenth of a pixel of a 1080p picture
UNDO_MOST = 200


@dataclass(frozen=True)
class Spot:
    """Where a shape stands.

    Attributes:
        kind: which key; mask and floor belong to a camera, line to a [[line]], the rest to a lane.
        owner: id of the queue, line or camera.
        lane: index of the lane in its queue.
        number: index in staff_area or mask.
    """

    kind: Kind
    owner: str
    lane: int = 0
    number: int = 0


class Draft:
    """One site file while it is drawn.

    Attributes:
        path: the file.
        text: what would be written now.
    """

    def __init__(self, path: Path) -> None:
        """Reads the file; InputError if there is none or it is no text."""
        self.path = path
        self.text = _read(path)
        self._on_disk = self.text
        self._undo: list[str] = []

    @property
    def changed(self) -> bool:
        """Is there something to save?"""
        return self.text != self._on_disk

    @property
    def can_undo(self) -> bool:
        """Is there a step to take back?"""
        return bool(self._undo)

    def checked(self) -> tuple[Site | None, tuple[Fault, ...]]:
        """The site as drawn, or what is wrong with it: the very rules of `linewise check`."""
        try:
            return load_site(self.path, sources="any", broker="any", draft=self.text.encode()), ()
        except ConfigError as error:
            return None, tuple(error.faults)

    def put(self, spot: Spot, points: Polygon) -> None:
        """Sets a shape; a `number` past the end of staff_area or mask adds one."""
        self.put_all([(spot, points)])

    def put_all(self, shapes: Sequence[tuple[Spot, Polygon]]) -> None:
        """Sets several shapes in one step."""
        document = tomlkit.parse(self.text)
        for spot, points in shapes:
            _set(document, spot, points)
        self._step(document)

    def remove(self, spot: Spot) -> None:
        """Takes a shape out: with its area a lane goes, with its last lane the queue, with its points a line."""
        document = tomlkit.parse(self.text)
        if spot.kind == "area":
            _remove_lane(document, spot)
        elif spot.kind == "line":
            _drop(document, "line", spot.owner)
        else:
            table, key = _table_of(document, spot)
            shapes = list(table.get(key, []))
            if spot.kind in ("staff_area", "mask") and len(shapes) > 1:
                del shapes[spot.number]
                table[key] = shapes
            else:
                table.pop(key, None)
        self._step(document)

    def add_lane(self, queue_id: str, camera_id: str, area: Polygon, *, name: str = "") -> Spot:
        """A lane at the end of a queue; the queue is made where there is none."""
        document = tomlkit.parse(self.text)
        lane = tomlkit.table()
        lane.update({"camera": camera_id, "area": _pairs(area)})
        if _find(document, "queue", queue_id) is None:
            queue = tomlkit.table()
            queue["id"] = queue_id
            if name and name != queue_id:
                queue["name"] = name
            queue["lane"] = tomlkit.aot()
            _append(document, "queue", queue)
        _lanes(document, queue_id).append(lane)
        self._step(document)
        return Spot("area", queue_id, len(_lanes(document, queue_id)) - 1)

    def add_line(self, line_id: str, camera_id: str, points: Polygon) -> Spot:
        """A counting line."""
        document = tomlkit.parse(self.text)
        line = tomlkit.table()
        line.update({"id": line_id, "camera": camera_id, "points": _pairs(points)})
        _append(document, "line", line)
        self._step(document)
        return Spot("line", line_id)

    def set_floor(self, camera_id: str, image: Polygon, metres: Polygon) -> None:
        """Four points of the picture and the same on the floor, metres."""
        document = tomlkit.parse(self.text)
        camera = _find(document, "camera", camera_id)
        if camera is not None:
            floor = tomlkit.inline_table()
            floor.update({"image": _pairs(image), "metres": _pairs(metres)})
            camera["floor"] = floor
            self._step(document)

    def copy_lanes(self, source_id: str, target_id: str) -> list[str]:
        """Every lane of one camera for another, in new queues `QUEUE-CAMERA`; returns their ids."""
        made: list[str] = []
        document = tomlkit.parse(self.text)
        for queue in list(document.get("queue", [])):
            lanes = [lane.unwrap() for lane in queue.get("lane", []) if lane.get("camera") == source_id]
            if not lanes:
                continue
            new_id = free_id(document, "queue", f"{queue['id']}-{target_id}")
            copied = tomlkit.table()
            copied.update({k: v for k, v in queue.unwrap().items() if k not in ("lane", "id", "name")} | {"id": new_id})
            copied["lane"] = tomlkit.aot()
            for lane in lanes:
                table = tomlkit.table()
                table.update(lane | {"camera": target_id})
                copied["lane"].append(table)
            _append(document, "queue", copied)
            made.append(new_id)
        if made:
            self._step(document)
        return made

    def free_id(self, kind: Literal["queue", "line"], wish: str) -> str:
        """An id that no queue (line) has yet: the wish, or with a number."""
        return free_id(tomlkit.parse(self.text), kind, wish)

    def undo(self) -> None:
        """Takes the last step back, if there is one."""
        if self._undo:
            self.text = self._undo.pop()

    def save(self) -> Path:
        """Writes the file and returns the backup of the one before; both at once or neither.

        Raises:
            InputError: the draft has faults, the file has changed on disk since it was read, or can't be written.
        """
        faults = self.checked()[1]
        if faults:
            raise InputError(f"{self.path}: not saved, {len(faults)} faults are left")
        if _read(self.path) != self._on_disk:
            raise InputError(f"{self.path}: not saved: somebody has changed the file since it was read; open it again")
        backup = self.path.with_name(self.path.name + ".bak")
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            shutil.copy2(self.path, backup)
            part.write_text(self.text, encoding="utf-8", newline="")
            shutil.copymode(self.path, part)
            os.replace(part, self.path)
        except OSError as error:
            raise InputError(f"{self.path}: not saved: {error.strerror or error}") from error
        self._on_disk = self.text
        return backup

    def _step(self, document: tomlkit.TOMLDocument) -> None:
        self._undo = [*self._undo[-UNDO_MOST + 1 :], self.text]
        self.text = tomlkit.dumps(document)


def free_id(document: tomlkit.TOMLDocument, kind: str, wish: str) -> str:
    """An id that no table of the kind has yet."""
    taken = {table.get("id") for table in document.get(kind, [])}
    wish = wish[:36]
    return next(name for n in range(1, 10_000) if (name := wish if n == 1 else f"{wish}-{n}") not in taken)


def _read(path: Path) -> str:
    try:
        return decode(read_bytes(path))
    except TextError as error:
        raise InputError(f"{path}: {error}") from error


def _pairs(points: Polygon) -> list[list[float]]:
    return [[_round(x), _round(y)] for x, y in points]


def _round(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # no -0.0


def _find(document: tomlkit.TOMLDocument, kind: str, name: str) -> Table | None:
    return next((table for table in document.get(kind, []) if table.get("id") == name), None)


def _lanes(document: tomlkit.TOMLDocument, queue_id: str) -> Any:
    queue = _find(document, "queue", queue_id)
    return [] if queue is None else queue.get("lane", [])


def _table_of(document: tomlkit.TOMLDocument, spot: Spot) -> tuple[Any, str]:
    if spot.kind in ("mask", "floor"):
        return _find(document, "camera", spot.owner), spot.kind
    if spot.kind == "line":
        return _find(document, "line", spot.owner), "points"
    return _lanes(document, spot.owner)[spot.lane], spot.kind


def _set(document: tomlkit.TOMLDocument, spot: Spot, points: Polygon) -> None:
    table, key = _table_of(document, spot)
    if spot.kind == "floor":
        table[key]["image"] = _pairs(points)
    elif spot.kind in ("staff_area", "mask"):
        shapes = [list(shape) for shape in table.get(key, [])]
        shapes[spot.number : spot.number + 1] = [_pairs(points)]
        table[key] = shapes
    else:
        table[key] = _pairs(points)
        other = {"service_line": "service_area", "service_area": "service_line"}.get(key)
        if other is not None:  # a lane has the one or the other
            table.pop(other, None)


def _append(document: tomlkit.TOMLDocument, kind: str, table: Table) -> None:
    table.trivia.indent = "\n"  # a blank line before its header
    tables = document.get(kind)
    if isinstance(tables, AoT):
        tables.append(table)
    else:
        made = tomlkit.aot()
        made.append(table)
        document.append(kind, made)


def _remove_lane(document: tomlkit.TOMLDocument, spot: Spot) -> None:
    lanes = _lanes(document, spot.owner)
    if len(lanes) > 1:
        del lanes[spot.lane]
    else:
        _drop(document, "queue", spot.owner)


def _drop(document: tomlkit.TOMLDocument, kind: str, name: str) -> None:
    tables = document[kind]
    for index, table in enumerate(tables):
        if table.get("id") == name:
            del tables[index]
            break
    if not len(tables):
        document.remove(kind)


def corners(points: Any) -> tuple[Point, ...] | None:
    """What a page says, as far as it is points within a picture; None if it is none."""
    if not isinstance(points, list) or not 1 <= len(points) <= 100:
        return None
    found = []
    for pair in points:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(v, int | float) for v in pair):
            return None
        x, y = (min(max(float(v), 0.0), 1.0) for v in pair)
        found.append((x, y))
    return tuple(found)
