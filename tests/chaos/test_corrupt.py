"""Outboxes and stores that are corrupt when they are opened; a thousand of each by `python -m tests.chaos.corrupt`."""

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos import corrupt


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("subject", corrupt.SUBJECTS)
def test_whatever_is_corrupt_it_starts_and_tells(
    subject: str, quick_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Box and collector start on a damaged file and go on; what they can't read is kept and told, nothing is stuck."""
    found = corrupt.run(subject, range(40), quick_path)  # it raises where a promise broke
    outcomes: Counter[str] = Counter()
    for name, times in found.items():
        outcomes[name.split(": ")[1]] += times
    with capsys.disabled():
        print(f" {subject}: {dict(outcomes)}", end="")
    assert outcomes["set aside"] >= 10
    assert sum(outcomes.values()) == 40
