"""Which boxes are suspicious, and what to do about each.

Three witnesses are heard: the detector (support), a classifier of crops that never saw the crop (chance), and the
cluster, the boxes that look alike. A box is set aside (an ignore box: neither right nor wrong) where a mistake of the
judge would hurt, dropped only where another box already stands for the same person.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.cleaning.chance import person_chances
from detector.cleaning.gather import BACKGROUND, LABEL, SEEN, SUPPORT_IOU, Table
from detector.data.pictures import Picture
from detector.evaluation.ap import overlaps

LEAST_SUPPORT, LEAST_CHANCE = 0.05, 0.3  # below both, and in a cluster of its kind: no person that one could learn
LEAST_CLUSTER = 0.6  # mean chance of the boxes that look alike
LEAST_HEIGHT_PX = 20.0  # smaller boxes tell no witness enough
DOUBLE_IOU, SURE_DOUBLE_IOU, SAME_HEAD_IOU = 0.5, 0.7, 0.3
SHIFTED_IOU, SHIFTED_SCORE = (0.25, SUPPORT_IOU), 0.7  # a sure detection that hardly overlaps the one label it could be
MISSED_CHANCE = 0.9
# the same look at the same place in so many pictures: a poster, a dummy, or somebody who sits through a recording
STILL_IOU, STILL_LOOK, STILL_PICTURES = 0.8, 0.9, 8

Kind = Literal["double", "empty", "shifted", "missed", "still"]
Action = Literal["drop", "aside", "move", "look"]


@dataclass(frozen=True, eq=False)
class Suspect:
    """One suspicious box.

    Attributes:
        row: of the table.
        kind, action: what it is, and what is done: drop, set aside, move to `box`; look: nothing, but a person should.
        box: (4,) xyxy px, for move: where to; for a double: the box that stays.
        support, chance, cluster: what the witnesses say, each in [0, 1].
        round: in which it was found, from 1.
    """

    row: int
    kind: Kind
    action: Action
    box: NDArray[np.float32]
    support: float
    chance: float
    cluster: float
    round: int = 1


@dataclass(frozen=True, eq=False)
class Case:
    """What the rules look at: the table, directions and cluster of every row, and who is still trusted."""

    pictures: list[Picture]
    table: Table
    vectors: NDArray[np.float32]
    clusters: NDArray[np.int64]
    trusted: NDArray[np.bool_]  # (N,) labels that no round has found suspicious


def judge(case: Case, number: int) -> list[Suspect]:
    """One round: the suspects among the labels that are still trusted (and, in the first, people nobody labelled)."""
    table = case.table
    is_label = table.kind == LABEL
    emptied = is_label & ~case.trusted
    learns = is_label | (table.kind == BACKGROUND)
    chance = person_chances(case.vectors, is_label & ~emptied, learns, table.picture)
    cluster = _cluster_means(case, chance)
    found: dict[int, tuple[Kind, Action, NDArray[np.float32]]] = {}
    found |= _doubles(case, chance)
    found |= {row: ("still", "look", table.boxes[row]) for row in _still(case) if row not in found}
    low = (table.support < LEAST_SUPPORT) & (chance < LEAST_CHANCE) & (cluster < LEAST_CLUSTER) & _tall(table)
    found |= {int(row): ("empty", "aside", table.boxes[row]) for row in np.flatnonzero(low & case.trusted & is_label)}
    found = _shifted(case) | found
    if number == 1:
        missed = np.flatnonzero((table.kind == SEEN) & (chance >= MISSED_CHANCE) & _tall(table))
        found |= {int(row): ("missed", "look", table.boxes[row]) for row in missed}
    return [
        Suspect(row, *what, float(table.support[row]), float(chance[row]), float(cluster[row]), number)
        for row, what in sorted(found.items())
    ]


def _tall(table: Table) -> NDArray[np.bool_]:
    return np.asarray(table.boxes[:, 3] - table.boxes[:, 1] >= LEAST_HEIGHT_PX)


def _cluster_means(case: Case, chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean chance in each row's cluster, without the row itself; its own where it is alone."""
    count = np.bincount(case.clusters)[case.clusters]
    total = np.bincount(case.clusters, chance)[case.clusters]
    return np.asarray(np.where(count > 1, (total - chance) / np.maximum(count - 1, 1), chance))


def _by_picture(case: Case) -> list[NDArray[np.int64]]:
    """The trusted labels of each picture that has at least two."""
    rows = np.flatnonzero((case.table.kind == LABEL) & case.trusted)
    cuts = np.flatnonzero(np.diff(case.table.picture[rows])) + 1
    return [part for part in np.split(rows, cuts) if len(part) > 1]


def _doubles(case: Case, chance: NDArray[np.float64]) -> dict[int, tuple[Kind, Action, NDArray[np.float32]]]:
    """Two boxes for one person: the one that the detector fits worse goes, unless two heads speak for two people."""
    table, found = case.table, dict[int, tuple[Kind, Action, NDArray[np.float32]]]()
    for rows in _by_picture(case):
        iou, _ = overlaps(table.boxes[rows], table.boxes[rows])
        for a, b in zip(*np.nonzero(np.triu(iou >= DOUBLE_IOU, 1)), strict=True):
            one, two = int(rows[a]), int(rows[b])
            if one in found or two in found or _two_heads(case, one, two):
                continue
            worse, better = sorted((one, two), key=lambda row: _worth(case, row, chance))
            alike = case.clusters[one] == case.clusters[two] or iou[a, b] >= SURE_DOUBLE_IOU
            found[worse] = ("double", "drop" if alike else "aside", table.boxes[better])
    return found


def _worth(case: Case, row: int, chance: NDArray[np.float64]) -> float:
    """How well a box stands for a person: a head by hand counts most, then how well a detection fits."""
    table = case.table
    head = case.pictures[table.picture[row]].people.head_weights[table.person[row]]
    return float(head) + float(table.fits[row]) + 0.1 * float(chance[row])


def _two_heads(case: Case, one: int, two: int) -> bool:
    people = case.pictures[case.table.picture[one]].people
    pair = case.table.person[[one, two]]
    if (people.head_weights[pair] <= 0).any():
        return False
    return bool(overlaps(people.heads[pair[:1]], people.heads[pair[1:]])[0][0, 0] < SAME_HEAD_IOU)


def _shifted(case: Case) -> dict[int, tuple[Kind, Action, NDArray[np.float32]]]:
    """A sure detection half beside a label that nothing else fits, and beside no other label: the label moves there."""
    table = case.table
    low, high = SHIFTED_IOU
    rows = np.flatnonzero(
        (table.kind == LABEL)
        & case.trusted
        & (table.fits >= low)
        & (table.fits < high)
        & (table.fit_scores >= SHIFTED_SCORE)
    )
    found: dict[int, tuple[Kind, Action, NDArray[np.float32]]] = {}
    for row in rows:
        others = case.pictures[table.picture[row]].people.boxes
        iou, inside = overlaps(table.fit_boxes[row : row + 1], others)
        rest = np.arange(len(others)) != table.person[row]
        if iou[0, rest].max(initial=0) < low and inside[0, rest].max(initial=0) < 0.5:
            found[int(row)] = ("shifted", "move", table.fit_boxes[row])
    return found


def _still(case: Case) -> list[int]:
    """Labels with the same look at the same place in many pictures of one view."""
    table = case.table
    groups: dict[tuple[str, tuple[int, int], int], list[int]] = {}
    for row in np.flatnonzero((table.kind == LABEL) & case.trusted):
        picture = case.pictures[table.picture[row]]
        groups.setdefault((picture.source, picture.size_px, int(case.clusters[row])), []).append(int(row))
    found: list[int] = []
    for rows in groups.values():
        if len(rows) < STILL_PICTURES:
            continue
        alike = table.embeddings[rows] @ table.embeddings[rows].T >= STILL_LOOK
        near = (overlaps(table.boxes[rows], table.boxes[rows])[0] >= STILL_IOU) & alike
        found += [row for row, many in zip(rows, near.sum(1) >= STILL_PICTURES, strict=True) if many]
    return found
