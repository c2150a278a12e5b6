"""How many planted errors `linewise clean` finds.

`python -m tests.bench.planted_labels PEOPLE.json [PICTURES] [--identities]`

Into a sample of the pictures it plants doubles (a second box, moved by up to an eighth), shifted boxes (a person's only
box, moved by half its width), empty boxes (where no label is), and one poster (a stranger's picture at one place of
twelve pictures of one view, labelled as a person). What cleaning finds in the untouched labels is not counted.
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from detector.cleaning.clean import clean
from detector.cleaning.embedding import Embedder
from detector.cleaning.identity import person_views, train_identity
from detector.data.cache import read_picture
from detector.data.people_json import read_json
from detector.data.pictures import Picture, join, people_of
from detector.evaluation.ap import overlaps
from detector.runtime.open import open_detector
from detector.training.pretrained import imagenet_state

EACH = 60
LEAST_HEIGHT_PX = 40
POSTERS = 12


def plant(pictures: list[Picture], rng: np.random.Generator) -> tuple[list[Picture], dict[tuple[str, int], str]]:
    """The pictures with errors, and {(file, place of the box): kind}."""
    planted: dict[tuple[str, int], str] = {}
    out = list(pictures)
    todo = {"double": EACH, "shifted": EACH, "empty": EACH}
    for index in rng.permutation(len(pictures)):
        picture, people = out[index], out[index].people
        tall = np.flatnonzero((people.weights > 0) & (people.boxes[:, 3] - people.boxes[:, 1] >= LEAST_HEIGHT_PX))
        kind = next((kind for kind in rng.permutation(list(todo)) if todo[kind]), None)
        if kind is None or not len(tall):
            continue
        person = int(rng.choice(tall))
        x1, y1, x2, y2 = (float(v) for v in people.boxes[person])
        width, height = x2 - x1, y2 - y1
        place = len(people.boxes)
        if kind == "shifted":
            boxes = people.boxes.copy()
            boxes[person] += np.array([0.5 * width, 0, 0.5 * width, 0], np.float32) * rng.choice([-1, 1])
            people, place = replace(people, boxes=boxes), person
        else:
            dx, dy = rng.uniform(-0.125, 0.125, 2)
            corner = (x1 + dx * width, y1 + dy * height)
            if kind == "empty":
                corner = tuple(rng.uniform(0, np.maximum(np.array(picture.size_px) - [width, height], 1)))
                box = np.array([[*corner, corner[0] + width, corner[1] + height]], np.float32)
                if overlaps(box, people.boxes)[0].max(initial=0) > 0.05:
                    continue
            people = join([people, people_of([([*corner, width, height], 1.0, None, 0.0)])])
        out[index] = replace(picture, people=people)
        planted[picture.file, place] = str(kind)
        todo[kind] -= 1
    return out, planted


def plant_poster(pictures: list[Picture], folder: Path) -> tuple[list[Picture], dict[tuple[str, int], str]]:
    """One stranger's picture, framed, at one place of the largest view's first pictures."""
    views = [(picture.source, picture.size_px) for picture in pictures]
    view = max(set(views), key=views.count)
    stranger = next(p for p in pictures if (p.source, p.size_px) != view and (p.people.weights > 0).sum() == 1)
    x1, y1, x2, y2 = stranger.people.boxes[0].astype(int)
    poster = cv2.copyMakeBorder(
        cv2.resize(read_picture(stranger)[y1:y2, x1:x2], (40, 90)), 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=(240,) * 3
    )
    out, planted = list(pictures), {}
    for index in [k for k, v in enumerate(views) if v == view][:POSTERS]:
        picture, image = out[index], read_picture(out[index])
        image[10 : 10 + poster.shape[0], 10 : 10 + poster.shape[1]] = poster
        path = folder / f"{index}.png"
        cv2.imwrite(str(path), image[:, :, ::-1])
        people = join([picture.people, people_of([([13.0, 13.0, 40.0, 90.0], 1.0, None, 0.0)])])
        out[index] = replace(picture, path=path, people=people)
        planted[picture.file, len(people.boxes) - 1] = "poster"
    return out, planted


def main() -> None:
    """Prints planted and found by kind."""
    rng = np.random.default_rng(0)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, help="a people json")
    parser.add_argument("pictures", type=int, nargs="?", default=500, help="how many of them")
    parser.add_argument("--identities", action="store_true", help="cluster by identity.py's embedding")
    options = parser.parse_args()
    pictures = read_json(options.labels)
    pictures = [pictures[k] for k in sorted(rng.permutation(len(pictures))[: options.pictures])]
    with tempfile.TemporaryDirectory() as folder:
        pictures, posters = plant_poster(pictures, Path(folder))
        pictures, planted = plant(pictures, rng)
        planted |= posters
        detector = open_detector(score_threshold=0.02)
        embedder = Embedder(imagenet_state())
        identity = None
        if options.identities:
            identity = train_identity(person_views(pictures, embedder, np.random.default_rng(1)), seed=0)
        cleaned = clean(pictures, detector, embedder, rounds=5, rng=rng, identity=identity)
    found = {}
    for suspect in cleaned.suspects:
        key = (pictures[cleaned.table.picture[suspect.row]].file, int(cleaned.table.person[suspect.row]))
        found[key] = suspect.kind
        partner = [k for k in planted if planted[k] == "double" and k[0] == key[0] and suspect.kind == "double"]
        found |= dict.fromkeys(partner, suspect.kind)  # of two equal boxes either may go
    for kind in ("double", "shifted", "empty", "poster"):
        mine = [key for key, value in planted.items() if value == kind]
        kinds = [found[key] for key in mine if key in found]
        print(f"{kind:8} planted {len(mine):4} found {len(kinds):4}  as {dict(Counter(kinds))}")
    dropped = Counter(s.action for s in cleaned.suspects if s.kind == "double")
    print(f"doubles {dict(dropped)}; clusters {len(set(cleaned.clusters.tolist()))}")
    print(f"labels {sum(len(p.people.boxes) for p in pictures)}, suspects {cleaned.counts()}, rounds {cleaned.rounds}")


if __name__ == "__main__":
    main()
