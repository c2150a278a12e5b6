"""`linewise count`: counting by hand on a page, two people's agreement, and a part sealed for the product's owner."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from edge.config import load_site
from edge.errors import InputError

if TYPE_CHECKING:  # loaded when the page is served
    from calibration.app.told import ToCount
    from calibration.moments import Moment


def register(app: typer.Typer) -> None:
    """Adds `count`."""
    app.command()(count)


def count(  # noqa: PLR0913 (one parameter an option)
    site: Annotated[Path | None, typer.Argument(metavar="SITE.toml", help="The site file.")] = None,
    recording: Annotated[Path | None, typer.Argument(metavar="VIDEO", help="The recording to count.")] = None,
    *,
    replay: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The recording's replay: moments are chosen from its readings.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE.csv", help="Where the truth goes.")] = Path("counts.csv"),
    camera: Annotated[str | None, typer.Option(metavar="ID", help="Whose recording it is.")] = None,
    visits: Annotated[bool, typer.Option("--visits", help="Note visits instead of counts.")] = False,
    moments: Annotated[int, typer.Option(help="How many moments.", min=1, max=5000)] = 60,
    seed: Annotated[int, typer.Option(help="Same seed, same moments: for a second counter.", min=0)] = 1,
    seal: Annotated[float, typer.Option(help="Share of the moments that is sealed.", min=0.0, max=1.0)] = 0.0,
    owner_key: Annotated[Path | None, typer.Option(metavar="FILE.pub", help="The owner's public key.")] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Another's counts: agreement with --out.")
    ] = None,
    new_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Make the owner's pair of keys.")] = None,
    open_with: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The owner's private key: score OUT.sealed against --replay.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 8503,
) -> None:
    """Counts chosen moments of a recording by hand.

    A page on this machine shows them without the machine's numbers.
    """
    if new_key is not None:
        _new_key(new_key)
    elif site is None:
        raise InputError("count: SITE.toml is missing; `linewise count --help` shows the ways")
    elif compare is not None:
        typer.echo(_agreement(site, out, compare))
    elif open_with is not None:
        typer.echo(_sealed_score(site, out, open_with, replay))
    else:
        if recording is None or not recording.is_file():
            raise InputError(f"count: there is no recording {recording}" if recording else "count: VIDEO is missing")
        word = _word(site, recording, camera, visits=visits, out=out)
        if not visits:
            chosen = _moments(replay, moments, seed, seal, owner_key)
            word = replace(word, moments=chosen, owner_key="" if owner_key is None else str(owner_key.absolute()))
        _serve(word, port)


def _new_key(path: Path) -> None:
    from calibration.sealing import new_key

    public = new_key(path)
    typer.echo(f"{path}: keep it where engineers can't read it. {public}: give it to who counts (--owner-key).")


def _word(site: Path, recording: Path, camera: str | None, *, visits: bool, out: Path) -> "ToCount":
    from calibration.app.told import ToCount

    loaded = load_site(site, sources="any", broker="any")
    ids = [c.id for c in loaded.cameras]
    if camera is None and len(ids) > 1:
        raise InputError(f"count: the site has several cameras ({', '.join(ids)}); say whose recording: --camera ID")
    if camera is not None and camera not in ids:
        raise InputError(f"--camera {camera}: no such camera; the site has {', '.join(ids)}")
    if not out.absolute().parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}")
    return ToCount(str(site.absolute()), str(recording.absolute()), camera or ids[0], str(out.absolute()), visits)


def _moments(replay: Path | None, wanted: int, seed: int, share: float, owner_key: Path | None) -> "tuple[Moment, ...]":
    from calibration.moments import choose, readings_of

    if replay is None:
        raise InputError(
            "count: give --replay DIR (linewise replay VIDEO --site SITE.toml --out DIR): moments come from it"
        )
    if share > 0 and owner_key is None:
        raise InputError("--seal needs the owner's public key: --owner-key FILE.pub (made by --new-key)")
    chosen = choose(readings_of(replay / "readings.jsonl"), wanted, np.random.default_rng(seed), sealed_share=share)
    if not chosen:
        raise InputError(f"{replay}: no reading in it, so there is no moment to count")
    return tuple(chosen)


def _serve(word: "ToCount", port: int) -> None:
    from calibration.app.serve import serve
    from calibration.app.told import tell

    tell(word)
    typer.echo(f"Count at http://127.0.0.1:{port}; every count is kept at once (Ctrl-C ends it)", err=True)
    serve("count_page.py", port=port)


def _agreement(site: Path, one: Path, two: Path) -> str:
    from calibration.agreement import agreement
    from calibration.truth import load

    ids = [q.id for q in load_site(site, sources="any", broker="any").queues]
    found = agreement(load([one], ids).counts, load([two], ids).counts)
    if found is None:
        raise InputError(f"{one} and {two}: no moment was counted in both; use the same --seed and --moments")
    alpha = "not defined (all counts are equal)" if found.alpha is None else f"{found.alpha:.3f}"
    return (
        f"{found.n} moments counted by both: the same on {found.exact:.0%}, {found.mae:.2f} people apart on average, "
        f"Krippendorff's alpha (interval) {alpha}"
    )


def _sealed_score(site: Path, out: Path, key: Path, replay: Path | None) -> str:
    from calibration.moments import readings_of
    from calibration.sealed_score import sealed_score

    if replay is None:
        raise InputError("--open-with needs --replay DIR: whose readings are scored")
    ids = [q.id for q in load_site(site, sources="any", broker="any").queues]
    return sealed_score(out.with_name(out.name + ".sealed"), key, ids, readings_of(replay / "readings.jsonl"))
