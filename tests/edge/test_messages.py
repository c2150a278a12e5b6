"""The messages' schemas are those in docs/schemas; write them anew with `python tests/edge/test_messages.py`."""

import json
from pathlib import Path

import pytest

from edge import messages
from edge.messages import (
    Ack,
    BoxStatus,
    CameraHealth,
    GapNote,
    LineMinute,
    LineReading,
    QueueAlerts,
    QueueEvent,
    QueueMinute,
    QueueReading,
    RowBatch,
    utc,
)

SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schemas"
MODELS = (
    QueueReading,
    QueueEvent,
    QueueMinute,
    LineReading,
    LineMinute,
    GapNote,
    RowBatch,
    Ack,
    CameraHealth,
    BoxStatus,
    QueueAlerts,
)


def schema_of(model: type[messages.BaseModel]) -> str:
    """The model's JSON schema as it stands in its file."""
    return json.dumps(model.model_json_schema(mode="serialization"), indent=2) + "\n"


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_documented_schema_is_the_models(model: type[messages.BaseModel]) -> None:
    """The file in docs/schemas is what the model says, so a change of a message is seen in its documentation."""
    assert (SCHEMAS / f"{model.__name__}.json").read_text(encoding="utf-8") == schema_of(model)


def test_every_message_has_a_schema() -> None:
    """No message is left out of docs/schemas, and no file there is of a message that is no more."""
    names = {m.__name__ for m in messages.Message.__subclasses__()} | {"GapNote"}
    assert {p.stem for p in SCHEMAS.glob("*.json")} == names == {m.__name__ for m in MODELS}


def test_bytes_are_canonical() -> None:
    """A message has one spelling: fields in order, no spaces, UTC with Z, milliseconds only where there are any."""
    ack = Ack(site="s", box="b1", epoch="00" * 8, seq=3)
    assert ack.to_json() == b'{"schema":1,"site":"s","box":"b1","epoch":"0000000000000000","seq":3}'
    status = BoxStatus(site="s", box="b", at=utc(0.25), status="online", version="0", config_sha256="", epoch="")
    assert b'"at":"1970-01-01T00:00:00.250Z"' in status.to_json()


def test_documentation_names_every_topic_and_message() -> None:
    """docs/messages.md tells each topic and links each schema."""
    text = (SCHEMAS.parent / "messages.md").read_text(encoding="utf-8")
    topics = [
        messages.queue_state_topic("SITE", "QUEUE"),
        messages.queue_alerts_topic("SITE", "QUEUE"),
        messages.line_state_topic("SITE", "LINE"),
        messages.camera_health_topic("SITE", "CAMERA"),
        *(messages.box_topic("SITE", "BOX", leaf) for leaf in ("status", "rows", "ack")),
    ]
    assert [t for t in topics if f"`{t}`" not in text] == []
    assert [m.__name__ for m in MODELS if f"schemas/{m.__name__}.json" not in text] == []


if __name__ == "__main__":
    for one in MODELS:
        (SCHEMAS / f"{one.__name__}.json").write_text(schema_of(one), encoding="utf-8")
