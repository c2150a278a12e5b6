"""What a command tells its page: Streamlit runs the page as a script, so it goes through the environment."""

import json
import os
from dataclasses import asdict, dataclass

VARIABLE = "LINEWISE_CALIBRATION_PAGE"


@dataclass(frozen=True)
class Told:
    """What the command line said.

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


def tell(told: Told) -> None:
    """Leaves word for the page that this process will serve."""
    os.environ[VARIABLE] = json.dumps(asdict(told))


def told() -> Told:
    """What was told."""
    return Told(**json.loads(os.environ[VARIABLE]))
