"""Broken recordings (fault F11): `python -m tests.chaos.video --seeds 1000`.

Each seed breaks a small recording in its own way (tests/chaos/recordings.py); a child with 3 GB of address space opens
it as a replay does and takes up to 200 pictures. It must play or be told in words that name the file: a child that dies
(of an error of another kind, too) or says nothing for two minutes is a fault of ours. The last line has the figures.
"""

import argparse
import json
import logging
import queue
import resource
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from edge.capture.open import Backend, open_source
from edge.errors import SourceError
from edge.settings import CameraSettings
from tests.chaos.recordings import RECORDINGS, damaged, record

MEMORY = 3 * 2**30
PATIENCE_S = 120.0
PICTURES = 200


@dataclass
class Found:
    """What became of recordings.

    Attributes:
        outcomes: "kind of damage: outcome" -> how often.
        faults: words on each that broke a promise.
        most_mb: resident memory of the greediest child.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    most_mb: int = 0


def play(path: Path, backend: Backend) -> str:
    """Opens one as a replay does: "played", "nothing to play" or "told"; SourceError: told without its name."""
    camera = CameraSettings("c1", "c1", str(path), str(path), detect_fps=1000.0)
    try:
        source = open_source(camera, live=False, backend=backend)
        try:
            count = sum(1 for _ in islice(source.frames(), PICTURES))
        finally:
            source.close()
    except SourceError as error:
        if str(path) not in str(error):
            raise
        return "told"
    return "played" if count else "nothing to play"


def child(templates: Path, seeds: range, backend: Backend) -> None:
    """Plays them one after the other; a line before each and one after it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    logging.disable(logging.CRITICAL)
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=templates) as place:
            path, kind = damaged(templates, Path(place), seed)
            print(json.dumps({"seed": seed, "kind": kind}), flush=True)
            outcome = play(path, backend)
        most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"seed": seed, "kind": kind, "outcome": outcome, "most_mb": most_mb}), flush=True)


def run(seeds: range, backend: Backend, folder: Path) -> Found:
    """All of them, in a child; a new one after each that died."""
    for name in RECORDINGS:
        record(folder / name)
    found = Found()
    while seeds:
        last = _batch(seeds, backend, folder, found)
        seeds = range(last + 1, seeds.stop)
    return found


def _batch(seeds: range, backend: Backend, folder: Path, found: Found) -> int:
    """One child's life; the last seed that it has begun."""
    command = [sys.executable, "-m", "tests.chaos.video", "--child", str(folder), "--backend", backend]
    command += ["--first", str(seeds.start), "--seeds", str(len(seeds))]
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    errors: list[str] = []
    begun: dict[str, object] = {"seed": seeds.start, "kind": "start"}
    died = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        readers = [threading.Thread(target=_put_all, args=(process.stdout, lines.put), daemon=True)]
        readers.append(threading.Thread(target=_put_all, args=(process.stderr, errors.append), daemon=True))
        for reader in readers:
            reader.start()
        try:
            while line := lines.get(timeout=PATIENCE_S):
                begun = json.loads(line)
                _note(begun, found)
        except queue.Empty:
            died = f"said nothing for {PATIENCE_S:.0f} s"
            process.kill()
        for reader in readers:
            reader.join()
        if process.wait() != 0:
            died = died or f"died with {process.returncode}"
    if died:
        found.outcomes[f"{begun['kind']}: died"] += 1
        found.faults.append(f"seed {begun['seed']}, {begun['kind']}: {died} {''.join(errors)[-500:]}")
    return int(str(begun["seed"]))


def _put_all(stream: Iterable[str], put: Callable[[str], None]) -> None:
    """Each line, and "" at the end."""
    for line in chain(stream, [""]):
        put(line)


def _note(line: dict[str, object], found: Found) -> None:
    if "outcome" not in line:
        return
    found.most_mb = max(found.most_mb, int(str(line["most_mb"])))
    found.outcomes[f"{line['kind']}: {line['outcome']}"] += 1


def main() -> int:
    """Prints each fault, then one line with everything; 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--backend", choices=("auto", "pyav", "gstreamer"), default="auto")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    if options.child:
        child(options.child, seeds, options.backend)
        return 0
    with tempfile.TemporaryDirectory(prefix="linewise-video-") as folder:
        found = run(seeds, options.backend, Path(folder))
    for fault in found.faults:
        print(fault)
    told = {**dict(sorted(found.outcomes.items())), "most_mb": found.most_mb, "faults": len(found.faults)}
    print(json.dumps({"backend": options.backend, "recordings": len(seeds), **told}), flush=True)
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
