"""The panels beside the picture: faults, suggested lanes, advice on the camera's place, floor, copy."""

from pathlib import Path

import streamlit as st

from calibration.app.told import told
from calibration.app.watcher import Watcher
from calibration.draft import Draft, Spot
from calibration.floor import FloorError, from_walk
from calibration.placement import advise
from calibration.sightings import Table, of_recording
from calibration.suggest import Suggestion, suggest
from edge.config_geometry import contains
from edge.errors import InputError
from edge.settings import Site
from edge.vocabulary import Point, Polygon


def faults(draft: Draft) -> None:
    """Everything that is wrong with the draft, as `linewise check` would say it."""
    for fault in draft.checked()[1]:
        st.error(f"{fault.key}: {fault.message}" if fault.key else fault.message)


def more(draft: Draft, site: Site, camera_id: str, watcher: Watcher) -> None:
    """Suggestions, advice, floor and copy, each behind its own lid."""
    with st.expander("Suggested lanes", expanded=bool(st.session_state.get("suggestions"))):
        _suggestions(draft, site, camera_id, watcher)
    with st.expander("Is the camera well placed?"):
        if st.button("Look again", key="advise", use_container_width=True):
            st.session_state.advice = advise(_seen(site, camera_id, watcher), watcher.image)
        for one in st.session_state.get("advice", ()):
            (st.success if one.good else st.warning)(f"**{one.about}**: {one.figures}. {one.todo}")
    with st.expander("Floor from a person's walk"):
        _walk(draft, site, camera_id, watcher)
    others = [camera.id for camera in site.cameras if camera.id != camera_id]
    if others:
        with st.expander("Copy lanes to another camera"):
            target = st.selectbox("Camera to copy to", others)
            if st.button("Copy", use_container_width=True):
                made = draft.copy_lanes(camera_id, target)
                st.session_state.copied = (
                    f"Copied to {target}: {', '.join(made)}. Choose that camera and drag them into place."
                    if made
                    else "There is no lane here."
                )
                st.rerun()
            st.caption(
                st.session_state.get("copied", "The lanes become queues of their own there; drag them into place.")
            )


def _seen(site: Site, camera_id: str, watcher: Watcher) -> Table:
    """What was seen: the recorded detections where they were given, else what this page has seen."""
    if told().detections:
        try:
            return _recorded(told().detections, site, camera_id)
        except InputError as error:
            st.error(str(error))
    return watcher.seen()


@st.cache_data(show_spinner="Reading the recorded detections ...")
def _recorded(path: str, _site: Site, camera_id: str) -> Table:
    return of_recording(Path(path), _site.camera(camera_id)).table()


def _suggestions(draft: Draft, site: Site, camera_id: str, watcher: Watcher) -> None:
    state = st.session_state
    if st.button("Suggest from what was seen", use_container_width=True):
        seen = _seen(site, camera_id, watcher)
        state.suggestions = [lane for lane in suggest(seen) if not _drawn_already(site, camera_id, lane)]
        state.suggested_from = f"{seen.span_s / 60:.0f} min of tracks"
        st.rerun()
    if "suggested_from" in state:
        nothing = "" if state.suggestions else "; nobody stood in line where no lane is yet"
        st.caption(f"From {state.suggested_from}{nothing}.")
    for number, lane in enumerate(state.get("suggestions", ())):
        st.markdown(f"**Suggestion {number + 1}**: {lane.reason}.")
        if st.button("Take it", key=f"take{number}", use_container_width=True):
            spot = draft.add_lane(draft.free_id("queue", "line-1"), camera_id, lane.area)
            if lane.service_line is not None:
                draft.put(Spot("service_line", spot.owner, spot.lane), lane.service_line)
            state.suggestions = [other for other in state.suggestions if other is not lane]
            state.next_tool = "" if lane.service_line is not None else "service_line"
            state.last_lane = spot
            st.rerun()


def _drawn_already(site: Site, camera_id: str, lane: Suggestion) -> bool:
    """Does the middle of the one lie in the other?"""
    there = [s.area for q in site.queues for s in q.lanes if s.camera_id == camera_id]
    return any(contains(a, _middle(lane.area)) or contains(lane.area, _middle(a)) for a in there)


def _middle(area: Polygon) -> Point:
    return sum(x for x, _ in area) / len(area), sum(y for _, y in area) / len(area)


def _walk(draft: Draft, site: Site, camera_id: str, watcher: Watcher) -> None:
    st.caption("Let one person walk from far to near, note the number above the box, and say how tall the person is.")
    a, b = st.columns(2)
    track = a.number_input("Track number", 0, 10**9, 0)
    tall_m = b.number_input("Height, m", 1.0, 2.3, 1.75, 0.01)
    if st.button("Work out the floor", use_container_width=True):
        seen = _seen(site, camera_id, watcher)
        try:
            floor = from_walk(seen.box[seen.person == track], seen.aspect, tall_m)
        except FloorError as error:
            st.session_state.walk = f"No floor: {error}."
        else:
            draft.set_floor(camera_id, floor.image, floor.metres)
            st.session_state.walk = f"Done: {floor.words}."
            st.rerun()
    st.caption(st.session_state.get("walk", ""))
