"""Power loss (fault F34), without cutting any: what a disk may hold afterwards, made from a trace of a real process.

A process runs under strace. Of each file of interest every write, truncation and sync is read back from the trace, in
order. For a cut at any moment the disk holds each file as it was at its last sync, plus any part of what was written
since: each write whole, torn at a sector, or not at all (as a disk with a cache may do; the model of ALICE, OSDI 2014).
Names appear with the first sync of their file (SQLite syncs the folder too).
"""

import random
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

SECTOR_BYTES = 512
CALLS = "trace=openat,close,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename"
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Step:
    """One call: `kind` is write, truncate, sync or unlink; or "ledger": what the process has promised by then."""

    kind: str
    name: str
    offset: int = 0
    data: bytes = b""


def command(trace: Path, *program: str) -> list[str]:
    """`program` under strace."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: apt-get install strace (`make test` does)"
    return [strace, "-f", "-o", str(trace), "-xx", "-s", "1000000", "-e", CALLS, *program]


def read_trace(trace: Path, folder: Path, ledger: str) -> list[Step]:
    """The steps of a trace on files of a folder; writes to the file `ledger` are promises."""
    steps: list[Step] = []
    names: dict[int, str] = {}
    for line in _whole_lines(trace):
        match = _LINE.match(line)
        if match is None or int(match[3]) < 0:
            continue
        call, words, result = match[1], match[2], int(match[3])
        if call == "openat":
            path = Path(_text(words).decode(errors="replace"))
            names[result] = path.name if path.parent == folder else ""
            continue
        if call in ("unlink", "rename"):
            path = Path(_text(words).decode(errors="replace"))
            if path.parent == folder:
                steps.append(Step("unlink", path.name))
            continue
        fd = int(words.split(",")[0].split(")")[0])
        if call == "close":
            names.pop(fd, None)
        elif name := names.get(fd, ""):
            steps += _step(call, name, words, ledger)
    return steps


def _whole_lines(trace: Path) -> list[str]:
    """Calls that another thread interrupted are put together again, at the moment of their end."""
    begun: dict[str, str] = {}
    lines = []
    for line in trace.read_text(errors="replace").splitlines():
        process, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest.removesuffix("<unfinished ...>")
        elif rest.startswith("<... "):
            lines.append(begun.pop(process, "") + rest.partition("resumed>")[2])
        else:
            lines.append(rest)
    return lines


def _step(call: str, name: str, words: str, ledger: str) -> list[Step]:
    if call in ("fsync", "fdatasync"):
        return [Step("sync", name)]
    if call == "ftruncate":
        return [Step("truncate", name, int(words.split(",")[1]))]
    if name == ledger:
        return [Step("ledger", name, data=_text(words))]
    if call == "pwrite64":
        return [Step("write", name, int(words.rsplit(",", 1)[1]), _text(words))]
    return []


def _text(words: str) -> bytes:
    match = _STRING.search(words)
    return b"" if match is None else bytes.fromhex(match[1].replace("\\x", ""))


@dataclass
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Step] = field(default_factory=list)
    there: bool = False


def disk_after(steps: list[Step], cut: int, rng: random.Random) -> tuple[dict[str, bytes], bytes]:
    """(files on the disk, what had been promised) after a power cut before step number `cut`."""
    files: dict[str, _File] = {}
    promised = b""
    for step in steps[:cut]:
        file = files.setdefault(step.name, _File())
        if step.kind == "ledger":
            promised += step.data
        elif step.kind == "sync":
            for pending in file.pending:
                _apply(file.synced, pending)
            file.pending, file.there = [], True
        elif step.kind == "unlink":
            files[step.name] = _File()
        else:
            file.pending.append(step)
    disk = {}
    for name, file in files.items():
        content = bytearray(file.synced)
        for pending in file.pending:
            _apply_part(content, pending, rng)
        if file.there or (file.pending and rng.random() < 0.5):
            disk[name] = bytes(content)
    return disk, promised


def _apply(content: bytearray, step: Step, data: bytes | None = None) -> None:
    if step.kind == "truncate":
        del content[step.offset :]
        content.extend(b"\0" * (step.offset - len(content)))
        return
    data = step.data if data is None else data
    content.extend(b"\0" * (step.offset + len(data) - len(content)))
    content[step.offset : step.offset + len(data)] = data


def _apply_part(content: bytearray, step: Step, rng: random.Random) -> None:
    chance = rng.random()
    if chance < 0.4:
        _apply(content, step)
    elif chance < 0.6 and step.kind == "write" and len(step.data) > SECTOR_BYTES:  # torn: its first sectors only
        sectors = rng.randrange(len(step.data) // SECTOR_BYTES)
        _apply(content, step, step.data[: sectors * SECTOR_BYTES])
