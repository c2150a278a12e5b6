"""What the counter costs: time a picture, and memory over weeks.

Processor seconds are printed, never judged: a busy machine would decide. Growth of work is judged in calls made.
"""

import os
import time

import numpy as np
import pytest

from edge.counter import Counter
from tests.bench.cost import calls_in, resident_mb
from tests.edge.queueing.scene import every, site, tracks

PERIOD = 6000
"""Pictures after which the walk of short tracks repeats itself (a track each 12 pictures, 500 places)."""


def test_a_hundred_people_are_counted_as_a_hundred_and_the_step_is_timed() -> None:
    """100 people in the lane: length 100; prints the median time of a picture and of a tick (asked: 5 ms)."""
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


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_week_of_short_tracks_leaves_no_memory_behind() -> None:
    """Tracks of 12 seconds by the thousand: memory grows under 20 MB, and a late second costs no more calls.

    40,000 pictures and 3,300 tracks here; LINEWISE_BENCH_PICTURES=200000 makes it the reported case.
    """
    pictures = int(os.environ.get("LINEWISE_BENCH_PICTURES", "40000"))
    counter = Counter(site(fps=2))
    early, late = pictures * 4 // 10, pictures  # by then as many visits have ended as are kept

    def show(begin: int, end: int) -> None:
        for k in range(begin, end):
            t_s = 0.5 * k
            alive = range(max(0, k - 24) // 12, k // 12 + 1)
            counter.on_tracks(tracks(t_s, {i: (350.0 + i * 37 % 500, 300.0 + i * 91 % 350) for i in alive}))
            if k % 2 == 0:
                counter.tick(t_s, t_s)

    show(0, early - PERIOD)
    early_calls = calls_in(lambda: show(early - PERIOD, early))
    base_mb = resident_mb()
    show(early, late - PERIOD)
    late_calls = calls_in(lambda: show(late - PERIOD, late))
    growth_mb = resident_mb() - base_mb
    print(f"{pictures} pictures: grew {growth_mb:.1f} MB, calls late / early {late_calls / early_calls:.3f}")
    assert growth_mb < 20.0
    assert late_calls <= 1.02 * early_calls
