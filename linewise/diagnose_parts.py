"""The running parts of a site, as the kernel and systemd tell of them, and what they have logged."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.messages import utc
from edge.settings import Site
from linewise.check_report import CheckLine
from linewise.parts import parts_of

NAMES = ("collector", "counter", "camera", "dashboard", "display", "alerts", "api")
ON_THE_BOX = ("counter", "camera@")  # the rest may run on another machine
JOURNAL_S = 10.0
STACKS_S = 1.0  # a part needs no longer to write its stacks
YOUNG_S = 60.0
PRIORITIES = {"0": "emergency", "1": "alert", "2": "critical", "3": "error", "4": "warning"}


@dataclass(frozen=True)
class Process:
    """One running part: its name ("camera@tills"), process id, age and resident memory."""

    name: str
    pid: int
    age_s: float
    resident_bytes: int


def running(site_file: Path, proc: Path = Path("/proc")) -> list[Process]:
    """Processes of `linewise PART SITE.toml` on this machine (those of other users only where /proc shows them)."""
    found = []
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            name = _part(words, site_file, folder)
            if name:
                found.append(_process(name, folder, proc))
        except (OSError, ValueError, IndexError):  # it has ended meanwhile, or is somebody else's
            continue
    return sorted(found, key=lambda process: (process.name, process.pid))


def _part(words: list[str], site_file: Path, folder: Path) -> str:
    """`python -m linewise camera SITE ID` or `.venv/bin/linewise camera SITE ID` -> camera@ID; "" for anything else."""
    starts = [i + 1 for i, word in enumerate(words[:4]) if word == "linewise" or word.endswith("/linewise")]
    if not starts or len(words) < starts[0] + 2 or words[starts[0]] not in NAMES:
        return ""
    name, file, *rest = words[starts[0] :]
    place = Path(file) if Path(file).is_absolute() else (folder / "cwd").resolve() / file
    if place.resolve() != site_file.resolve():
        return ""
    return f"{name}@{rest[0]}" if name == "camera" and rest else name


def _process(name: str, folder: Path, proc: Path) -> Process:
    fields = (folder / "stat").read_text().rpartition(")")[2].split()  # from field 3 of proc(5) on
    up_s = float((proc / "uptime").read_text().split()[0])
    started_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return Process(name, int(folder.name), up_s - started_s, int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))


def environment_of_part(processes: list[Process], name: str, proc: Path = Path("/proc")) -> dict[str, str]:
    """The environment that a part was started with; {} where it does not run or is somebody else's."""
    for process in processes:
        if process.name == name:
            try:
                pairs = (proc / str(process.pid) / "environ").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                return {}
            return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return {}


def part_lines(site: Site, processes: list[Process]) -> Iterator[CheckLine]:
    """Does each part of the site run, once?"""
    names = [part.name for part in parts_of(site, broker_port=None, dashboard=())]
    by_name = {name: [p for p in processes if p.name == name] for name in names}
    if not processes:
        yield CheckLine(
            "fault", "parts", "nothing of this site runs here",
            "systemctl start linewise.target, or linewise up SITE.toml",
        )  # fmt: skip
        return
    for name, found in by_name.items():
        if len(found) > 1:
            pids = ", ".join(str(process.pid) for process in found)
            yield CheckLine("fault", name, f"runs {len(found)} times (processes {pids})", "end all but one")
        elif found:
            words = f"runs as {found[0].pid} since {duration(found[0].age_s)}, {found[0].resident_bytes / 1e6:.0f} MB"
            young = found[0].age_s < YOUNG_S and max(p.age_s for p in processes) > 2 * YOUNG_S
            yield CheckLine("warning" if young else "ok", name, words, "it has just started again: why?" * young)
        elif name.startswith(ON_THE_BOX):
            yield CheckLine("fault", name, "does not run", f"systemctl status 'linewise-{name}'; see the log below")
        else:
            yield CheckLine("warning", name, "does not run here", "well if it runs on another machine")


def unit_lines(unit_texts: Mapping[str, Mapping[str, str]]) -> Iterator[CheckLine]:
    """What systemd says of the units: failed ones, and ones that start again and again."""
    for unit, told in sorted(unit_texts.items()):
        restarts = int(told.get("NRestarts", "0") or 0)
        state = f"{told.get('ActiveState', '?')} ({told.get('SubState', '?')}), restarts: {restarts}"
        if told.get("ActiveState") == "failed" or told.get("SubState") == "auto-restart":
            why = told.get("Result", "")
            yield CheckLine("fault", unit, f"{state}, {why}", f"journalctl -u {unit} -n 50")
        elif restarts:
            yield CheckLine("warning", unit, state, f"journalctl -u {unit} -p warning")
        else:
            yield CheckLine("ok", unit, state)


def units() -> dict[str, dict[str, str]]:
    """Properties that systemd has of our units, {} where there is no systemd."""
    keys = "Id,ActiveState,SubState,NRestarts,Result,MemoryCurrent"
    text = output("systemctl", "show", "--all", f"--property={keys}", "linewise*")
    blocks = (dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n"))
    return {block["Id"]: block for block in blocks if block.get("Id", "").startswith("linewise")}


def journal(*, priority: str = "debug", lines: int = 2000) -> list[dict[str, str]]:
    """The newest entries of our units in systemd's journal, oldest first; [] where there is none."""
    text = output(
        "journalctl", "--unit=linewise*", f"--priority={priority}", f"--lines={lines}", "--output=json", "--no-pager"
    )
    entries = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        message = entry.get("MESSAGE")
        if isinstance(message, list):  # bytes that are no text
            message = bytes(message).decode(errors="replace")
        entries.append({key: str(value) for key, value in entry.items()} | {"MESSAGE": str(message or "")})
    return entries


def as_line(entry: Mapping[str, str]) -> str:
    """A journal entry as people read it."""
    stamp = int(entry.get("__REALTIME_TIMESTAMP", "0") or 0) / 1e6
    level = PRIORITIES.get(entry.get("PRIORITY", ""), "")
    who = entry.get("_SYSTEMD_UNIT", entry.get("SYSLOG_IDENTIFIER", ""))
    return f"{utc(stamp):%Y-%m-%d %H:%M:%S}Z {who} {level} {entry['MESSAGE']}"


def write_stacks(processes: list[Process]) -> None:
    """Asks each part, and the dashboard's page, to write the stacks of its threads into its log (SIGUSR1).

    One that does not listen yet, because it has just been started, is left alone: the signal would end it.
    """
    for pid in _with_children({process.pid for process in processes}):
        try:
            if listens(pid):
                os.kill(pid, signal.SIGUSR1)
        except OSError:  # it has ended meanwhile, or is somebody else's
            continue
    time.sleep(STACKS_S)


def listens(pid: int, proc: Path = Path("/proc")) -> bool:
    """Does the process catch SIGUSR1?"""
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", (proc / str(pid) / "status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGUSR1 - 1) & 1)


def _with_children(pids: set[int], proc: Path = Path("/proc")) -> set[int]:
    found = set(pids)
    for folder in proc.iterdir():
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if folder.name.isdecimal() and parent in pids:
            found.add(int(folder.name))
    return found


def output(*command: str) -> str:
    """What a command says; "" where it is missing, fails or hangs."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=JOURNAL_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def duration(seconds: float) -> str:
    """3 d 4 h, 5 h 6 min, 7 min, 8 s."""
    s = int(seconds)
    if s >= 86_400:
        return f"{s // 86_400} d {s % 86_400 // 3600} h"
    if s >= 3600:
        return f"{s // 3600} h {s % 3600 // 60} min"
    return f"{s // 60} min" if s >= 60 else f"{s} s"
