"""The file for support: what diagnose found and what it was made of, without secrets, pictures or payloads."""

import json
import tomllib
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge.errors import InputError
from edge.settings import Site
from linewise.diagnose import Diagnosis
from linewise.diagnose_parts import as_line, journal, output
from linewise.diagnose_secrets import Masker

LOG_LINES = 5000


def write_zip(file: Path, site: Site, folder: Path, found: Diagnosis, masker: Masker) -> list[str]:
    """Writes the archive (mode 600) and gives the names in it.

    Raises:
        InputError: it cannot be written there.
    """
    texts = {name: masker.text(text) for name, text in _texts(site, folder, found, masker).items()}
    part = file.with_name(f".{file.name}.part")
    try:
        part.touch(mode=0o600)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
        part.replace(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror}); name another place with --zip") from error
    return list(texts)


def _texts(site: Site, folder: Path, found: Diagnosis, masker: Masker) -> dict[str, str]:
    site_values = tomllib.loads(site.path.read_text("utf-8-sig"))  # without its comments: nobody knows what is in them
    return {
        "report.txt": str(found),
        "report.json": _json({"title": found.title, "lines": [asdict(line) for line in found.lines]}),
        "site.json": _json(masker.value(site_values)),
        "state.json": _json(masker.value(asdict(found.state))),
        "processes.json": _json([asdict(process) for process in found.processes]),
        "units.json": _json(masker.value(found.units)),
        "versions.json": _json(found.versions),
        "files.txt": "\n".join(_files(folder)),
        "journal.txt": "\n".join(map(as_line, journal(lines=LOG_LINES))),
        "time.txt": output("timedatectl", "show"),
        "disk.txt": output("df", "-h", str(folder)),
        "memory.txt": output("free", "-m"),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)


def _files(folder: Path) -> list[str]:
    """Size and name of what lies in the state folder; nothing of what is in it."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [f"{path.stat().st_size:>14} {path.relative_to(folder)}" for path in paths]
