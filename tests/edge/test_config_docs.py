"""docs/site-file.md shows the keys that the code reads."""

import re
from pathlib import Path

from edge.config_docs import key_tables
from edge.config_keys import INNER, KEYS

PAGE = (Path(__file__).parent.parent.parent / "docs" / "site-file.md").read_text(encoding="utf-8")


def test_the_page_has_the_tables_of_the_code():
    """`python -m edge.config_docs` prints what stands at the end of the page."""
    assert PAGE.endswith(key_tables())


def test_every_key_is_documented():
    """Each key has a row with what is allowed and a meaning."""
    rows = dict.fromkeys(re.findall(r"^\| `(\w+)` \| \S", PAGE, re.MULTILINE))
    assert {key for keys in KEYS.values() for key in keys} <= set(rows)
    assert {f"{outer}.{inner}" for outer, inners in INNER.items() for inner in inners} <= set(KEYS)
