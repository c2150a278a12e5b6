"""Puts queues in their places: chips that are dragged over the plan, or moved with the arrow keys."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.desk import Plan
from dashboard.page import Names

HERE = Path(__file__).parent


def ask_places(names: Names, plan: Plan, now: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]] | None:
    """Shows the chips where the queues stand now; the new places when somebody has moved one, else None."""
    picture = "" if plan.picture is None else "data:image/png;base64," + base64.b64encode(plan.picture).decode()
    chips = [{"id": i, "name": n, "x": now[i][0], "y": now[i][1]} for i, n in names.queues]
    board = st.components.v2.component(
        "linewise_places",
        html='<div class="board" role="group" aria-label="Places of the queues"></div>',
        css=(HERE / "places.css").read_text(encoding="utf-8"),
        js=(HERE / "places.js").read_text(encoding="utf-8"),
    )
    st.caption("Drag each queue to its place, or choose it and move it with the arrow keys.")
    given = board(
        data={"chips": chips, "picture": picture, "ratio": plan.size_px[0] / plan.size_px[1]},
        key="lw-places",
        on_moved_change=lambda: None,
    )
    return checked(given.moved, {i for i, _ in names.queues})


def checked(moved: Any, known: set[str]) -> dict[str, tuple[float, float]] | None:
    """What the browser says, as far as it is places of queues that there are; None if it is none."""
    if not isinstance(moved, dict):
        return None
    found: dict[str, tuple[float, float]] = {}
    for queue, place in moved.items():
        if queue in known and isinstance(place, list) and len(place) == 2:
            x, y = place
            if all(isinstance(v, int | float) and 0 <= v <= 1 for v in (x, y)):
                found[queue] = (float(x), float(y))
    return found or None
