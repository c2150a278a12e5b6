"""`linewise formats` and `linewise parity`: a shipped model in more forms, and whether all say the same."""

from pathlib import Path
from typing import Annotated

import typer

from detector.runtime.manifest import DEFAULT_MODEL
from linewise.train_commands import guarded, needs_torch


def formats(
    data: Annotated[Path, typer.Option(help="labelled pictures: calibration on the train part, the gate on val")],
    weights: Annotated[Path, typer.Option(help="folder with manifest.json; the files are written there")],
    name: Annotated[str, typer.Option(help="name of the model in the manifest")] = DEFAULT_MODEL,
) -> None:
    """Writes a model in further forms, from its FP32 graph.

    FP16 and symmetric INT8 ONNX for TensorRT, and torch.export's file. A file that loses more than one AP50 point is
    refused, the others are written; exit code 1 when no ONNX passes.
    """
    needs_torch()
    from detector.data.readers import read_parts
    from detector.formats import write_formats

    written = guarded(lambda: write_formats(weights, name, *read_parts(data)))
    for key, path in written.paths.items():
        score = f"AP50 {written.ap50[key]:.3f} (FP32 {written.ap50['fp32']:.3f})" if key in written.ap50 else ""
        typer.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB  {score}".rstrip())
    for key, why in written.refused.items():
        typer.echo(f"{name}-{key}.onnx is refused, and not in the manifest: {why}", err=True)
    if not any(path.suffix == ".onnx" for path in written.paths.values()):
        raise typer.Exit(1)


def parity(
    labels: Annotated[Path, typer.Argument(help="labelled pictures; the labels are not used")],
    weights: Annotated[Path | None, typer.Option(help="folder with manifest.json; the shipped one if left out")] = None,
    name: Annotated[str, typer.Option(help="name of the model in the manifest")] = DEFAULT_MODEL,
    pictures: Annotated[int, typer.Option(min=1, help="how many, spread over the file")] = 50,
) -> None:
    """Compares every form of a model with PyTorch.

    On the same pictures; exit code 1 when one in float32 differs.
    """
    needs_torch()
    from detector.data.readers import read_labels
    from detector.parity import compare
    from detector.runtime.manifest import WEIGHTS_DIR

    def work() -> bool:
        every = read_labels(labels)
        chosen = every[:: max(1, len(every) // pictures)][:pictures]
        forms = compare(weights or WEIGHTS_DIR, name, chosen)
        typer.echo(f"{len(chosen)} pictures{'':16}people  pictures that differ  largest score difference   ms")
        for form in forms:
            verdict = ("equal" if form.holds else "DIFFERS") if form.exact else ""
            typer.echo(
                f"{form.name:26}{form.people:8}{form.pictures_off:22}{form.score_off:26.5f}{form.ms:5.0f} {verdict}"
            )
        return all(form.holds for form in forms)

    if not guarded(work):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Adds the two commands."""
    app.command()(formats)
    app.command()(parity)
