"""Every error that people see is printed by the command itself."""

import os
import resource

import pytest

from linewise import cli


def _opens_ever_more() -> None:
    """Opens files until the process may open no more."""
    opened = []
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 20, hard))
    try:
        while True:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for descriptor in opened:
            os.close(descriptor)


def test_no_more_open_files_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part that may open no more files ends with one line that says what to raise, not with a traceback (F32)."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(cli, "app", _opens_ever_more)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert ended.value.code == 1
    assert "LimitNOFILE=" in capsys.readouterr().err
