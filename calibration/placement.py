"""Advice on where a camera hangs, with the figures behind: size of people, hiding, width of the view, counter-light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.sightings import Table

LEAST_SEEN = 60  # sightings before anything is said
SMALL = 0.125  # of the picture's height: people should be an eighth of it
SMALL_SHARE = 0.25  # of the people may be smaller
HIDDEN = 0.5  # of a box under nearer people's boxes: hidden
# Of the sightings may be hidden. Who is wholly hidden is in none: on the simulator 14 % to 18 % of the sightings where
# 22 % to 44 % of the people are, and 8 % and less where 11 % and less are.
HIDDEN_SHARE = 0.12
USED = 0.2  # of the picture: people's boxes keep to less of it, so the rest is wasted
DEEP = 4.0  # near people this many times taller than far ones
BURNT, DARK = 250, 70  # grey levels
BURNT_SHARE = 0.04  # of the picture


@dataclass(frozen=True)
class Advice:
    """One finding.

    Attributes:
        good: nothing to do.
        about: size, hiding, view, light.
        figures: what was measured.
        todo: what to do; "" where it is good.
    """

    good: bool
    about: str
    figures: str
    todo: str = ""


def advise(seen: Table, image: NDArray[np.uint8] | None) -> list[Advice]:
    """What the sightings (and a picture with people in it, (H, W, 3) uint8 RGB) say about the camera's place."""
    if len(seen.at_s) < LEAST_SEEN:
        return [Advice(False, "people", f"{len(seen.at_s)} sightings, {LEAST_SEEN} are needed", "Let people walk by.")]
    found = [_size(seen), _hiding(seen), _view(seen)]
    return found if image is None else [*found, _light(seen, image)]


def _size(seen: Table) -> Advice:
    small = float((seen.height < SMALL).mean())
    figures = (
        f"half of the people are {np.median(seen.height):.0%} of the picture high or less, {small:.0%} under 12.5%"
    )
    if small <= SMALL_SHARE:
        return Advice(True, "size", figures)
    return Advice(
        False, "size", figures, "Too small to be found surely: hang the camera nearer, or take a longer lens."
    )


def hidden_share(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) the largest share of each (N, 4) box that one nearer box (with a lower foot) covers."""
    x1, y1, x2, y2 = boxes.T
    across = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    along = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    covered = np.clip(across, 0, None) * np.clip(along, 0, None) / np.maximum((x2 - x1) * (y2 - y1), 1e-9)[:, None]
    return np.asarray(np.where(y2 > y2[:, None], covered, 0.0).max(axis=1))


def _hiding(seen: Table) -> Advice:
    moments = np.round(seen.at_s * 2).astype(np.int64)
    order = np.argsort(moments, kind="stable")
    edges = np.flatnonzero(np.diff(moments[order])) + 1
    shares = np.concatenate([hidden_share(seen.box[rows]) for rows in np.split(order, edges)])
    hidden = float((shares > HIDDEN).mean())
    figures = f"{hidden:.0%} of the people seen are more than half hidden by somebody nearer"
    if hidden <= HIDDEN_SHARE:
        return Advice(True, "hiding", figures)
    return Advice(
        False,
        "hiding",
        figures,
        "Too much hides: hang the camera higher, or look along the line from its front or side.",
    )


def _view(seen: Table) -> Advice:
    x1, y1 = np.quantile(seen.box[:, :2], 0.02, axis=0)
    x2, y2 = np.quantile(seen.box[:, 2:], 0.98, axis=0)
    used = float((x2 - x1) * (y2 - y1))
    far, near = np.quantile(seen.height, (0.05, 0.95))
    depth = float(near / max(far, 1e-6))
    figures = f"people keep to {used:.0%} of the picture; near ones are {depth:.1f} times as high as far ones"
    if used < USED:
        return Advice(False, "view", figures, "The lens is too wide: most of the picture shows nobody. Zoom in.")
    if depth > DEEP:
        return Advice(
            False, "view", figures, "The lens is too wide or the camera too low: hang it higher, farther away."
        )
    return Advice(True, "view", figures)


def _light(seen: Table, image: NDArray[np.uint8]) -> Advice:
    grey = image.mean(axis=2)
    height, width = grey.shape
    burnt = float((grey > BURNT).mean())
    boxes = seen.box[seen.at_s > seen.at_s.max() - 2.0] * (width, height, width, height)
    parts = [grey[max(y1, 0) : y2, max(x1, 0) : x2] for x1, y1, x2, y2 in np.rint(boxes).astype(int).tolist()]
    people = float(np.median(np.concatenate([p.ravel() for p in parts if p.size] or [grey.ravel()])))
    figures = f"{burnt:.0%} of the picture is burnt out; people are at grey {people:.0f} of 255"
    if burnt > BURNT_SHARE and people < DARK:
        return Advice(False, "light", figures, "Against the light: turn the camera from the window, or shade it.")
    return Advice(True, "light", figures)
