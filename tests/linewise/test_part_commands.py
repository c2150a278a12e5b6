"""What the commands that read the store say before they read it."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import load_site
from edge.settings import DatabaseSettings, Site
from linewise.part_commands import _store_to_read

TEXT = '[site]\nid = "canteen"\n[[camera]]\nid = "tills"\nsource = "test://"\n'
DATABASE = DatabaseSettings("db.example.com", 5432, "queues", "linewise", password="not to be shown")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose state folder is empty."""
    monkeypatch.setenv("LINEWISE_STATE", str(tmp_path))
    (tmp_path / "site.toml").write_text(TEXT, "utf-8")
    return load_site(tmp_path / "site.toml")


def test_a_chains_database_is_not_read_and_that_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is a database and no store, the words name both files and no password; else there are none."""
    chain = replace(site, store=replace(site.store, database=DATABASE))
    store = _store_to_read(chain)
    said = capsys.readouterr().err
    assert str(store) in said
    assert "postgresql://linewise@db.example.com:5432/queues" in said
    assert "not to be shown" not in said
    assert _store_to_read(site) == store
    store.parent.mkdir(parents=True, exist_ok=True)
    store.touch()
    assert _store_to_read(chain) == store
    assert capsys.readouterr().err == ""
