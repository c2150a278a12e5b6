"""How large a picture is, from its header alone where Pillow is installed."""

from pathlib import Path

import cv2

TURNED = {5, 6, 7, 8}  # EXIF orientations that swap width and height; OpenCV obeys them when it decodes


def picture_size(path: Path) -> tuple[int, int] | None:
    """(width, height) px as decoded, or None where it is no picture."""
    try:
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  comes with torchvision; evaluation does without
    except ImportError:
        image = cv2.imread(str(path))
        return None if image is None else (image.shape[1], image.shape[0])
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            turned = picture.getexif().get(0x0112) in TURNED
    except (UnidentifiedImageError, OSError):
        return None
    return (height, width) if turned else (width, height)
