"""Faults of label files, collected: an annotator wants the whole list, not the first line of it."""

from detector.data.pictures import DataError

MOST_TOLD = 20


class Faults:
    """What is wrong with one label file.

    Args:
        file: the label file or folder, as people know it.
    """

    def __init__(self, file: object) -> None:
        self.file, self.found = str(file), list[str]()

    def add(self, where: str, fault: str) -> None:
        """Notes one fault; `where` names picture and box."""
        self.found.append(f"{where}: {fault}" if where else fault)

    def stop_if_any(self) -> None:
        """Raises DataError with all of them (the first twenty in words)."""
        if not self.found:
            return
        if len(self.found) == 1:
            raise DataError(f"{self.file}: {self.found[0]}")
        more = len(self.found) - MOST_TOLD
        lines = [f"{self.file}: {len(self.found)} faults:", *self.found[:MOST_TOLD]]
        raise DataError("\n  ".join(lines + ([f"... and {more} more"] if more > 0 else [])))


def box_fault(box: object) -> str | None:
    """What is wrong with [x, y, width, height] in pixels, or None."""
    if not isinstance(box, list | tuple) or len(box) != 4 or not all(_is_number(v) for v in box):
        return f"should be [x, y, width, height] in pixels, got {box!r}"
    if not all(abs(v) < 1e7 for v in box) or box[2] <= 0 or box[3] <= 0:  # NaN is not below 1e7 either
        return f"width and height must be above 0, got {box!r}; drop or mend the box"
    return None


def outside_fault(box: list[float], size_px: tuple[int, int]) -> str | None:
    """What is wrong with where [x, y, width, height] lies in a picture of (width, height), or None."""
    x, y, width, height = box
    if x >= size_px[0] or y >= size_px[1] or x + width <= 0 or y + height <= 0:
        return f"lies outside the picture of {size_px[0]}x{size_px[1]}, got {box!r}; drop or mend the box"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
