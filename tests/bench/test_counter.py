"""What the counter costs: time a picture, and memory over weeks. Times are processor seconds of this process."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from edge.counter import Counter
from tests.edge.queueing.scene import every, site, tracks


def resident_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_a_hundred_people_take_under_five_milliseconds() -> None:
    """A picture with 100 people in the lane, and a tick, each under 5 ms (median)."""
    rng = np.random.default_rng(1)
    counter = Counter(site())
    stand = np.array([(400.0 + (i % 10) * 50.0, 250.0 + (i // 10) * 40.0) for i in range(100)])
    steps, ticks = [], []
    for t_s in every(0.2, 30):
        feet = {i: (float(x), float(y)) for i, (x, y) in enumerate(stand + rng.normal(0.0, 3.0, stand.shape))}
        picture = tracks(t_s, feet)
        begin = time.process_time()
        counter.on_tracks(picture)
        middle = time.process_time()
        [reading] = counter.tick(t_s, t_s).readings
        steps.append(middle - begin)
        ticks.append(time.process_time() - middle)
    print(f"counter step {1e3 * np.median(steps):.2f} ms, tick {1e3 * np.median(ticks):.2f} ms, 100 people")
    assert reading.length == 100
    assert np.median(steps) < 5e-3
    assert np.median(ticks) < 5e-3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_week_of_short_tracks_leaves_no_memory_behind() -> None:
    """Tracks of one second by the thousand: memory grows under 20 MB, and the last tenth is not slower than the first.

    40,000 pictures and 10,000 tracks here; LINEWISE_BENCH_PICTURES=200000 makes it the reported case.
    """
    pictures = int(os.environ.get("LINEWISE_BENCH_PICTURES", "40000"))
    counter = Counter(site(fps=25))
    tenth = pictures // 10
    spent, base_mb = [0.0] * 10, 0.0
    for k in range(pictures):
        t_s = 0.04 * k
        alive = range(max(0, k - 24) // 4, k // 4 + 1)
        picture = tracks(t_s, {i: (350.0 + i * 37 % 500, 300.0 + i * 91 % 350) for i in alive})
        begin = time.process_time()
        counter.on_tracks(picture)
        if k % 25 == 0:
            counter.tick(t_s, t_s)
        spent[min(k // tenth, 9)] += time.process_time() - begin
        if k == tenth:
            base_mb = resident_mb()
    growth_mb = resident_mb() - base_mb
    print(f"{pictures} pictures: grew {growth_mb:.1f} MB, last tenth / first tenth {spent[9] / spent[0]:.2f}")
    assert growth_mb < 20.0
    assert spent[9] <= 1.2 * spent[0]
