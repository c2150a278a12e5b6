"""The installer's page, run by Streamlit: a picture to draw on, what is drawn, what is wrong with it, and Save."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from calibration.app import panels
from calibration.app.told import told
from calibration.app.tools import TOOLS, colour_of, draw, shapes_of, spot_of, trial
from calibration.app.watcher import Watcher, watcher_of
from calibration.draft import Draft, Spot, corners
from calibration.draft_move import moved
from calibration.floor import FloorError, rectangle
from edge.errors import InputError
from edge.settings import Site

HERE = Path(__file__).parent
REFRESH_S = 0.5


def main() -> None:
    """The page."""
    st.set_page_config(page_title="Linewise calibration", layout="wide")
    st.html(HERE / "page.css")
    state = st.session_state
    if "draft" not in state:
        state.draft = Draft(Path(told().site))
        state.site = state.draft.checked()[0]
    site: Site | None = state.draft.checked()[0]
    if site is None and state.site is None:
        st.error("The site file has faults; mend them first, then reload this page.")
        panels.faults(state.draft)
        return
    if site is not None:
        state.site = site
    last: Site = state.site
    picture, side = st.columns([3.1, 1], gap="medium")
    with side:
        camera_id = _choices(last)
    with picture:
        watcher = watcher_of(last, camera_id, told().recordings.get(camera_id, ""), detect=told().detector)
        _editor(camera_id, watcher)
    with side:
        # Boxes of their own: what comes and goes in them must not move the lids below, which would close them.
        with st.container():
            _save_and_undo()
        with st.container():
            panels.faults(state.draft)
        panels.more(state.draft, last, camera_id, watcher)


def _choices(site: Site) -> str:
    """Camera, tool, and what the tool draws for; sets state.tool, state.lane and state.new_id."""
    state = st.session_state
    st.markdown(f"### {site.name}", help=str(site.path))
    ids = [camera.id for camera in site.cameras]
    camera_id = st.selectbox("Camera", ids, key="camera") if len(ids) > 1 else ids[0]
    here = [Spot("area", q.id, n) for q in site.queues for n, lane in enumerate(q.lanes) if lane.camera_id == camera_id]
    tool = state.tool = _tool(bool(here))
    state.new_id, state.lane = "", None
    if tool == "area":
        state.new_id = st.text_input("Name of the queue", state.draft.free_id("queue", "line-1"), help="a-z 0-9 - _")
    elif tool == "line":
        state.new_id = st.text_input("Name of the line", state.draft.free_id("line", "door"), help="a-z 0-9 - _")
    elif tool == "floor":
        a, b = st.columns(2)
        state.width_m = a.number_input("near side, m", 0.1, 200.0, 3.0, 0.1)
        state.depth_m = b.number_input("right side, m", 0.1, 200.0, 4.0, 0.1)
    elif TOOLS[tool].of_lane and here:
        asked = state.get("last_lane")
        index = here.index(asked) if asked in here else len(here) - 1
        state.lane = st.selectbox("Of", here, index, format_func=_lane_label) if len(here) > 1 else here[0]
    elif TOOLS[tool].of_lane:
        st.info("Draw a queue's lane first.")
    return camera_id


def _tool(lanes: bool) -> str:
    """What is drawn: as chosen, or as the last shape asks for; on a camera without lanes a lane comes first."""
    state = st.session_state
    if "next_tool" in state or "tool_box" not in state:
        # A box of its own each time: what the browser still says of the last one would put its tool back for a moment,
        # and the editor forgets the points under way when the tool changes.
        state.tool_box = state.get("tool_box", 0) + 1
        state[f"tool{state.tool_box}"] = state.pop("next_tool", "" if lanes else "area")
    return st.selectbox("Draw", list(TOOLS), format_func=lambda t: TOOLS[t].label, key=f"tool{state.tool_box}")


def _lane_label(spot: Spot) -> str:
    return spot.owner if spot.lane == 0 else f"{spot.owner}, lane {spot.lane + 1}"


@st.fragment(run_every=REFRESH_S)
def _editor(camera_id: str, watcher: Watcher) -> None:
    """The picture with everything on it, twice a second; a drawn shape runs the whole page again."""
    state = st.session_state
    site: Site = state.site
    watcher.draw(site)
    component = st.components.v2.component(
        "linewise_editor",
        html='<div class="lw-editor" tabindex="0" role="application" aria-label="Picture to draw on">'
        '<div class="stage"><img alt=""><svg preserveAspectRatio="none"></svg></div>'
        '<div class="word" role="status"></div>'
        '<div class="hands"><button data-do="back">Take away</button><button data-do="close">Close the shape</button>'
        "</div></div>",
        css=(HERE / "editor.css").read_text(encoding="utf-8"),
        js=(HERE / "editor.js").read_text(encoding="utf-8"),
    )
    given = component(data=_shown(site, camera_id, watcher), key="editor", on_event_change=lambda: None)
    event = given.event
    if isinstance(event, dict) and event.get("number") != state.get("done"):
        state.done = event.get("number")
        if _apply(event, camera_id):
            st.rerun()
        st.rerun(scope="fragment")


def _shown(site: Site, camera_id: str, watcher: Watcher) -> dict[str, Any]:
    state = st.session_state
    jpeg, image = watcher.jpeg(), watcher.image
    tool = TOOLS[state.tool]
    people = [
        {"track": p.track, "box": p.box, "foot": p.foot, "queue": p.queue, "colour": colour_of(site, p.queue)}
        for p in watcher.people()
    ]
    suggested = [
        {"key": f"suggested{n}", "kind": "suggested", "points": [list(p) for p in lane.area], "closed": True,
         "least": 3, "label": f"suggestion {n + 1}", "colour": "#ffd23f"}
        for n, lane in enumerate(state.get("suggestions", ()))
    ]  # fmt: skip
    return {
        "picture": "" if jpeg is None else "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(),
        "ratio": 16 / 9 if image is None else image.shape[1] / image.shape[0],
        "shapes": shapes_of(site, camera_id) + suggested,
        "people": people,
        "tool": {"key": state.tool, "hint": tool.hint, "least": tool.least, "most": tool.most, "closed": tool.closed},
        "word": state.get("word", ""),
        "trouble": watcher.trouble,
        "taken": state.get("taken", ""),
    }


def _apply(event: dict[str, Any], camera_id: str) -> bool:
    """Does what the editor says; true: the draft has changed."""
    state = st.session_state
    draft: Draft = state.draft
    kind, points = event.get("type"), corners(event.get("points"))
    spot = spot_of(event.get("key"))
    state.word = ""
    if kind == "undo":
        draft.undo()
    elif kind == "try":
        faults = () if points is None else trial(draft, state.tool, points, camera_id=camera_id, lane=state.lane)
        state.word = faults[0].message if faults else ""
        return False
    elif kind == "draw" and points is not None and event.get("tool") == state.tool:
        return _drawn(draft, points, camera_id, str(event.get("mark")))
    elif kind == "move" and points is not None and spot is not None:
        draft.put_all(moved(state.site, spot, points))
    elif kind == "delete" and spot is not None:
        draft.remove(spot)
    else:
        return False
    return True


def _drawn(draft: Draft, points: tuple[tuple[float, float], ...], camera_id: str, mark: str) -> bool:
    """A finished shape: into the draft if the site file would take it, else back to the installer with the reason."""
    state = st.session_state
    if state.tool == "floor":
        try:
            found = rectangle(points, state.width_m, state.depth_m)
        except FloorError as error:
            state.word = str(error)
            return False
        draft.set_floor(camera_id, found.image, found.metres)
    else:
        faults = trial(draft, state.tool, points, camera_id=camera_id, lane=state.lane)
        if faults:
            state.word = faults[0].message
            return False
        spot = draw(draft, state.tool, points, camera_id=camera_id, lane=state.lane, new_id=state.new_id)
        if spot is None:
            state.word = "Draw a queue's lane first."
            return False
        if spot.kind == "area":
            state.last_lane = spot
    state.taken = mark
    state.next_tool = "service_line" if state.tool == "area" else ""
    return True


def _save_and_undo() -> None:
    state = st.session_state
    draft: Draft = state.draft
    undo, save = st.columns(2)
    if undo.button("Undo", disabled=not draft.can_undo, use_container_width=True, help="Ctrl+Z on the picture"):
        draft.undo()
        st.rerun()
    faulty = bool(draft.checked()[1])
    if save.button("Save", type="primary", disabled=not draft.changed or faulty, use_container_width=True):
        try:
            backup = draft.save()
        except InputError as error:
            st.error(str(error))
        else:
            st.success(f"Saved. The file as it was: {backup.name}")
    elif draft.changed:
        st.caption("Changed, not saved yet.")


main()
