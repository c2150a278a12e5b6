"""All pictures of a data set decoded once into one flat file, so that an epoch costs no decoding."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from detector.data.faults import Faults
from detector.data.pictures import DataError, Picture

MAX_SIDE_PX = 480  # larger pictures are shrunk: the network's canvas is smaller still


class PictureCache:
    """Decoded pictures by index.

    Args:
        pixels: flat uint8 memory map of all pictures, RGB.
        shapes: (height, width) of each picture as stored.
        offsets: where each starts in `pixels`.
        scales: stored pixels per labelled pixel of each.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        *,
        shapes: list[tuple[int, int]],
        offsets: list[int],
        scales: list[float],
    ) -> None:
        self.pixels, self.shapes, self.offsets, self.scales = pixels, shapes, offsets, scales

    def __len__(self) -> int:
        return len(self.shapes)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB; a view, do not write into it."""
        height, width = self.shapes[index]
        start = self.offsets[index]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)


def read_picture(picture: Picture) -> NDArray[np.uint8]:
    """Decodes one file: (H, W, 3) uint8 RGB."""
    image = cv2.imread(str(picture.path))
    if image is None:
        raise DataError(f"{picture.path}: is missing or no picture; the labels name it as {picture.file}")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def open_cache(pictures: list[Picture], folder: Path) -> PictureCache:
    """The cache of these pictures in `folder`; made when it is not there yet."""
    key = hashlib.sha256("\n".join(str(picture.path) for picture in pictures).encode()).hexdigest()[:16]
    pixels_path, index_path = folder / f"pictures-{key}.bin", folder / f"pictures-{key}.json"
    if not index_path.exists():
        faults = Faults("pictures")
        for picture in pictures:
            if not picture.path.exists():
                faults.add(str(picture.path), f"is missing; the labels name it as {picture.file}")
        faults.stop_if_any()
        folder.mkdir(parents=True, exist_ok=True)
        _fill(pictures, pixels_path, index_path)
    index = json.loads(index_path.read_text(encoding="utf-8"))
    shapes = [(height, width) for height, width in index["shapes"]]
    pixels = np.memmap(pixels_path, np.uint8, "r")
    return PictureCache(pixels, shapes=shapes, offsets=index["offsets"], scales=index["scales"])


def _fill(pictures: list[Picture], pixels_path: Path, index_path: Path) -> None:
    shapes, offsets, scales, offset = [], [], [], 0
    with pixels_path.open("wb") as file:
        for picture in tqdm(pictures, desc="decoding pictures", unit="picture"):
            image: NDArray[Any] = read_picture(picture)
            scale = min(1.0, MAX_SIDE_PX / max(image.shape[:2]))
            if scale < 1.0:
                image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            file.write(image.tobytes())
            shapes.append(image.shape[:2])
            offsets.append(offset)
            scales.append(image.shape[1] / picture.size_px[0])
            offset += image.size
    part = index_path.with_suffix(".part")
    part.write_text(json.dumps({"shapes": shapes, "offsets": offsets, "scales": scales}), encoding="utf-8")
    os.replace(part, index_path)
