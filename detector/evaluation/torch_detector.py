"""A network in PyTorch scored on labelled pictures, as it would be deployed: letterbox, top-k, duplicates removed."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from detector.data.cache import PictureCache
from detector.data.pictures import People, Picture
from detector.evaluation.ap import Scored, average_precision, match
from detector.evaluation.occlusion import LEVELS, hidden_shares
from detector.model.network import normalise
from detector.runtime.duplicates import without_duplicates
from detector.runtime.letterbox import letterbox

LEAST_SCORE = 0.01
SAME_IOU = 0.6
TOP = 300
BATCH = 8


@torch.no_grad()
def torch_scores(
    network: nn.Module, pictures: list[Picture], cache: PictureCache, *, canvas: tuple[int, int], bf16: bool
) -> dict[str, float]:
    """Person AP50 in all ("all"), by source, and by how much others hide (occlusion.LEVELS)."""
    network.eval()
    rows: dict[str, Scored] = {}
    people: dict[str, int] = {}
    for start in range(0, len(pictures), BATCH):
        index = range(start, min(start + BATCH, len(pictures)))
        boxed = [letterbox(cache.picture(i), canvas) for i in index]
        batch = normalise(torch.from_numpy(np.stack([image for image, _ in boxed])))
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits, boxes = network(batch.contiguous(memory_format=torch.channels_last))
        scores, order = logits.float().sigmoid().topk(min(TOP, logits.shape[1]))
        boxes = boxes.float().gather(1, order[..., None].expand(-1, -1, 4))
        for i, (_, box), score, places in zip(index, boxed, scores.numpy(), boxes.numpy(), strict=True):
            keep = without_duplicates(places, score, SAME_IOU)
            keep = keep[score[keep] >= LEAST_SCORE]
            whole = _scaled(pictures[i].people, cache.scales[i])
            for key, truth in {"all": whole, pictures[i].source: whole, **_by_level(whole)}.items():
                found, _ = match(box.to_picture(places[keep]), score[keep], truth)
                rows.setdefault(key, []).extend(found)
                people[key] = people.get(key, 0) + int((truth.weights > 0).sum())
    return {key: average_precision(rows[key], people[key]) for key in sorted(rows)}


def _scaled(people: People, scale: float) -> People:
    return People(people.boxes * scale, people.weights, people.heads * scale, people.head_weights)


def _by_level(people: People) -> dict[str, People]:
    """The same people once a level of occlusion, whoever is of another level neither right nor wrong."""
    hidden = hidden_shares(people.boxes)
    return {
        level: replace(
            people, weights=np.where((hidden >= low) & (hidden < high), people.weights, 0).astype(np.float32)
        )
        for level, (low, high) in LEVELS.items()
    }
