"""What is proven of each queue: the certificates beside the site file, held against the lanes and cameras of now."""

import sqlite3
from pathlib import Path

from dashboard.page import Names, Proof
from edge.certificate import Certificate, read, void_with
from edge.errors import InputError


def read_certificates(names: Names) -> tuple[tuple[Certificate, ...], str]:
    """The site's certificates, and what is wrong with their file in words ("" if nothing is)."""
    if names.certificates is None:
        return (), ""
    try:
        return read(Path(names.certificates)), ""
    except InputError as fault:
        return (), str(fault)


def proofs(names: Names, certificates: tuple[Certificate, ...], cameras: dict[str, sqlite3.Row]) -> tuple[Proof, ...]:
    """One for each queue of the site file, in its order; `cameras` are rows of the store by id."""
    newest = {c.queue: c for c in sorted(certificates, key=lambda c: c.made_utc)}
    moved = [camera for camera, row in cameras.items() if row["picture"] == "moved"]
    queue_names, found = dict(names.queues), []
    for queue, lanes, seen_by in names.lanes:
        known = newest.get(queue)
        proof = Proof(queue, queue_names.get(queue, queue), seen_by, known)
        if known is not None:
            why = void_with(known, lanes, moved)
            models = {cameras[c]["model_sha256"] for c in seen_by if c in cameras} - {None}
            other = known.model_sha256 is not None and any(model != known.model_sha256 for model in models)
            note = "it was measured with another detector than the one that runs now" if other else ""
            proof = Proof(queue, proof.name, seen_by, known, why, note)
        found.append(proof)
    return tuple(found)
