"""The wall clock is looked at, never trusted."""

import pytest

from edge import clock
from edge.clock import JumpWatch, plausible, synchronised, unsynced


def test_a_clock_that_was_set_is_noticed() -> None:
    """Steps of an hour forward and back are told once each; slewing and waiting are not."""
    watch = JumpWatch(100.0, 1_800_000_000.0)
    assert watch.step_s(110.0, 1_800_000_010.004) is None
    assert watch.step_s(120.0, 1_800_003_620.0) == pytest.approx(3600.0, abs=0.1)
    assert watch.step_s(130.0, 1_800_003_630.0) is None
    assert watch.step_s(140.0, 1_800_000_040.0) == pytest.approx(-3600.0, abs=0.1)


def test_a_clock_without_a_battery_is_known() -> None:
    """1970 and 2020 cannot be; now can."""
    assert [plausible(s) for s in (0.0, 1_577_836_800.0, 1_800_000_000.0)] == [False, False, True]


@pytest.mark.parametrize(("kernel", "may_be_wrong"), [(True, False), (False, True), (None, False)])
def test_a_clock_may_be_wrong_that_nobody_keeps(
    monkeypatch: pytest.MonkeyPatch, kernel: bool | None, may_be_wrong: bool
) -> None:
    """A clock that no time service keeps may be wrong; one that was never set is, whatever the kernel says."""
    monkeypatch.setattr(clock, "synchronised", lambda: kernel)
    assert (unsynced(1_800_000_000.0), unsynced(0.0)) == (may_be_wrong, True)


def test_the_kernel_answers() -> None:
    """Asking the kernel whether a time service keeps the clock gives yes, no or unknown, and changes nothing."""
    assert synchronised() in (True, False, None)
