"""Is a chain's database there, does it let this machine in, and is its schema the one that this version writes?"""

from collections.abc import Iterator

from edge.errors import InputError
from edge.settings import DatabaseSettings
from linewise.check_report import CheckLine

ABOUT = "database"


def database_lines(to: DatabaseSettings) -> Iterator[CheckLine]:
    """Findings on the site's [store] url; nothing is changed there."""
    try:
        from dashboard import postgres, postgres_schema
        from dashboard.work import NotStoredError
    except ImportError as error:
        yield CheckLine("fault", ABOUT, f"cannot be tried: {error}", "pip install 'linewise[postgres]'")
        return
    try:
        db = postgres.connect(to)
    except InputError as error:
        yield CheckLine("fault", ABOUT, str(error))
        return
    except NotStoredError as error:
        yield CheckLine("fault", ABOUT, str(error), "look at url in [store], and whether the server runs")
        return
    try:
        pending = postgres_schema.pending(db)
        problem = postgres_schema.rights_problem(db, pending)
        unsafe = db.run("SHOW fsync") == [["off"]]
    except InputError as error:
        yield CheckLine("fault", ABOUT, str(error))
        return
    except postgres.FAULTS as error:
        yield CheckLine("fault", ABOUT, str(postgres.told(to, error)))
        return
    finally:
        postgres.drop(db)
    if problem:
        yield CheckLine("fault", ABOUT, f"{to}: {problem}", "give the user the rights that postgres.md names")
        return
    if unsafe:
        yield CheckLine("warning", ABOUT, f"{to}: fsync is off there: a power cut loses rows", "set fsync = on there")
    schema = f"the collector will do {', '.join(pending)}" if pending else "its schema is this version's"
    yield CheckLine("ok", ABOUT, f"{to} lets this machine in ({words_of(to)}); {schema}")


def words_of(to: DatabaseSettings) -> str:
    """How the way there is protected."""
    if to.host.startswith("/"):
        return "by its socket"
    return {"verify-full": "TLS", "require": "TLS, but nobody checks who it is", "disable": "not encrypted"}[to.tls]
