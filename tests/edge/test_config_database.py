"""[store] url: what is taken, what is not, and that no password is in any word."""

from pathlib import Path

import pytest

from edge.config import ConfigError, load_site
from edge.settings import DatabaseSettings

SITE = '[site]\nid = "s"\n[[camera]]\nid = "c"\nsource = "test://"\n[store]\n'


def load(folder: Path, store: str, environ: dict[str, str] | None = None, **options: str) -> DatabaseSettings | None:
    path = folder / "site.toml"
    path.write_text(SITE + store, encoding="utf-8")
    return load_site(path, environ or {}, **options).store.database  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://lw:s3cret@db.example.com/queues", ("db.example.com", 5432, "queues", "verify-full")),
        ("postgres://lw:s3cret@db.example.com:6000/q?sslmode=require", ("db.example.com", 6000, "q", "require")),
        ("postgresql://lw:s3cret@localhost/queues", ("localhost", 5432, "queues", "disable")),
        ("postgresql://lw:s3cret@[::1]/queues", ("::1", 5432, "queues", "disable")),
        ("postgresql://lw:s3cret@/queues?host=/run/pg", ("/run/pg", 5432, "queues", "disable")),
        ("postgresql://lw:s3cret@/a%20b?host=db", ("db", 5432, "a b", "verify-full")),
    ],
)  # fmt: skip
def test_urls_as_everybody_writes_them(tmp_path: Path, url: str, expected: tuple[str, int, str, str]) -> None:
    """A URL gives host, port, database and TLS, which is asked for wherever the way leaves the machine."""
    found = load(tmp_path, f'url = "{url}"')
    assert found is not None
    assert (found.host, found.port, found.database, found.tls) == expected
    assert (found.user, found.password) == ("lw", "s3cret")
    assert "s3cret" not in f"{found} {found!r}"


def test_a_password_with_every_sign(tmp_path: Path) -> None:
    """A password from the environment may have what a URL may not."""
    found = load(tmp_path, 'url = "postgresql://lw:${PG_PASSWORD}@db/queues"', {"PG_PASSWORD": "a@b:c/d?e#f g"})
    assert found is not None
    assert (found.password, found.host) == ("a@b:c/d?e#f g", "db")


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ('url = "mysql://u:s3cret@h/d"', "begin with"),
        ('url = "postgresql://u:s3cret@h"', "no name of a database"),
        ('url = "postgresql://h/d"', "no user"),
        ('url = "postgresql:///d"', "no host"),
        ('url = "postgresql://u:s3cret@h/d/e"', "two names"),
        ('url = "postgresql://u:s3cret@h:99999/d"', "port"),
        ('url = "postgresql://u:s3cret@h/d?sslmode=prefer"', "allowed: verify-full"),
        ('url = "postgresql://u:s3cret@h/d?sslmod=disable"', 'did you mean "sslmode"?'),
        ('urls = "postgresql://u:s3cret@h/d"', 'did you mean "url"?'),
        ('ca_file = "ca.pem"', "needs url"),
        ('url = "postgresql://u:s3cret@h/d?sslmode=require"\nca_file = "ca.pem"', "verify-full only"),
    ],
)
def test_wrong_urls_are_told(tmp_path: Path, store: str, said: str) -> None:
    """Each fault says what is allowed, and none the password."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, store)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_only_who_writes_needs_the_password(tmp_path: Path) -> None:
    """An unset variable is a fault for the collector and for nobody else."""
    store = 'url = "postgresql://lw:${PG_PASSWORD}@db/queues"\nca_file = "ca.pem"'
    assert load(tmp_path, store) is None
    with pytest.raises(ConfigError, match="the environment has no PG_PASSWORD"):
        load(tmp_path, store, database="required")
    found = load(tmp_path, store, {"PG_PASSWORD": "x"}, database="required")
    assert found is not None
    assert found.ca_file == str(tmp_path / "ca.pem")
