"""`linewise clean`: suspicious labels found, shown and mended."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detector.runtime.manifest import DEFAULT_MODEL
from linewise.train_commands import guarded, needs_torch

if TYPE_CHECKING:
    from detector.cleaning.clean import Cleaned

SEED = 0


def clean(
    *,
    data: Annotated[
        Path, typer.Option(help="folder with a train part, or one label file (any format that train takes)")
    ],
    out: Annotated[Path, typer.Option(help="folder for train.json, val.json, report.html and suspects.json")],
    model: Annotated[
        str, typer.Option(help="the detector that is asked: n, m, s, or a folder of exported weights")
    ] = DEFAULT_MODEL,
    rounds: Annotated[int, typer.Option(min=1, help="at most so many; it ends when a round finds nothing new")] = 5,
    identities: Annotated[
        bool, typer.Option(help="cluster crops by an ArcFace embedding trained on these people; takes minutes longer")
    ] = False,
    posters: Annotated[
        bool, typer.Option(help="set aside what looks the same at the same place in many pictures, not only show it")
    ] = False,
) -> None:
    """Finds suspicious labels, writes a mended copy and a report.

    Doubles, empty and shifted boxes, posters and missed people. `linewise train --data OUT` takes the result. The
    pictures stay where they are, and so do the labels; the report holds crops of people.
    """
    needs_torch()
    cleaned = guarded(lambda: _clean(data, out, model, rounds=rounds, posters=posters, identities=identities))
    for kind, count in cleaned.counts().items():
        typer.echo(f"{kind:8} {count:6}")
    people = sum(int((picture.people.weights > 0).sum()) for picture in cleaned.before)
    typer.echo(
        f"{len(cleaned.suspects)} suspicious boxes among {people} people in {cleaned.rounds} rounds; "
        f"look at {out / 'report.html'}, then: linewise train --data {out}"
    )


def _clean(data: Path, out: Path, model: str, *, rounds: int, posters: bool, identities: bool) -> "Cleaned":
    import numpy as np

    from detector.cleaning.clean import clean as run_cleaning
    from detector.cleaning.embedding import Embedder
    from detector.cleaning.identity import person_views, train_identity
    from detector.cleaning.report import write_report
    from detector.data.people_json import write_people_json
    from detector.data.readers import read_parts
    from detector.training.pretrained import imagenet_state
    from linewise.train_commands import open_model

    pictures, val = read_parts(data)
    detector = open_model(model, runtime="auto", score_threshold=0.02)
    embedder = Embedder(imagenet_state())
    rng = np.random.default_rng(SEED)
    show = sys.stderr.isatty()
    identity = None
    if identities:
        identity = train_identity(person_views(pictures, embedder, rng, progress=show), seed=SEED)
    cleaned = run_cleaning(
        pictures, detector, embedder, rounds=rounds, rng=rng, identity=identity, still_aside=posters, progress=show
    )
    out.mkdir(parents=True, exist_ok=True)
    write_people_json(out / "train.json", cleaned.pictures)
    if val:
        write_people_json(out / "val.json", val)  # as it was: scores stay comparable
    write_report(out / "report.html", cleaned, str(data))
    (out / "suspects.json").write_text(json.dumps(_rows(cleaned), indent=1) + "\n", encoding="utf-8")
    return cleaned


def _rows(cleaned: "Cleaned") -> list[dict[str, object]]:
    """The suspects as plain data."""
    return [
        {
            "file": cleaned.before[cleaned.table.picture[s.row]].file,
            "box": cleaned.table.boxes[s.row].round(1).tolist(),
            "kind": s.kind,
            "action": s.action,
            "to": s.box.round(1).tolist(),
            "detector": round(s.support, 3),
            "crop": round(s.chance, 3),
            "cluster": round(s.cluster, 3),
            "round": s.round,
        }
        for s in cleaned.suspects
    ]


def register(app: typer.Typer) -> None:
    """Adds `clean` to the command."""
    app.command()(clean)
