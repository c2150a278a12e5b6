"""The page of somebody who counts by hand, run by Streamlit: no number of the machine is on it."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from calibration.app.pictures import picture_at
from calibration.app.told import ToCount, to_count
from calibration.hand_truth import HandCounts, HandVisit, write_visits
from calibration.moments import Moment
from calibration.recording import file_camera
from edge.config import load_site
from edge.errors import InputError
from edge.settings import CameraSettings, Site

HERE = Path(__file__).parent
COUNT_KEYS = (
    "digits: how many · **Enter** next · **u** uncertain · **n** skip · **Backspace** back · **←→** look around"
)
VISIT_KEYS = "**←→** 0.5 s, **Shift** 5 s · **j** joined · **s** first is served · **l** last one left · **z** undo"


def main() -> None:
    """The page: counts of moments, or visits."""
    st.set_page_config(page_title="Linewise: count by hand", layout="wide")
    st.html(HERE / "page.css")
    word = to_count()
    site = load_site(Path(word.site), sources="any", broker="any")
    camera = file_camera(site.camera(word.camera), Path(word.recording))
    try:
        if word.visits:
            _visits(site, camera, Path(word.out))
        else:
            _counts(site, camera, word)
    except InputError as error:
        st.error(str(error))


def _counts(site: Site, camera: CameraSettings, word: ToCount) -> None:
    state = st.session_state
    if "hand" not in state:
        moments = list(word.moments)
        state.hand = HandCounts(moments, Path(word.out), owner_key=Path(word.owner_key) if word.owner_key else None)
        left = state.hand.left()
        state.index = moments.index(left[0]) if left else len(moments)
        state.offset_s, state.unsure = 0.0, False
    hand: HandCounts = state.hand
    done = len(hand.counted) + len(hand.sealed)
    st.progress(min(done / max(len(hand.moments), 1), 1.0), f"{done} of {len(hand.moments)} moments counted")
    if state.index >= len(hand.moments):
        st.success(f"Done. Written: {hand.path}" + (f" and {hand.sealed_path.name}" if hand.sealed else ""))
        if st.button("Go through them again"):
            state.index = 0
            st.rerun()
        return
    moment = hand.moments[state.index]
    known = hand.counted.get(moment)
    name = next(q.name for q in site.queues if q.id == moment.queue_id)
    around = f" ({state.offset_s:+.1f} s)" if state.offset_s else ""
    st.markdown(f"#### How many stand in {name} at {moment.pts_s:.1f} s{around}?")
    event = _board(
        site, camera, moment.queue_id, moment.pts_s + state.offset_s,
        at=f"{state.index}", shown="" if known is None else str(known[0]), unsure=state.unsure, digits=True,
    )  # fmt: skip
    st.caption(COUNT_KEYS)
    if event is not None:
        _count_key(hand, moment, str(event.get("key")), str(event.get("typed", "")))
        st.rerun()


def _count_key(hand: HandCounts, moment: Moment, key: str, typed: str) -> None:
    state = st.session_state
    if key in ("ArrowLeft", "ArrowRight"):
        state.offset_s = max(-3.0, min(3.0, state.offset_s + (0.5 if key == "ArrowRight" else -0.5)))
        return
    if key == "u":
        state.unsure = not state.unsure
        return
    if key == "Enter" and typed.isdecimal():
        hand.put(moment, int(typed), certain=not state.unsure)
    elif key == "Enter" and moment not in hand.counted and moment not in hand.sealed:
        return
    if key in ("Enter", "n"):
        state.index += 1
    elif key == "Backspace":
        state.index = max(0, state.index - 1)
    state.offset_s, state.unsure = 0.0, False


def _visits(site: Site, camera: CameraSettings, out: Path) -> None:
    state = st.session_state
    ids = [q.id for q in site.queues if any(lane.camera_id == camera.id for lane in q.lanes)]
    queue = st.selectbox("Queue", ids) if len(ids) > 1 else ids[0]
    state.setdefault("visits", [])
    state.setdefault("at_s", 0.0)
    inside = [v for v in state.visits if v.queue_id == queue and v.left_s is None]
    st.markdown(f"#### {state.at_s:.1f} s: {len(inside)} in line as you see it, {len(state.visits)} visits noted")
    event = _board(
        site, camera, queue, state.at_s, at=f"{state.at_s}", shown=str(len(inside)), unsure=False, digits=False
    )
    st.caption(VISIT_KEYS)
    st.dataframe([vars(v) for v in state.visits[-8:]], hide_index=True)
    if event is not None:
        _visit_key(queue, inside, str(event.get("key")))
        write_visits(out, state.visits)
        st.rerun()


def _visit_key(queue: str, inside: list[HandVisit], key: str) -> None:
    state = st.session_state
    steps = {"ArrowLeft": -0.5, "ArrowRight": 0.5, "ShiftArrowLeft": -5.0, "ShiftArrowRight": 5.0}
    if key in steps:
        state.at_s = max(0.0, state.at_s + steps[key])
        return
    if key == "z":
        if state.get("steps"):
            state.visits = state.steps.pop()
        return
    state.setdefault("steps", []).append([HandVisit(**vars(v)) for v in state.visits])
    if key == "j":
        state.visits.append(HandVisit(queue, state.at_s))
    elif key == "s" and inside:
        first = min(inside, key=lambda v: v.joined_s)
        first.served_s = first.left_s = state.at_s
        first.outcome = "served"
    elif key == "l" and inside:
        last = max(inside, key=lambda v: v.joined_s)
        last.left_s, last.outcome = state.at_s, "left"


def _board(
    site: Site, camera: CameraSettings, queue_id: str, pts_s: float, *, at: str, shown: str, unsure: bool, digits: bool
) -> dict[str, Any] | None:
    """The picture with the queue's lanes; what was typed since the last run."""
    picture = base64.b64encode(_picture(camera.id, camera, pts_s)).decode()
    lanes = [lane.area for q in site.queues if q.id == queue_id for lane in q.lanes if lane.camera_id == camera.id]
    component = st.components.v2.component(
        "linewise_count",
        html='<div class="lw-count" tabindex="0" role="application" aria-label="Picture to count"><img alt="">'
        '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none"></svg><div class="unsure"></div>'
        '<div class="typed" role="status"></div></div>',
        css=(HERE / "count.css").read_text(encoding="utf-8"),
        js=(HERE / "count.js").read_text(encoding="utf-8"),
    )
    data = {"picture": f"data:image/jpeg;base64,{picture}", "lanes": lanes, "at": at, "shown": shown, "unsure": unsure,
            "digits": digits}  # fmt: skip
    event = component(data=data, key="count", on_event_change=lambda: None).event
    if not isinstance(event, dict) or event.get("number") == st.session_state.get("done"):
        return None
    st.session_state.done = event.get("number")
    return event


@st.cache_data(max_entries=200, show_spinner=False)
def _picture(camera_id: str, _camera: CameraSettings, pts_s: float) -> bytes:
    return picture_at(_camera, pts_s)


main()
