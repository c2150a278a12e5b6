"""The page that shows what cleaning would do: one self-contained HTML file with crops. It holds pictures of people."""

import base64
import html
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.cleaning.clean import Cleaned
from detector.cleaning.judge import Suspect
from detector.data.cache import read_picture

TILE_PX = 144
MOST_TILES = 160  # of a kind
TITLES = {
    "double": "Doubles: a second box for one person (orange: the box that stays)",
    "empty": "No single person: empty, cut off, a crowd, another thing",
    "shifted": "Shifted: moved to where the detector sees the person (orange)",
    "still": "The same look at the same place in many pictures: posters, dummies, or people who never move "
    "(nothing is changed unless --posters is given)",
    "missed": "Seen by the detector, labelled by nobody: missed people, or its mistakes; nothing is changed",
}
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left}figure{display:inline-block;margin:4px;width:144px;vertical-align:top}
img{width:144px;height:144px;display:block}figcaption{font-size:11px;line-height:1.3;overflow-wrap:anywhere}"""


def write_report(path: Path, cleaned: Cleaned, source: str) -> None:
    """Writes the page.

    Args:
        path: of the file; its folder exists.
        cleaned: what was found.
        source: the label file, as the reader knows it.
    """
    sections = [_section(kind, title, cleaned) for kind, title in TITLES.items()]
    path.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Label cleaning</title><style>{STYLE}</style>"
        f"<h1>Label cleaning</h1><p>{html.escape(source)}: {len(cleaned.before)} pictures, "
        f"{sum(int((p.people.weights > 0).sum()) for p in cleaned.before)} people, "
        f"{len(cleaned.suspects)} suspicious boxes in {cleaned.rounds} rounds. This page holds pictures of people: "
        f"treat it like the pictures themselves.</p>{_table(cleaned)}{''.join(sections)}</html>",
        encoding="utf-8",
    )


def _table(cleaned: Cleaned) -> str:
    by_source = Counter(
        (str(suspect.kind), cleaned.before[cleaned.table.picture[suspect.row]].source) for suspect in cleaned.suspects
    )
    sources = sorted({picture.source for picture in cleaned.before})
    head = "".join(f"<th>{html.escape(kind)}</th>" for kind in TITLES)
    rows = [
        f"<tr><td>{html.escape(source)}</td>"
        + "".join(f"<td>{by_source[kind, source]}</td>" for kind in TITLES)
        + "</tr>"
        for source in sources
    ]
    total = "".join(f"<td><b>{cleaned.counts().get(kind, 0)}</b></td>" for kind in TITLES)
    return f"<table><tr><th>source</th>{head}</tr>{''.join(rows)}<tr><td><b>all</b></td>{total}</tr></table>"


def _section(kind: str, title: str, cleaned: Cleaned) -> str:
    mine = [suspect for suspect in cleaned.suspects if suspect.kind == kind]
    if not mine:
        return ""
    step = max(1, -(-len(mine) // MOST_TILES))
    shown = mine[::step]
    note = f" (every {step}th is shown)" if step > 1 else ""
    tiles = "".join(_figure(suspect, cleaned) for suspect in shown)
    return f"<h2>{html.escape(title)}</h2><p>{len(mine)}{note}</p>{tiles}"


def _figure(suspect: Suspect, cleaned: Cleaned) -> str:
    picture = cleaned.before[cleaned.table.picture[suspect.row]]
    tile = draw_tile(read_picture(picture), cleaned.table.boxes[suspect.row], suspect.box)
    _, jpeg = cv2.imencode(".jpg", tile[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    data = base64.b64encode(jpeg.tobytes()).decode()
    caption = (
        f"{html.escape(picture.file)}<br>{suspect.action}, round {suspect.round}: detector {suspect.support:.2f}, "
        f"crop {suspect.chance:.2f}, cluster {suspect.cluster:.2f}"
    )
    return f'<figure><img src="data:image/jpeg;base64,{data}" alt=""><figcaption>{caption}</figcaption></figure>'


def draw_tile(image: NDArray[np.uint8], box: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A square around two boxes (4,) xyxy px of an RGB picture, the first in green, the other in orange."""
    both = np.stack([box, other])
    low, high = both[:, :2].min(0), both[:, 2:].max(0)
    scale = TILE_PX / max(float((high - low).max()) * 1.7, 1.0)
    shift = TILE_PX / 2 - (low + high) / 2 * scale
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    tile = cv2.warpAffine(image, matrix, (TILE_PX, TILE_PX), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    for corners, colour in ((other, (255, 140, 0)), (box, (0, 230, 0))):
        x1, y1, x2, y2 = (int(v) for v in corners * scale + np.tile(shift, 2))
        cv2.rectangle(tile, (x1, y1), (x2, y2), colour, 1)
    return np.asarray(tile, np.uint8)
