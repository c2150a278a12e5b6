"""What the collector makes of one MQTT message: something to store, or a reason why not. Pure: no clock, no I/O.

The topic is the authority on who speaks: brokers hold access rights by topic, so a payload that names another site,
box, queue, line or camera than its topic is not believed.
"""

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from edge.messages import BoxStatus, CameraHealth, LineReading, Message, QueueReading, RowBatch

MAX_LIVE_BYTES = 16_384
MAX_ROWS_BYTES = 1_048_576

Stored = QueueReading | LineReading | CameraHealth | BoxStatus | RowBatch
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Refused:
    """A message, or a row of one, that goes to the quarantine."""

    topic: str
    reason: str
    payload: bytes


def judge(site: str, topic: str, payload: bytes) -> Stored | Refused | None:  # noqa: PLR0911  a topic a line
    """A message of this site's boxes, checked; None for topics that are none of the collector's, and cleared ones."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[:2] != ["linewise", site] or not payload:
        return None
    kind, name, leaf = parts[2:]
    match kind, leaf:
        case "queue", "state":
            return _checked(QueueReading, "queue", name, topic=topic, payload=payload)
        case "line", "state":
            return _checked(LineReading, "line", name, topic=topic, payload=payload)
        case "camera", "health":
            return _checked(CameraHealth, "camera", name, topic=topic, payload=payload)
        case "box", "status":
            return _checked(BoxStatus, "box", name, topic=topic, payload=payload)
        case "box", "rows":
            return _checked(RowBatch, "box", name, topic=topic, payload=payload, max_bytes=MAX_ROWS_BYTES)
    return None


def _checked(
    model: type[M], key: str, name: str, *, topic: str, payload: bytes, max_bytes: int = MAX_LIVE_BYTES
) -> M | Refused:
    if len(payload) > max_bytes:
        return Refused(topic, f"{len(payload)} bytes, at most {max_bytes} are taken", payload)
    message = parsed(model, payload)
    if isinstance(message, str):
        return Refused(topic, message, payload)
    if (message.site, getattr(message, key)) != (topic.split("/")[1], name):
        return Refused(topic, f"its site or {key} is not the topic's", payload)
    return message


B = TypeVar("B", bound=BaseModel)


def parsed(model: type[B], payload: bytes) -> B | str:
    """The model, or in words why the bytes are not one."""
    try:
        return model.model_validate_json(payload, strict=True)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where or 'it'}: {first['msg']}"[:500]
