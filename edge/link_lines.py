"""One line of the link: Tracks or CameraHealth as JSON, and back with every value checked."""

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edge.messages import CameraHealth, Count, Finite, Name
from edge.vocabulary import PictureState, Tracks

LinkItem = Tracks | CameraHealth
MAX_TRACKS = 2000  # far above what any picture holds

_Id = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Pixels = Annotated[float, Field(ge=-1e6, le=1e6)]  # also what float32 holds without overflow
_Many = Field(max_length=MAX_TRACKS)


class _TracksLine(BaseModel):
    """Tracks as they stand in a line; every list has one entry a track."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["tracks"] = "tracks"
    camera: Name
    run: Annotated[str, Field(max_length=80)]
    pts_s: Finite
    captured_utc_s: Finite
    width: Count
    height: Count
    track_ids: Annotated[list[_Id], _Many]
    boxes: Annotated[list[tuple[_Pixels, _Pixels, _Pixels, _Pixels]], _Many]
    ground: Annotated[list[tuple[_Pixels, _Pixels]], _Many]
    observed: Annotated[list[bool], _Many]
    last_seen_s: Annotated[list[Finite], _Many]
    picture: PictureState = "ok"


class _HealthLine(BaseModel):
    """Health as it stands in a line; `lost`: items that the camera's end of the link has thrown away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["health"] = "health"
    lost: Count = 0
    health: CameraHealth


_LINE: TypeAdapter[_TracksLine | _HealthLine] = TypeAdapter(
    Annotated[_TracksLine | _HealthLine, Field(discriminator="type")]
)


def encode(item: LinkItem, lost: int = 0) -> bytes:
    """One line with its end; float32 values survive exactly. `lost` goes with health."""
    if isinstance(item, CameraHealth):
        return b'{"type":"health","lost":%d,"health":' % lost + item.to_json() + b"}\n"
    line = _TracksLine.model_construct(
        type="tracks",
        camera=item.camera_id,
        run=item.run,
        pts_s=float(item.pts_s),
        captured_utc_s=float(item.captured_utc_s),
        width=int(item.size_px[0]),
        height=int(item.size_px[1]),
        track_ids=item.track_ids.tolist(),
        boxes=[tuple(box) for box in item.boxes.tolist()],
        ground=[tuple(point) for point in item.ground.tolist()],
        observed=item.observed.tolist(),
        last_seen_s=item.last_seen_s.tolist(),
        picture=item.picture,
    )
    return line.model_dump_json().encode() + b"\n"


def decode(line: bytes) -> LinkItem:
    """The item of a line (without or with its end); ValueError for anything else than a line of `encode`."""
    return decode_with_lost(line)[0]


def decode_with_lost(line: bytes) -> tuple[LinkItem, int | None]:
    """The item, and what its camera has lost on the link (told with health; None with tracks).

    Raises:
        ValueError: anything else than a line of `encode`.
    """
    try:
        read = _LINE.validate_json(line)
    except ValidationError as error:  # its text repeats the input: only the places are told
        places = ", ".join(sorted({".".join(map(str, e["loc"])) or "line" for e in error.errors()})[:5])
        raise ValueError(f"not a line of the link (wrong: {places})") from None
    if isinstance(read, _HealthLine):
        return read.health, read.lost
    n = len(read.track_ids)
    if not n == len(read.boxes) == len(read.ground) == len(read.observed) == len(read.last_seen_s):
        raise ValueError(f"not a line of the link (lists of unequal lengths beside {n} track ids)")
    return _tracks(read, n), None


def _tracks(read: _TracksLine, n: int) -> Tracks:
    return Tracks(
        camera_id=read.camera,
        run=read.run,
        pts_s=read.pts_s,
        captured_utc_s=read.captured_utc_s,
        size_px=(read.width, read.height),
        track_ids=np.array(read.track_ids, np.int64),
        boxes=np.array(read.boxes, np.float32).reshape(n, 4),
        ground=np.array(read.ground, np.float32).reshape(n, 2),
        observed=np.array(read.observed, np.bool_),
        last_seen_s=np.array(read.last_seen_s, np.float64),
        picture=read.picture,
    )
