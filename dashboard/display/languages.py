"""The display's languages, from languages.toml beside this file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from edge.errors import InputError

Words = Mapping[str, str]
FILE = Path(__file__).with_name("languages.toml")


def all_languages() -> Mapping[str, Words]:
    """Every language by its code."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def chosen(codes: tuple[str, ...]) -> Mapping[str, Words]:
    """The words of these languages, in their order; InputError names the ones that are there."""
    known = all_languages()
    missing = [code for code in codes if code not in known]
    if missing:
        raise InputError(
            f"display.languages: the display has no {', '.join(missing)}; it has: {', '.join(known)}; "
            "another one is a table in dashboard/display/languages.toml"
        )
    return {code: known[code] for code in codes}
