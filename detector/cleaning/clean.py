"""Label cleaning: gather, judge in rounds until nothing new is found, mend the labels, report."""

import logging
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from detector.cleaning.clusters import complete_linkage, principal
from detector.cleaning.embedding import Embedder
from detector.cleaning.gather import LABEL, Gathering, Table
from detector.cleaning.identity import Identity
from detector.cleaning.judge import Case, Suspect, judge
from detector.data.pictures import DataError, People, Picture
from detector.runtime.protocol import Detector

log = logging.getLogger(__name__)

DIMS, BOXES_A_DIM = 128, 8  # fewer boxes have fewer directions that mean something
ALIKE = 0.45  # cosine distance within a cluster


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What cleaning found and made of it.

    Attributes:
        pictures: with mended labels, in the order given.
        before: as they came.
        table: every box that was looked at.
        suspects: in the order of their round; a row comes once.
        clusters: (N,) of the table's rows.
        rounds: that were gone through, the last of which found nothing new (unless they were cut short).
    """

    pictures: list[Picture]
    before: list[Picture]
    table: Table
    suspects: list[Suspect]
    clusters: np.ndarray
    rounds: int

    def counts(self) -> dict[str, int]:
        """Suspects by kind."""
        return dict(sorted(Counter(str(suspect.kind) for suspect in self.suspects).items()))


def clean(
    pictures: list[Picture],
    detector: Detector,
    embedder: Embedder,
    *,
    rounds: int,
    rng: np.random.Generator,
    identity: Identity | None = None,
    still_aside: bool = False,
    progress: bool = False,
) -> Cleaned:
    """Finds suspicious boxes and mends the labels.

    Args:
        pictures: as labelled.
        detector: opened at a low score.
        embedder: of crops.
        rounds: at most so many; it ends before when a round finds nothing new.
        rng: for the places without people, and the order of clustering.
        identity: what crops are clustered by (identity.py); without one by how they look to ImageNet.
        still_aside: whether what always looks the same at the same place is set aside, and not only shown.
        progress: shows a bar.
    """
    table = Gathering(pictures, detector, rng, progress=progress).table(embedder)
    if not (table.kind == LABEL).any():
        raise DataError("the labels hold no person: there is nothing to clean")
    dims = max(2, min(DIMS, len(table.kind) // BOXES_A_DIM))
    vectors = principal(table.embeddings, dims, rng)
    clusters = complete_linkage(vectors if identity is None else identity(table.embeddings), ALIKE, rng)
    trusted = table.kind == LABEL
    suspects: list[Suspect] = []
    number = 0
    while number < rounds:
        number += 1
        new = judge(Case(pictures, table, vectors, clusters, trusted.copy()), number)
        if still_aside:
            new = [replace(suspect, action="aside") if suspect.kind == "still" else suspect for suspect in new]
        log.info("round %d: %d suspicious boxes", number, len(new))
        suspects += new
        trusted[[suspect.row for suspect in new]] = False
        if not new:
            break
    return Cleaned(mended(pictures, table, suspects), pictures, table, suspects, clusters, number)


def mended(pictures: list[Picture], table: Table, suspects: list[Suspect]) -> list[Picture]:
    """The pictures with doubles dropped, doubtful boxes set aside, shifted ones moved."""
    by_picture: dict[int, list[Suspect]] = {}
    for suspect in suspects:
        by_picture.setdefault(int(table.picture[suspect.row]), []).append(suspect)
    return [
        replace(picture, people=_mended(picture.people, table, by_picture[index])) if index in by_picture else picture
        for index, picture in enumerate(pictures)
    ]


def _mended(people: People, table: Table, suspects: list[Suspect]) -> People:
    boxes, weights, head_weights = people.boxes.copy(), people.weights.copy(), people.head_weights.copy()
    stays = np.ones(len(boxes), bool)
    for suspect in suspects:
        person = int(table.person[suspect.row])
        if suspect.action == "drop":
            stays[person] = False
        elif suspect.action == "aside":
            weights[person], head_weights[person] = 0.0, 0.0
        elif suspect.action == "move":
            boxes[person] = suspect.box
    return People(boxes, weights, people.heads, head_weights).take(stays)
