"""What the documentation names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "systemd").glob("*.md")]
)
IDS = [str(p.relative_to(ROOT)) for p in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page exists."""
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    dead = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not dead, dead


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist(page: Path) -> None:
    """Every `linewise SUB` in a code span or block is a sub-command, every `make TARGET` a target."""
    from linewise.cli import app

    known = {c.name or c.callback.__name__.replace("_", "-") for c in app.registered_commands if c.callback}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    used = set(re.findall(r"(?:^|[`/ ])linewise ([a-z]+)\b", code, re.MULTILINE))
    assert used <= known, used - known
    made = set(re.findall(r"(?:^|`)make ([a-z]+)\b", code, re.MULTILINE))
    assert made <= targets, made - targets
