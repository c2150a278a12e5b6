"""What the head branch, the teacher and cleaned labels bring.

`python -m tests.bench.ablation PEOPLE --out runs/ablation --teacher teacher.json`

Short runs in pairs: every arm has the same seeds, so that the same pictures come in the same order under the same
changes, and only what the arm is about is different. A run that is done is not done again; `--table` prints what is
there: the mean of the paired differences in AP50 and its 95 % interval (Student's t), in all and by how much others
hide.
"""

import argparse
import json
import statistics
from dataclasses import replace
from pathlib import Path

from scipy import stats

from detector.data.cache import open_cache
from detector.data.pictures import Picture
from detector.data.readers import read_labels
from detector.evaluation.occlusion import LEVELS
from detector.evaluation.torch_detector import torch_scores
from detector.training.checkpoint import averaged_network
from detector.training.recipes import RECIPES, Recipe
from detector.training.run import Run
from detector.training.train import train

SHORT = replace(
    RECIPES["n"],
    canvas=(256, 160),
    epochs=1,
    batch=8,
    rate=7e-4,
    trunk_rate=2e-4,
    warm_up_steps=60,
    ema_decay=0.99,
    plain_epochs=0,
    evaluate_every=1,
)
ARMS = ("whole", "no-head-branch", "no-teacher", "cleaned", "lines")
COMPOSED = 0.3  # share of pictures with a composed line of people, as `linewise train --lines` has it


def main() -> None:
    """Trains what is missing, seed by seed, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with train.json and val.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache"))
    parser.add_argument("--teacher", type=Path, help="boxes of a teacher; without it the arm no-teacher is left out")
    parser.add_argument("--cleaned", type=Path, help="data after `linewise clean`; without it that arm is left out")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--table", action="store_true", help="print only")
    options = parser.parse_args()
    arms = [
        arm
        for arm in ARMS
        if (arm != "cleaned" or options.cleaned is not None) and (arm != "no-teacher" or options.teacher is not None)
    ]
    for seed in range(0 if options.table else options.seeds):
        for arm in arms:
            one_run(arm, seed, options)
    table(options)


def one_run(arm: str, seed: int, options: argparse.Namespace) -> None:
    """Trains one arm with one seed; an unfinished run goes on where it was."""
    recipe: Recipe = replace(SHORT, seed=seed, head_branch=arm != "no-head-branch")
    if arm == "lines":
        recipe = replace(recipe, augmentation=replace(recipe.augmentation, lines=COMPOSED))
    run = Run(
        data=options.cleaned if arm == "cleaned" else options.data,
        out=options.out / f"{arm}-{seed}",
        cache=options.cache,
        teacher=None if arm == "no-teacher" else options.teacher,
    )
    train(recipe, run)


def scored(run: Path, options: argparse.Namespace, val: list[Picture]) -> dict[str, float]:
    """AP50 of a finished run, in all and by level of occlusion; kept beside the run, as it takes a while."""
    path = run / "levels.json"
    if not path.exists():
        cache = open_cache(val, options.cache)
        scores = torch_scores(averaged_network(run), val, cache, canvas=SHORT.canvas, bf16=True)
        path.write_text(json.dumps({key: scores[key] for key in ("all", *LEVELS)}), encoding="utf-8")
    found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return found


def table(options: argparse.Namespace) -> None:
    """AP50 of every arm, and what the whole brings over each of the others."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    val = read_labels(options.data / "val.json")
    for log in sorted(options.out.glob("*/log.jsonl")):
        arm, _, seed = log.parent.name.rpartition("-")
        found.setdefault(arm, {})[int(seed)] = scored(log.parent, options, val)
    for level in ("all", *LEVELS):
        print(f"{level}:")
        for arm, by_seed in found.items():
            mean = statistics.mean(scores[level] for scores in by_seed.values())
            told = "" if arm == "whole" else paired(found.get("whole", {}), by_seed, level)
            print(f"  {arm:15} AP50 {mean:.4f} over {len(by_seed)} seeds{told}")


def paired(whole: dict[int, dict[str, float]], arm: dict[int, dict[str, float]], level: str) -> str:
    """Whole minus arm over the seeds that both have."""
    pairs = [whole[seed][level] - scores[level] for seed, scores in arm.items() if seed in whole]
    if len(pairs) < 2:
        return ""
    half = stats.t.ppf(0.975, len(pairs) - 1) * statistics.stdev(pairs) / len(pairs) ** 0.5
    mean = statistics.mean(pairs)
    return f"; whole brings {mean:+.4f}, 95 % [{mean - half:+.4f}, {mean + half:+.4f}], {len(pairs)} pairs"


if __name__ == "__main__":
    main()
