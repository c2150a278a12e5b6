"""What a command tells its page: Streamlit runs the page as a script, so it goes through the environment."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from calibration.moments import Moment

VARIABLE = "LINEWISE_CALIBRATION_PAGE"


@dataclass(frozen=True)
class Told:
    """What `linewise calibrate` said.

    Attributes:
        site: path of the site file.
        recordings: by camera id, a file to be shown in the camera's place.
        detections: a replay's detections.jsonl for suggestions and advice; "": only what is seen live.
        detector: false: the picture alone (the detector can't be loaded, or is not wanted).
    """

    site: str
    recordings: dict[str, str]
    detections: str = ""
    detector: bool = True


@dataclass(frozen=True)
class ToCount:
    """What `linewise count` said; paths are absolute.

    Attributes:
        site, recording: the files.
        camera: whose recording it is.
        out: where the truth goes.
        visits: visits are noted, not counts.
        moments: what is counted, in this order.
        owner_key: the owner's public key, "": nothing is sealed.
    """

    site: str
    recording: str
    camera: str
    out: str
    visits: bool = False
    moments: tuple[Moment, ...] = ()
    owner_key: str = ""


def tell(word: Told | ToCount) -> None:
    """Leaves word for the page that this process will serve."""
    os.environ[VARIABLE] = json.dumps(asdict(word))


def told() -> Told:
    """What the page of `linewise calibrate` was told."""
    return Told(**_heard())


def to_count() -> ToCount:
    """What the page of `linewise count` was told."""
    heard = _heard()
    return ToCount(**heard | {"moments": tuple(Moment(**moment) for moment in heard["moments"])})


def _heard() -> dict[str, Any]:
    return dict(json.loads(os.environ[VARIABLE]))
