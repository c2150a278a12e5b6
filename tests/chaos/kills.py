"""Chaos on the message path: `python -m tests.chaos.kills --kills 500 --seed 7 --broker mosquitto`.

One to three of broker, box and collector at a time are killed with -9 or hung for a while at random moments, again and
again; at the end the box's ledger is compared with the collector's store. The last line has the figures; the exit code
is 1 when a row was lost or stored twice. One seed gives one order of kills (not their exact moments). With `--gently`
box and collector are asked to end (SIGTERM) while rows drain, and told is how long they took.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Broker, Embedded, Mosquitto, wait_for
from tests.e2e.message_path import MessagePath, caught_up

PARTS = ("broker", "box", "collector")
PATIENCE_S = 900.0  # a machine that is busy with other things starts processes slowly
HANG_SHARE = 0.2  # of the faults hang their victims before they are killed


def main() -> int:
    """Runs the chaos, prints a line every 25 kills and one with the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no more faults after this long")
    parser.add_argument("--gently", action="store_true", help="SIGTERM to box and collector, and not -9")
    parser.add_argument("--broker", choices=("mosquitto", "embedded"), default="mosquitto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linewise-chaos-") as name:
        folder = Path(name)
        broker: Broker = Mosquitto(folder) if options.broker == "mosquitto" else Embedded(folder)
        path = MessagePath(broker, "chaos", folder)
        if options.gently:
            path.kill = gentle(path, path.kill)  # type: ignore[method-assign]
        try:
            figures = run(path, random.Random(options.seed), options.kills, minutes=options.minutes)
        finally:
            path.close()
            broker.stop()
    print(json.dumps({"seed": options.seed, "broker": options.broker, **figures}))
    return int(figures["lost"] + figures["double"] + figures["missing"] > 0)


def run(path: MessagePath, rng: random.Random, kills: int, *, minutes: float) -> dict[str, float]:
    """So many kills, or as many as the minutes allow; then the figures when the path has caught up."""
    for part in ("collector", "box"):
        path.start(part)
    wait_for(lambda: path.ledger_lines() > 50, "rows are made", timeout_s=PATIENCE_S)
    live_again_s: list[float] = []
    hangs, last_fault_s = 0, time.monotonic() + 60 * minutes
    while path.kills < kills and time.monotonic() < last_fault_s:
        before = path.kills
        hangs += fault(path, rng)
        live_again_s.append(seconds_to_next_row(path))
        if before // 25 != path.kills // 25:
            print(f"{path.kills} kills, {path.ledger_lines()} rows made", flush=True)
    (path.folder / "quiet").touch()
    started_s = time.monotonic()
    wait_for(lambda: caught_up(path) and path.figures().lost == 0, "every row is stored", timeout_s=PATIENCE_S)
    live_again_s.sort()
    return {
        **path.figures().__dict__,
        "kills": path.kills,
        "hangs": hangs,
        "caught_up_s": round(time.monotonic() - started_s, 1),
        "row_again_s_p50": round(live_again_s[len(live_again_s) // 2], 2),
        "row_again_s_p95": round(live_again_s[int(0.95 * len(live_again_s))], 2),
    }


def fault(path: MessagePath, rng: random.Random) -> int:
    """Hangs or not, kills and starts again one to three parts; gives the number of those that hung."""
    time.sleep(rng.uniform(0.1, 1.5))
    victims = rng.sample(PARTS, rng.randrange(1, 4))
    hung = rng.random() < HANG_SHARE
    if hung:
        for part in victims:
            path.pause(part)
        time.sleep(rng.uniform(0.5, 3.0))
    for part in victims:
        if hung and rng.random() < 0.5:
            path.go_on(part)  # comes back by itself, with connections that the others may have given up
        else:
            path.kill(part)
            path.start(part)
    return len(victims) if hung else 0


def gentle(path: MessagePath, kill: Callable[[str], None]) -> Callable[[str], None]:
    """The same for the broker; box and collector are asked to end, and how long the longest took is printed."""
    took_s: list[float] = []

    def end(part: str) -> None:
        if part == "broker":
            kill(part)
            return
        began_s = time.monotonic()
        path.go_on(part)
        path.processes[part].terminate()
        assert path.processes[part].wait(60) in (0, -signal.SIGTERM)  # the latter: it had not begun to listen yet
        path.kills += 1
        took_s.append(time.monotonic() - began_s)
        at = sorted(took_s)
        print(f"{len(at)} ended: {at[len(at) // 2]:.2f} s (p50), {at[int(0.99 * len(at))]:.2f} s (p99)", flush=True)

    return end


def seconds_to_next_row(path: MessagePath) -> float:
    """How long until the box has committed a row again."""
    before, started_s = path.ledger_lines(), time.monotonic()
    wait_for(lambda: path.ledger_lines() > before, "a row is made", timeout_s=PATIENCE_S)
    return time.monotonic() - started_s


if __name__ == "__main__":
    sys.exit(main())
