"""The table of told waits against the simulator's truth.

usage: python tests/bench/waits.py [--seeds 20] [--first 0] [--min-stay 0] [--only bell,one]
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from calibration.simulator.visits import simulate_visits
from calibration.simulator.wait_scenarios import STOP_S, WAIT_SCENARIOS
from calibration.waits import COMPARED, FIVE_MINUTES, LAST_TEN, Told, tell_all
from edge.queueing.estimators import ESTIMATORS

AFTER_STOP_S = 600.0


def run(name: str, seeds: range, min_stay_s: float) -> list[Told]:
    """Everybody who was told a wait and served, in all queues and seeds of a scenario."""
    scenario, out = WAIT_SCENARIOS[name], []
    for seed in seeds:
        visits = simulate_visits(scenario, np.random.default_rng(seed))
        for till in scenario.tills:
            out += tell_all([v for v in visits if v.queue == till.queue], min_stay_s=min_stay_s)
    return [t for t in out if name != "lift" or STOP_S[1] <= t.joined_s <= STOP_S[1] + AFTER_STOP_S]


def mae(told_s: Iterable[float], real_s: Sequence[float]) -> float:
    """Mean absolute error, seconds."""
    return float(np.mean([abs(t - r) for t, r in zip(told_s, real_s, strict=True)]))


def report(name: str, rows: Sequence[Told]) -> str:
    """Two lines on a scenario: what was told, and what each estimator alone would have told."""
    reals = [t.real_s for t in rows]
    own = mae((t.wait.wait_s for t in rows), reals)
    singles = {m: mae((t.others_s[m] for t in rows), reals) for m in COMPARED}
    best = min(ESTIMATORS, key=lambda m: singles[m])
    real = float(np.mean(reals))
    bias = float(np.mean([t.wait.wait_s - t.real_s for t in rows]))
    short = float(np.mean([t.wait.wait_s < t.real_s for t in rows]))
    coverage = float(np.mean([t.covered for t in rows]))
    verdicts = {
        "bell": f"MAE/mean {own / real:.3f} (0.25), /last ten {own / singles[LAST_TEN]:.2f} (0.5)",
        "lift": f"MAE {own:.0f} (45), five minutes {singles[FIVE_MINUTES]:.0f}",
        "staffing": f"/head {own / singles['head']:.2f} (1.1)",
    }
    verdict = verdicts.get(name, f"/best {best} {own / singles[best]:.3f} (1.05)")
    waited = [t for t in rows if t.wait.method != "free"]
    late = float(np.mean([t.wait.wait_s < t.real_s for t in waited])), float(np.mean([t.covered for t in waited]))
    methods = Counter(t.wait.method for t in rows)
    return (
        f"{name:12} n {len(rows)} mean {real:.1f} MAE {own:.1f} bias {bias:+.1f} short {short:.2f} "
        f"cover {coverage:.3f} [not free: short {late[0]:.2f} cover {late[1]:.3f}] {verdict}\n"
        f"{'':12} alone: " + " ".join(f"{m} {singles[m]:.1f}" for m in COMPARED) + "\n"
        f"{'':12} told by: " + " ".join(f"{m} {n / len(rows):.2f}" for m, n in methods.most_common())
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--min-stay", type=float, default=0.0)
    parser.add_argument("--only", default=",".join(WAIT_SCENARIOS))
    args = parser.parse_args()
    for name in args.only.split(","):
        begin = time.process_time()
        rows = run(name, range(args.first, args.first + args.seeds), args.min_stay)
        print(report(name, rows), f"\n{'':12} {(time.process_time() - begin) / args.seeds:.2f} s a seed", flush=True)


if __name__ == "__main__":
    main()
