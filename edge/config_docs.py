"""The tables of docs/site-file.md, made from the keys that the code reads: `python -m edge.config_docs` prints them."""

import sys

from edge.config_keys import ARRAYS, KEYS

_INTRO = {
    "site": "Once. Who and where.",
    "privacy": "Once, or left out. What leaves the box of single people: see privacy.md.",
    "mqtt": "Once, or left out: then `linewise up` starts a broker of its own on this machine.",
    "detector": "Once, or left out.",
    "store": "Once, or left out. What the collector keeps, and where (`url`: see postgres.md).",
    "dashboard": "Once, or left out. Who may see the pages: see operator.md.",
    "display": "Once, or left out: then `linewise up` starts no public display.",
    "camera": "Once for each camera, in double brackets.",
    "camera.floor": "Inside a camera: four marks, in the picture and on the floor; makes distances metric.",
    "camera.tracker": "Inside a camera, or left out: how people are followed; `linewise tune` tries other values.",
    "queue": "Once for each queue, in double brackets; its lanes follow it.",
    "queue.lane": "One or more for each queue, in order from the service point, on any cameras. A lane has a "
    "`service_line` or a `service_area` or neither, not both.",
    "queue.acceptance": "Inside a queue, before or after its lanes: its own bounds, in the place of `[acceptance]`.",
    "line": "Once for each plain counting line (people in, people out).",
    "alert": "Once for each condition that somebody is told of.",
    "acceptance": "Once, or left out. What a replay against a truth must reach, for every queue: see Acceptance above.",
    "webhook": "Once for each address that alerts are posted to: see integrations.md.",
    "email": "Once, or left out: then nobody gets mail about alerts.",
    "metrics": "Once, or left out: then no process answers Prometheus. See integrations.md.",
    "api": "Once, or left out: then `linewise up` starts no API. See integrations.md.",
}


def key_tables() -> str:
    """One Markdown table for each table of the site file."""
    parts = []
    for name, keys in KEYS.items():
        header = f"[[{name}]]" if name in ARRAYS or name == "queue.lane" else f"[{name}]"
        rows = [f"| `{key}` | {spec.allowed} | {spec.default} | {spec.meaning} |" for key, spec in keys.items()]
        parts.append(
            "\n".join(
                [
                    f"### `{header}`",
                    "",
                    _INTRO[name],
                    "",
                    "| key | allowed | left out | meaning |",
                    "|---|---|---|---|",
                    *rows,
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(key_tables())
