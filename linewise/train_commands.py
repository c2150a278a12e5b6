"""The detector's commands: train, export, evaluate, bench."""

import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from detector.runtime.manifest import DEFAULT_MODEL
from edge.errors import InputError

FINETUNE_EPOCHS = 8
FIGURES = (
    *("ap50", "ap50_95", "coco_ap50", "mr2", "ap_dense"),  # NaN becomes null
    *("people", "recall", "count_error", "count_bias", "ms"),
)
PRECISE = ("openvino-int8", "onnx-int8", "openvino-fp32", "onnx-fp32")


def train(  # noqa: PLR0913, PLR0917  typer makes options of them
    data: Annotated[
        Path,
        typer.Option(help="labelled pictures: people or COCO json, CrowdHuman odgt, YOLO, MOT; see docs/training.md"),
    ],
    out: Annotated[Path, typer.Option(help="folder of the run; an interrupted run continues there")],
    recipe: Annotated[
        str, typer.Option(help="n; with --start: n-narrow, n-quick, n-quick-lines, s; for trying: tiny")
    ] = "n",
    epochs: Annotated[int, typer.Option(help="instead of the recipe's; 0: the recipe's")] = 0,
    teacher: Annotated[Path | None, typer.Option(help="boxes of a teacher on the same pictures (json)")] = None,
    extra: Annotated[list[Path] | None, typer.Option(help="more label files to train on; may be given often")] = None,
    start: Annotated[Path | None, typer.Option(help="a run to start from; a wider network is narrowed")] = None,
    guide: Annotated[
        Path | None, typer.Option(help="a run whose network guides n-quick's recipes; else --start does")
    ] = None,
    lines: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="share of pictures that get a composed line of people; needs masks/"),
    ] = None,
    cache: Annotated[Path, typer.Option(help="folder for decoded pictures")] = Path(".cache"),
    precision: Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16")] = "auto",
    from_: Annotated[
        str, typer.Option("--from", help="fine-tune: shipped, shipped:NAME, a folder of weights, or a run")
    ] = "",
    keep: Annotated[float, typer.Option(help="with --from: how much the old counts, 0 to below 1")] = 0.5,
    replay: Annotated[Path | None, typer.Option(help="with --from: old labelled pictures, if you have some")] = None,
    compare: Annotated[bool, typer.Option(help="with --from: also without keeping anything, for the table")] = False,
) -> None:
    """Trains a detector, or fine-tunes one at a new site (--from).

    An interrupted run is continued by the same command. OMP_NUM_THREADS limits its threads. Several processes:
    torchrun --nproc-per-node 2 -m linewise train ...
    """
    needs_torch()
    if from_:
        request = {"start": from_, "site": data, "out": out, "cache": cache}
        _finetune(request | {"keep": keep, "replay": replay, "epochs": epochs or FINETUNE_EPOCHS, "compare": compare})
        return
    from detector.training.recipes import RECIPES, Recipe
    from detector.training.run import Run
    from detector.training.train import train as run_training

    if recipe not in RECIPES:
        _refuse(f"no recipe is called {recipe!r}; there are: {', '.join(RECIPES)}")
    chosen: Recipe = RECIPES[recipe].with_epochs(epochs) if epochs > 0 else RECIPES[recipe]
    chosen = chosen if lines is None else chosen.with_lines(lines)
    run = Run(data, out, cache, teacher, tuple(extra or ()), start, guide, precision=precision)
    rows = guarded(lambda: run_training(chosen, run))
    told = f"trained to epoch {chosen.epochs}" if rows else f"was trained to epoch {chosen.epochs} before"
    score = rows[-1].get("val_ap50") if rows else None
    typer.echo(f"{told}{'' if score is None else f'; AP50 on val.json {score:.3f}'}; {out}")


def _finetune(words: dict[str, Any]) -> None:
    """Fine-tunes, then prints the table of scores."""
    from detector.training.finetune import Request, finetune

    rows = guarded(lambda: finetune(Request(**words)))
    typer.echo(f"{'AP50':24}{'site':>8}{'old data':>10}")
    for row in rows:
        numbers = ["-" if value is None else f"{value:.3f}" for value in (row.site_ap50, row.old_ap50)]
        typer.echo(f"{row.name:24}{numbers[0]:>8}{numbers[1]:>10}")
    if words["replay"] is None:
        typer.echo("old data: name some with --replay to see what is kept (and to keep more)")
    typer.echo(f'linewise export --run {words["out"]} makes it ready to use, as [detector] model = "./FOLDER"')


def export(  # noqa: PLR0917  typer makes options of them
    run: Annotated[Path, typer.Option(help="folder of a training run")],
    data: Annotated[Path, typer.Option(help="folder with train.json (calibration) and val.json (the accuracy gate)")],
    out: Annotated[Path, typer.Option(help="folder for the graphs and manifest.json")],
    name: Annotated[str, typer.Option(help="name of the model in the manifest")] = "n",
    score_threshold: Annotated[float, typer.Option(help="working threshold to write down")] = 0.4,
    duplicate_iou: Annotated[
        float, typer.Option(help="IoU at which two boxes are one person; doubt begins at 0.4")
    ] = 0.7,
    all_formats: Annotated[bool, typer.Option("--all", help="also FP16, INT8 for TensorRT, torch.export")] = False,
) -> None:
    """Exports a run to ONNX (FP32 and INT8), scores both.

    Writes their manifest too: the folder is then ready for [detector] model.
    """
    needs_torch()
    from detector.shipping import Shipment, ship

    shipment = Shipment(run, data, out, name, score_threshold=score_threshold, duplicate_iou=duplicate_iou)
    entry = guarded(lambda: ship(shipment))
    for precision, scores in entry["scores"].items():
        typer.echo(f"{precision}: AP50 {scores['ap50']['all']:.3f} on val.json")
    if all_formats:
        from linewise.format_commands import formats

        formats(data, out, name)


def evaluate(  # noqa: PLR0917  typer makes options of them
    labels: Annotated[Path, typer.Argument(help="labelled pictures, in any format that train takes")],
    model: Annotated[
        str, typer.Option(help="name in the manifest (n, m, s), or a folder of exported weights")
    ] = DEFAULT_MODEL,
    runtime: Annotated[str, typer.Option(help="auto, openvino, onnx, tensorrt, or runtime-precision")] = "auto",
    weights: Annotated[Path | None, typer.Option(help="folder with manifest.json; the shipped one if left out")] = None,
    detections_out: Annotated[Path | None, typer.Option(help="writes {file: {boxes, scores}} as json")] = None,
    page: Annotated[
        Path | None, typer.Option(help="page of the worst pictures (default out/evaluation.html; none with --json)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="prints one JSON object")] = False,
) -> None:
    """Scores a model on labelled pictures.

    AP, miss rate, recall by size and occlusion, count error, time. Writes a page with the worst pictures: it shows
    people.
    """
    from detector.data.readers import read_labels
    from detector.evaluation.evaluate import evaluate as score
    from detector.evaluation.page import write_page
    from detector.runtime.score_scale import WORKING_SCORE

    def work() -> Any:
        pictures = read_labels(labels)
        detector = open_model(model, runtime=runtime, score_threshold=0.003, weights=weights)
        show = sys.stderr.isatty() and not as_json
        return pictures, detector.name, score(detector, pictures, threshold=WORKING_SCORE, progress=show)

    pictures, name, result = guarded(work)
    if detections_out is not None:
        rows = {
            file: {"boxes": seen.boxes.round(2).tolist(), "scores": seen.scores.round(5).tolist()}
            for file, seen in result.detections.items()
        }
        detections_out.write_text(json.dumps(rows), encoding="utf-8")
    if as_json:
        values = {key: _without_nan(getattr(result, key)) for key in FIGURES}
        typer.echo(json.dumps({"model": model, "runtime": name, **values}))
    lines = evaluation_table(result, name)
    if not as_json:
        typer.echo("\n".join(lines))
    if page is not None or not as_json:
        place = page or Path("out") / "evaluation.html"
        write_page(place, result, pictures, name=f"{model} on {name}", threshold=WORKING_SCORE, table=lines)
        typer.echo(f"the worst pictures: {place}", err=as_json)


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: the AP of pictures without people is null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124  only NaN differs from itself


def evaluation_table(result: Any, name: str) -> list[str]:
    """The lines that people read."""
    from detector.runtime.score_scale import WORKING_SCORE

    lines = [f"{source:10} people {result.people[source]:5} AP50 {ap:.3f}" for source, ap in result.ap50.items()]
    if _without_nan(result.ap50_95) is not None:
        lines.append(f"AP50:95 {result.ap50_95:.3f}, AP50 {result.coco_ap50:.3f} (COCO's, from faster-coco-eval)")
    else:
        lines.append("AP50:95: needs people and faster-coco-eval (pip install faster-coco-eval)")
    lines.append(f"MR-2 {result.mr2:.3f} (log-average miss rate; lower is better)")
    lines.append(f"dense lines alone: AP50 {result.ap_dense:.3f}")
    lines.append(f"at the working threshold, told as {WORKING_SCORE}:")
    lines += [f"  recall {group:18} {share:.3f}" for group, share in result.recall.items()]
    lines.append(f"  count error a picture {result.count_error:.2f} (bias {result.count_bias:+.2f})")
    lines.append(f"{name}: {result.ms:.1f} ms a picture")
    return lines


def bench(
    model: Annotated[str, typer.Option(help="name in the manifest")] = DEFAULT_MODEL,
    weights: Annotated[Path | None, typer.Option(help="folder with manifest.json; the shipped one if left out")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads of each detector")] = 1,
    rounds: Annotated[int, typer.Option(help="pictures timed on each runtime")] = 100,
) -> None:
    """Times every runtime on this machine.

    On a picture of noise at 1280x720: the graph alone, and with letterbox and duplicates.
    """
    import numpy as np

    from detector.runtime.errors import DetectorError
    from detector.runtime.manifest import WEIGHTS_DIR, read_model
    from detector.runtime.open import open_detector

    guarded(lambda: read_model(weights or WEIGHTS_DIR, model))  # a wrong name is told once, not by every runtime
    image = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    for choice in PRECISE:
        try:
            detector: Any = open_detector(choice, weights_dir=weights, model=model, threads=threads)
        except DetectorError as error:
            typer.echo(f"{choice:14} {error}")
            continue
        width, height = detector.working.canvas
        canvas = np.ascontiguousarray(image[:height, :width])[None]
        graph_ms = _median_ms(functools.partial(detector.session.run, canvas), rounds)
        whole_ms = _median_ms(functools.partial(detector.detect, image, 0.0), rounds)
        typer.echo(f"{choice:14} graph {graph_ms:6.2f} ms   whole picture {whole_ms:6.2f} ms   ({threads} thread)")
        detector.close()


def register(app: typer.Typer) -> None:
    """Adds the detector's commands."""
    for command in (train, export, evaluate, bench):
        app.command()(command)


def _median_ms(call: Callable[[], Any], rounds: int) -> float:
    for _ in range(10):
        call()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
    return sorted(times)[len(times) // 2]


def guarded(work: Callable[[], Any]) -> Any:
    """Runs it; what is wrong with the input is told in a line, with exit code 2."""
    from detector.data.pictures import DataError
    from detector.runtime.errors import DetectorError

    faults: tuple[type[Exception], ...] = (DataError, DetectorError)
    if "torch" in sys.modules:
        from detector.export import ExportError
        from detector.training.checkpoint import TrainingError

        faults += (ExportError, TrainingError)
    try:
        return work()
    except faults as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        typer.echo("stopped; the same command continues", err=True)
        raise typer.Exit(130) from None


def open_model(model: str, *, runtime: str, score_threshold: float, weights: Path | None = None) -> Any:
    """A detector by name in the manifest, or by the folder of exported weights that holds one model."""
    from detector.runtime.manifest import MANIFEST
    from detector.runtime.open import open_detector

    if weights is None and (Path(model) / MANIFEST).exists():
        model = str(Path(model).absolute())  # a folder, also without a / in it
    return open_detector(runtime, weights_dir=weights, model=model, score_threshold=score_threshold)


def needs_torch() -> None:
    """Refuses in words where the training extra is missing."""
    try:
        import torch  # noqa: F401
        import torchvision  # noqa: F401
    except ImportError as error:
        _refuse(f"this command needs the training extra ({error}): pip install -e .[train]")


def _refuse(message: str) -> NoReturn:
    raise InputError(message)
