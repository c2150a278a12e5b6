"""`linewise check` on a chain's database: it answers, it lets us in, its schema is right; nothing is changed there."""

from dataclasses import replace

import pytest

from dashboard.postgres_store import PostgresStore
from edge.settings import DatabaseSettings
from linewise.check_database import database_lines
from tests.dashboard.conftest import database, postgres_server  # noqa: F401  (fixtures)
from tests.dashboard.postgres_server import Server

pytestmark = pytest.mark.e2e


def said(to: DatabaseSettings) -> list[tuple[str, str]]:
    """Levels and texts."""
    return [(line.level, f"{line.text} {line.remedy}") for line in database_lines(to)]


def test_a_new_and_a_known_database(database: DatabaseSettings, postgres_server: Server) -> None:  # noqa: F811
    """Check says what the collector will do, does nothing itself, and afterwards that the schema is right."""
    (unsafe, new) = said(database)
    assert unsafe[0] == "warning"
    assert "fsync is off" in unsafe[1]
    assert new[0] == "ok"
    assert "the collector will do p001_tables" in new[1]
    assert postgres_server.sql("SELECT to_regnamespace('linewise')", database.database) == [[None]]
    PostgresStore(database, "s", utc_s=lambda: 0.0).close()
    assert "its schema is this version's" in said(database)[-1][1]
    postgres_server.sql("INSERT INTO linewise.migrations (name) VALUES ('p999_future')", database.database)
    assert [(level, "newer Linewise" in text) for level, text in said(database)] == [("fault", True)]


def test_what_is_missing_is_told(database: DatabaseSettings, postgres_server: Server) -> None:  # noqa: F811
    """A server that is not there, a database that is not, rights that are not: a fault each, with what to do."""
    user = f"u_{database.database}"
    postgres_server.sql(f"CREATE USER {user}")
    weak = replace(database, user=user)
    assert [level for level, _ in said(weak)] == ["fault"]
    assert "may not create the schema linewise" in said(weak)[0][1]
    postgres_server.sql("CREATE SCHEMA linewise", database.database)
    assert "permission denied for schema linewise: give the user the rights" in said(weak)[0][1]
    postgres_server.sql(f"GRANT USAGE ON SCHEMA linewise TO {user}", database.database)
    assert "may not create tables in the schema" in said(weak)[0][1]
    postgres_server.sql("DROP SCHEMA linewise", database.database)
    PostgresStore(database, "s", utc_s=lambda: 0.0).close()
    postgres_server.sql(f"GRANT USAGE ON SCHEMA linewise TO {user}", database.database)
    postgres_server.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA linewise TO {user}", database.database)
    assert "may not write the tables" in said(weak)[0][1]
    assert "whether the server runs" in said(replace(database, port=1))[0][1]
    assert "create the database" in said(replace(database, database="nowhere"))[0][1]
