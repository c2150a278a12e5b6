"""A small data set that is drawn here, and small networks."""

import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from detector.export import to_onnx
from detector.model.network import Network, build_network

torch.set_num_threads(1)  # networks this small gain nothing by more, and two workers' threads only wait for each other

COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200)]


def draw(folder: Path, name: str, count: int, seed: int) -> None:
    """Pictures of coloured rectangles ("people") with a people json `name`.json."""
    rng = np.random.default_rng(seed)
    images = []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for index in range(count):
        image = rng.integers(90, 130, (72, 100, 3), dtype=np.uint8)
        people = []
        for colour in COLOURS[: int(rng.integers(1, 4))]:
            x, y = int(rng.integers(0, 70)), int(rng.integers(0, 30))
            image[y : y + 40, x : x + 16] = colour
            head = [x + 4, y, 8, 10] if len(people) == 0 else None
            people.append(
                {"bbox": [x, y, 16, 40], "ignore": 0, "head_bbox": head, "head_by": "human" if head else None}
            )
        file = f"images/{name}_{index}.png"
        cv2.imwrite(str(folder / file), image)
        images.append({"file": file, "width": 100, "height": 72, "source": "drawn", "people": people})
    (folder / f"{name}.json").write_text(json.dumps({"images": images}), encoding="utf-8")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with train.json (8 pictures) and val.json (4)."""
    folder = tmp_path_factory.mktemp("drawn")
    draw(folder, "train", 8, 0)
    draw(folder, "val", 4, 1)
    return folder


@pytest.fixture
def tiny() -> Network:
    """A small network with random weights, in evaluation mode."""
    torch.manual_seed(3)
    network = build_network("tiny")
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    """A small network and its FP32 file for a canvas of 96x64: one export for several promises."""
    torch.manual_seed(3)
    network = build_network("tiny").eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    path = tmp_path_factory.mktemp("exported") / "a.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        to_onnx(network, (96, 64), path)
    return network, path
