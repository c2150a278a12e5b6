"""`linewise check` and `up` on the languages of the public display."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.settings import DisplaySettings, Site
from linewise.check_display import display_lines
from linewise.part_commands import run_up
from linewise.parts import free_port

SITE = Site("s", "S", "UTC", "box", Path("s.toml"), "0", (), ())


def test_known_languages_are_told_by_their_names() -> None:
    """A display's languages in their own names; a site without a display says nothing."""
    (line,) = display_lines(replace(SITE, display=DisplaySettings(languages=("de", "ru"))))
    assert (line.level, line.text) == ("ok", "it speaks Deutsch, Русский")
    assert list(display_lines(SITE)) == []


def test_an_unknown_language_is_a_fault_with_what_to_do() -> None:
    """`check` names the language, those that there are, and where another one goes; `up` does not start with it."""
    wrong = replace(SITE, display=DisplaySettings(languages=("de", "xx", "yy")))
    (line,) = display_lines(wrong)
    assert line.level == "fault"
    assert line.text == "languages: the display has no xx, yy; it has: en, de, fr, ru, it"
    assert "languages.toml" in line.remedy
    with pytest.raises(InputError, match="the display has no xx, yy"):
        run_up(wrong, port=free_port(), address="127.0.0.1", browser=False)
