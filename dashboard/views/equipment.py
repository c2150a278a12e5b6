"""Cameras and boxes: what they do, in measured figures, and what to do about a fault."""

from collections.abc import Sequence

from dashboard import words
from dashboard.page import BoxRow, CameraRow, Page, Proof
from dashboard.views.markup import Markup, join, tag
from dashboard.views.proofs_html import of_camera

SILENT = words.Told("Nothing heard", "Check the box's power and network, then its log.", "bad")
BOX_OFFLINE = words.Told("Not known: the box is offline", "Check the box's power and network.", "bad")
NEVER = words.Told("Nothing heard yet", "It comes by itself once the camera's process runs.", "warn")


def offline(page: Page) -> bool:
    """Is every box of the site offline? Then no word about its cameras holds."""
    return bool(page.boxes) and all(box.status != "online" for box in page.boxes)


def camera_told(row: CameraRow, *, box_offline: bool) -> words.Told:
    """A camera's state in words; an offline box or a long silence says more than the camera's own last word."""
    if row.seen == "never":
        return NEVER
    if box_offline:
        return BOX_OFFLINE
    return SILENT if row.seen == "silent" else words.camera_words(row.state, row.picture)


def cameras_html(page: Page) -> Markup | None:
    """The table of cameras, broken ones first; on a phone every row is a small card."""
    if not page.cameras:
        return None
    off = offline(page)
    order = {"bad": 0, "warn": 1, "good": 2, "off": 3}
    rows = sorted(page.cameras, key=lambda row: order[camera_told(row, box_offline=off).level])
    heads = ("Camera", "State", "Pictures in / out", "Last picture", "Latency", "Restarts", "Runs on", "Proven")
    return tag(
        "section",
        tag("h2", "Cameras"),
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *(_camera(row, off, page.proofs) for row in rows)),
            cls="lw-table",
        ),
        cls="lw-section",
    )


def boxes_html(page: Page) -> Markup | None:
    """A chip a box; rows that are known to be lost are told."""
    if not page.boxes:
        return None
    lost = [box for box in page.boxes if box.missing]
    failing = [box for box in page.boxes if box.disk_failing]
    unsynced = [box for box in page.boxes if box.clock_unsynced]
    return tag(
        "section",
        tag("h2", "Box" if len(page.boxes) == 1 else "Boxes"),
        tag("div", *(_box(box) for box in page.boxes), cls="lw-chips"),
        *(_failing(box) for box in failing),
        *(_lost(box) for box in lost),
        *(_unsynced(box) for box in unsynced),
        cls="lw-section",
    )


def chips_html(page: Page) -> Markup | None:
    """Cameras in one row, for the live page; the cameras' own page tells more."""
    if not page.cameras:
        return None
    off = offline(page)
    chips = []
    for row in page.cameras:
        told = camera_told(row, box_offline=off)
        chips.append(
            tag(
                "span",
                tag("i", cls="lw-dot", aria_hidden="true"),
                tag("bdi", row.name),
                tag("span", told.what, cls="lw-chip-state"),
                cls=f"lw-chip lw-{told.level}",
                data_camera=row.camera,
            )
        )
    title = "Camera" if len(page.cameras) == 1 else "Cameras"
    return tag("section", tag("h2", title), tag("div", *chips, cls="lw-chips"), cls="lw-section")


def _camera(row: CameraRow, off: bool, proofs: Sequence[Proof]) -> Markup:
    told = camera_told(row, box_offline=off)
    now = row.seen == "fresh" and not off
    age = None if row.picture_age_s is None else row.picture_age_s
    heard = f"last word {words.age_words(row.heard_s)} ago" if row.heard_s is not None and not now else ""
    state = join(
        tag("span", tag("i", cls="lw-dot", aria_hidden="true"), told.what, cls="lw-state"),
        tag("span", told.do, cls="lw-do") if told.do else None,
        tag("span", row.detail, cls="lw-do") if row.detail and now and told.level != "good" else None,
        tag("span", heard, cls="lw-do") if heard else None,
    )
    rate = f"{words.number_words(row.frames_in_per_s)} / {words.number_words(row.frames_out_per_s)} a second"
    latency = words.NOT_KNOWN if row.latency_s is None else f"{row.latency_s * 1000:.0f} ms"
    size = f"{row.width}×{row.height}" if row.width else ""
    return tag(
        "tr",
        tag("th", tag("bdi", row.name), scope="row"),
        _cell("State", state),
        _cell("Pictures in / out", rate if now else words.NOT_KNOWN),
        _cell("Last picture", f"{_age(age)} ago" if now and age is not None else words.NOT_KNOWN),
        _cell("Latency", latency if now else words.NOT_KNOWN),
        _cell("Restarts", str(row.restarts) if row.seen != "never" else words.NOT_KNOWN),
        _cell("Runs on", " ".join(filter(None, (row.runtime, size))) or words.NOT_KNOWN),
        _cell("Proven", of_camera(proofs, row.camera) or words.NOT_KNOWN),
        cls=f"lw-{told.level}",
        data_camera=row.camera,
    )


def _age(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else words.age_words(seconds)


def _cell(head: str, content: str) -> Markup:
    return tag("td", content, data_head=head)


def _box(box: BoxRow) -> Markup:
    online = box.status == "online"
    since = "" if online or box.heard_s is None else f" for {words.age_words(box.heard_s)}"
    return tag(
        "span",
        tag("i", cls="lw-dot", aria_hidden="true"),
        tag("bdi", box.box),
        tag("span", f"{'online' if online else 'offline'}{since}", cls="lw-chip-state"),
        tag("span", box.version, cls="lw-do") if box.version else None,
        cls=f"lw-chip lw-{'good' if online else 'bad'}",
    )


def _failing(box: BoxRow) -> Markup:
    why = (
        "its disk can't be written. It goes on counting, and what is shown now is right; its history waits in memory, "
        "and is lost when that is full or the box is switched off. Make room on the disk, or change it."
    )
    return tag("p", f"Box {box.box}: {why}", cls="lw-lost")


def _unsynced(box: BoxRow) -> Markup:
    why = "no time service keeps its clock: times of day in its history may be wrong; counts and waits are not."
    return tag("p", f"Box {box.box}: {why}", cls="lw-do")


def _lost(box: BoxRow) -> Markup:
    rows = "1 row of its history is" if box.missing == 1 else f"{box.missing} rows of its history are"
    return tag("p", f"Box {box.box}: {rows} known to be lost. Day reports leave them out.", cls="lw-lost")
