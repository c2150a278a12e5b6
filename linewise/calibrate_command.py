"""`linewise calibrate`: a page on this machine to draw a site's lanes, floor and masks."""

from pathlib import Path
from typing import Annotated

import typer

from edge.config import load_site
from edge.errors import InputError


def register(app: typer.Typer) -> None:
    """Adds `calibrate`."""
    app.command()(calibrate)


def calibrate(
    site: Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file; saving keeps it as SITE.toml.bak.")],
    *,
    recording: Annotated[
        list[str] | None,
        typer.Option(metavar="[ID=]VIDEO", help="A recording to draw on in the camera's place; once for each camera."),
    ] = None,
    detections: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="A replay's detections.jsonl: lanes are suggested from it."),
    ] = None,
    people: Annotated[bool, typer.Option("--people/--no-people", help="Show boxes, tracks and members.")] = True,
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 8502,
) -> None:
    """Draws lanes, lines, masks and the floor on the picture.

    A page on this machine shows the camera, what is drawn, and who is counted by it.
    """
    from calibration.app.serve import serve
    from calibration.app.told import Told, tell

    loaded = load_site(site, sources="any", broker="any")
    ids = [camera.id for camera in loaded.cameras]
    recordings = dict(_recording(text, ids) for text in recording or ())
    if detections is not None and not detections.is_file():
        raise InputError(f"--detections {detections}: there is no such file")
    where = "" if detections is None else str(detections.absolute())
    tell(Told(str(site.absolute()), recordings, where, people))
    typer.echo(f"Linewise calibrates {loaded.name}: http://127.0.0.1:{port} (Ctrl-C ends it)", err=True)
    serve("app.py", port=port)


def _recording(text: str, ids: list[str]) -> tuple[str, str]:
    camera_id, _, file = text.rpartition("=")
    camera_id = camera_id or ids[0]
    if camera_id not in ids:
        raise InputError(f"--recording {text}: the site has no camera {camera_id!r}; it has {', '.join(ids)}")
    if not Path(file).is_file():
        raise InputError(f"--recording {text}: there is no file {file}")
    return camera_id, str(Path(file).absolute())
