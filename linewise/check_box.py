"""What this machine must have: room on the disk, SQLite, decoders, the model and something that runs it."""

import importlib.util
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from detector.runtime.errors import DetectorError
from edge.paths import state_dir
from edge.settings import Site
from linewise.check_report import CheckLine

LITTLE_BYTES = 2_000_000_000
FULL_BYTES = 200_000_000
SAFE_SQLITE = (3, 51, 3)  # from here on free of the WAL-reset fault, https://sqlite.org/wal.html#walresetbug
NEEDED_SQLITE = (3, 35, 0)


def box_lines(site: Site) -> Iterator[CheckLine]:
    """Findings on this machine for a site."""
    yield disk_line(site.id)
    yield sqlite_line(sqlite3.sqlite_version_info)
    yield from detector_lines(site)  # before GStreamer is loaded: the order of a camera's process
    yield decoder_line(live=any("://" in camera.source for camera in site.cameras))


def disk_line(site_id: str) -> CheckLine:
    """Can the state folder be written, and is there room?"""
    try:
        folder = state_dir(site_id)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        path = error.filename or "the state folder"
        return CheckLine("fault", "disk", f"{path}: {error.strerror}", "set LINEWISE_STATE to a folder you may write")
    if not os.access(folder, os.W_OK | os.X_OK):
        return CheckLine("fault", "disk", f"{folder} cannot be written", "set LINEWISE_STATE to a folder you may write")
    text = f"{free / 1e9:.1f} GB free in {folder}"
    if free < FULL_BYTES:
        return CheckLine("fault", "disk", text, "make room: Linewise keeps what is not yet delivered there")
    return (
        CheckLine("warning", "disk", text, "make room soon") if free < LITTLE_BYTES else CheckLine("ok", "disk", text)
    )


def sqlite_line(version: tuple[int, int, int]) -> CheckLine:
    """Is SQLite new enough?"""
    text = ".".join(map(str, version))
    if version < NEEDED_SQLITE:
        return CheckLine("fault", "SQLite", f"{text} is too old", "use a Python with SQLite 3.35 or newer")
    if version < SAFE_SQLITE:
        text += ", with the WAL-reset fault of 3.7.0 to 3.51.2; Linewise keeps to one writer, which avoids it"
    return CheckLine("ok", "SQLite", text)


def decoder_line(*, live: bool) -> CheckLine:
    """Is there GStreamer, or PyAV instead?"""
    try:
        from edge.capture import gst_library
    except ImportError as error:
        return CheckLine("fault", "video", f"{error}", "install Linewise with its extra: pip install 'linewise[edge]'")
    if gst_library.available():
        return CheckLine("ok", "video", "GStreamer is here; PyAV decodes recordings")
    if importlib.util.find_spec("av") is None:
        return CheckLine("fault", "video", "neither GStreamer nor PyAV is installed", "pip install 'linewise[edge]'")
    if live:
        return CheckLine("warning", "video", "no GStreamer; PyAV decodes the cameras on the CPU", gst_library.REMEDY)
    return CheckLine("ok", "video", "no GStreamer; PyAV decodes")


def detector_lines(site: Site, weights_dir: Path | None = None) -> Iterator[CheckLine]:
    """Are the model's files the ones that were scored, and does a runtime start with them?"""
    try:
        from detector.runtime.manifest import WEIGHTS_DIR, read_model, read_verified
        from detector.runtime.open import open_detector
    except ImportError as error:
        yield CheckLine(
            "fault", "detector", f"{error}", "install Linewise with its extra: pip install 'linewise[edge]'"
        )
        return
    folder = weights_dir or WEIGHTS_DIR
    try:
        model = read_model(folder, site.detector_model)
        for file in model.files.values():
            read_verified(file)
            yield CheckLine("ok", f"model {model.name}", f"{file.path.name}, sha256 {file.sha256[:12]} as scored")
        detector = open_detector(
            site.detector_runtime, weights_dir=folder, model=site.detector_model, threads=site.detector_threads
        )
    except DetectorError as error:
        yield CheckLine("fault", "detector", str(error))
        return
    name = detector.name
    detector.close()
    asked = site.detector_runtime
    if asked != "auto" and not name.startswith(asked):
        yield CheckLine("warning", "detector", f"{asked} does not start here; {name} serves instead", "see the log")
    else:
        yield CheckLine("ok", "detector", f"{name} starts")
