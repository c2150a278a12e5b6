"""The page of an evaluation: its figures and the worst pictures, one self-contained HTML file. It shows people."""

import base64
import html
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.data.cache import read_picture
from detector.data.pictures import Picture
from detector.evaluation.ap import match
from detector.evaluation.evaluate import Evaluation
from detector.runtime.detections import Detections

WORST = 36
MOST_SIDE_PX = 480
FOUND, MISSED, WRONG, IGNORED = (0, 190, 0), (230, 30, 30), (255, 150, 0), (150, 150, 150)
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left}figure{display:inline-block;margin:6px;vertical-align:top;max-width:340px}
img{width:340px;display:block}figcaption{font-size:12px;overflow-wrap:anywhere}"""


def write_page(
    path: Path, result: Evaluation, pictures: list[Picture], *, name: str, threshold: float, table: list[str]
) -> None:
    """Writes the page.

    Args:
        path: of the file; its folder is made.
        result: of the evaluation, with its detections.
        pictures: that were looked at.
        name: of the detector.
        threshold: at which boxes count as people.
        table: the lines of the command's table.
    """
    errors = [(_mistakes(result.detections[p.file], p, threshold), index) for index, p in enumerate(pictures)]
    worst = sorted(errors, key=lambda row: (-sum(row[0]), row[1]))[:WORST]
    figures = "".join(
        _figure(pictures[index], result.detections[pictures[index].file], threshold, mistakes)
        for mistakes, index in worst
        if sum(mistakes)
    )
    lines = html.escape("\n".join(table))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Evaluation of {html.escape(name)}</title>"
        f"<style>{STYLE}</style><h1>Evaluation of {html.escape(name)}</h1><p>{len(pictures)} pictures. This page shows "
        f"people: treat it like the pictures themselves.</p><pre>{lines}</pre><h2>The worst pictures</h2>"
        "<p>Most people missed and boxes that are no people, at the working threshold. Green: found; red: missed; "
        f"orange: no person is labelled there; grey: neither right nor wrong.</p>{figures}</html>",
        encoding="utf-8",
    )


def _mistakes(seen: Detections, picture: Picture, threshold: float) -> tuple[int, int]:
    """(missed, wrong) at the threshold."""
    sure = seen.scores >= threshold
    rows, found = match(seen.boxes[sure], seen.scores[sure], picture.people)
    return int(((picture.people.weights > 0) & ~found).sum()), sum(1 for row in rows if not row[1])


def _figure(picture: Picture, seen: Detections, threshold: float, mistakes: tuple[int, int]) -> str:
    image = draw(read_picture(picture), picture, seen, threshold)
    _, jpeg = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    data = base64.b64encode(jpeg.tobytes()).decode()
    caption = f"{html.escape(picture.file)}: {mistakes[0]} missed, {mistakes[1]} wrong"
    return f'<figure><img src="data:image/jpeg;base64,{data}" alt=""><figcaption>{caption}</figcaption></figure>'


def draw(image: NDArray[np.uint8], picture: Picture, seen: Detections, threshold: float) -> NDArray[np.uint8]:
    """The picture (H, W, 3) RGB, shrunk, with its people and what is no person."""
    people = picture.people
    sure = seen.scores >= threshold
    boxes, scores = seen.boxes[sure], seen.scores[sure]
    rows, found = match(boxes, scores, people)
    wrong = {score for score, right in rows if not right}
    scale = min(1.0, MOST_SIDE_PX / max(image.shape[:2]))
    image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    coloured = [
        (box, IGNORED if weight <= 0 else FOUND if hit else MISSED)
        for box, weight, hit in zip(people.boxes, people.weights, found, strict=True)
    ]
    coloured += [(box, WRONG) for box, score in zip(boxes, scores, strict=True) if float(score) in wrong]
    for box, colour in coloured:
        x1, y1, x2, y2 = (round(float(v) * scale) for v in box)
        cv2.rectangle(image, (x1, y1), (x2, y2), colour, 1)
    return image
