"""The schema `linewise` of a PostgreSQL database, step by step, each together with the note that it was done.

Tables and columns are those of the SQLite store (docs/architecture.md, "The store"), but every key begins with the
site: boxes of two sites may have the same name. A step that has been released is never edited: add a new one.
"""

import hashlib

import pg8000.native as pg

from dashboard.postgres import SCHEMA
from dashboard.postgres_views import VIEWS
from edge.errors import InputError

LOCK = 0x4C574D47  # "LWMG": whoever migrates holds it, the others wait

_READING = """
    length bigint, length_low bigint, length_high bigint, quality text, state text,
    wait_s double precision, wait_low_s double precision, wait_high_s double precision,
    joined bigint, served bigint, "left" bigint, lost bigint"""
_SUMS = """
    joined bigint NOT NULL, served bigint NOT NULL, "left" bigint NOT NULL, lost bigint NOT NULL,
    worst_quality text NOT NULL"""

_TABLES = f"""
CREATE TABLE state (site text, queue text, received_s double precision NOT NULL, seq bigint, pts_s double precision,
    at text NOT NULL, {_READING}, wait_method text, arrivals_per_min double precision, served_per_min double precision,
    PRIMARY KEY (site, queue));
CREATE TABLE readings (site text NOT NULL, queue text NOT NULL, at_s double precision NOT NULL,
    received_s double precision NOT NULL, {_READING});
CREATE INDEX ON readings (site, queue, at_s);
CREATE INDEX ON readings (site, received_s);
CREATE TABLE lines (site text, line text, received_s double precision NOT NULL, pts_s double precision,
    at text NOT NULL, quality text, count_in bigint, count_out bigint, PRIMARY KEY (site, line));
CREATE TABLE cameras (site text, camera text, received_s double precision NOT NULL, at text NOT NULL, state text,
    detail text, picture text, frames_in_per_s double precision, frames_out_per_s double precision,
    age_s double precision, latency_s double precision, dropped bigint, restarts bigint, runtime text,
    model_sha256 text, width bigint, height bigint, PRIMARY KEY (site, camera));
CREATE TABLE boxes (site text, box text, received_s double precision NOT NULL, at text NOT NULL, status text,
    version text, config_sha256 text, epoch text, PRIMARY KEY (site, box));
CREATE TABLE minutes (site text, box text, queue text, minute_s double precision, readings bigint NOT NULL,
    unknown bigint NOT NULL, length_mean double precision, length_max bigint, wait_mean_s double precision,
    wait_max_s double precision, {_SUMS}, PRIMARY KEY (site, box, queue, minute_s));
CREATE INDEX ON minutes (site, queue, minute_s);
CREATE INDEX ON minutes (site, minute_s);
CREATE TABLE line_minutes (site text, box text, line text, minute_s double precision, readings bigint NOT NULL,
    unknown bigint NOT NULL, count_in bigint NOT NULL, count_out bigint NOT NULL, worst_quality text NOT NULL,
    PRIMARY KEY (site, box, line, minute_s));
CREATE INDEX ON line_minutes (site, minute_s);
CREATE TABLE hours (site text, box text, queue text, hour_s double precision, readings bigint NOT NULL,
    unknown bigint NOT NULL, length_sum double precision NOT NULL, length_readings bigint NOT NULL, length_max bigint,
    wait_sum_s double precision NOT NULL, wait_readings bigint NOT NULL, wait_max_s double precision, {_SUMS},
    waits text NOT NULL, told bigint NOT NULL, told_off_s double precision NOT NULL,
    told_more_s double precision NOT NULL, told_short bigint NOT NULL, told_covered bigint NOT NULL,
    PRIMARY KEY (site, box, queue, hour_s));
CREATE INDEX ON hours (site, queue, hour_s);
CREATE INDEX ON hours (site, hour_s);
CREATE TABLE line_hours (site text, box text, line text, hour_s double precision, readings bigint NOT NULL,
    unknown bigint NOT NULL, count_in bigint NOT NULL, count_out bigint NOT NULL,
    PRIMARY KEY (site, box, line, hour_s));
CREATE INDEX ON line_hours (site, hour_s);
CREATE TABLE events (site text, box text, epoch text, seq bigint, queue text NOT NULL, kind text NOT NULL,
    at_s double precision NOT NULL, pts_s double precision, wait_s double precision, stay_s double precision,
    ahead_on_joining bigint, censored bigint, text text, told_s double precision, told_low_s double precision,
    told_high_s double precision, PRIMARY KEY (site, box, epoch, seq));
CREATE INDEX ON events (site, queue, at_s);
CREATE INDEX ON events (site, at_s);
CREATE TABLE sources (site text, box text, epoch text, seq bigint NOT NULL, missing bigint NOT NULL,
    PRIMARY KEY (site, box, epoch));
CREATE TABLE quarantine (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site text NOT NULL,
    received_s double precision NOT NULL, topic text, reason text, payload bytea);
CREATE INDEX ON quarantine (site, id);
CREATE TABLE counts (site text, name text, value bigint NOT NULL, PRIMARY KEY (site, name));
"""

_CLOCK = "ALTER TABLE boxes ADD COLUMN clock_unsynced boolean"
_DISK = "ALTER TABLE boxes ADD COLUMN disk_failing boolean"

MIGRATIONS = (("p001_tables", _TABLES), ("p002_views", VIEWS), ("p003_clock", _CLOCK), ("p004_disk", _DISK))


def pending(db: pg.Connection) -> list[str]:
    """Names of the steps that are still to be done; InputError where a newer Linewise has been here."""
    if db.run(f"SELECT to_regclass('{SCHEMA}.migrations')")[0][0] is None:
        return [name for name, _ in MIGRATIONS]
    done = {row[0] for row in db.run(f"SELECT name FROM {SCHEMA}.migrations")}  # noqa: S608
    unknown = done - {name for name, _ in MIGRATIONS}
    if unknown:
        raise InputError(f"the database was written by a newer Linewise ({', '.join(sorted(unknown))}): update")
    return [name for name, _ in MIGRATIONS if name not in done]


def rights_problem(db: pg.Connection, todo: list[str]) -> str:
    """What this user may not do that the collector will do; "" if it may."""
    if len(todo) == len(MIGRATIONS):
        if db.run(f"SELECT to_regnamespace('{SCHEMA}')")[0][0] is None:
            may = db.run("SELECT has_database_privilege(current_database(), 'CREATE')")[0][0]
            return "" if may else f"the user may not create the schema {SCHEMA} in it"
        may = db.run(f"SELECT has_schema_privilege('{SCHEMA}', 'CREATE')")[0][0]
        return "" if may else f"the user may not create tables in the schema {SCHEMA}"
    table = f"'{SCHEMA}.sources'"
    may = db.run(f"SELECT has_table_privilege({table}, 'INSERT') AND has_table_privilege({table}, 'UPDATE')")[0][0]
    return "" if may else f"the user may not write the tables of the schema {SCHEMA}"


def migrate(db: pg.Connection) -> list[str]:
    """Does what is pending, in one transaction; the names of the steps. Collectors that start at once take turns."""
    if not pending(db):
        return []
    db.run("BEGIN")
    db.run("SET LOCAL lock_timeout = 15000")
    db.run(f"SELECT pg_advisory_xact_lock({LOCK})")
    todo = pending(db)
    if len(todo) == len(MIGRATIONS):
        if db.run(f"SELECT to_regnamespace('{SCHEMA}')")[0][0] is None:
            db.run(f"CREATE SCHEMA {SCHEMA}")
        db.run("CREATE TABLE migrations (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())")
    for name, statements in MIGRATIONS:
        if name in todo:
            db.run(statements)
            db.run("INSERT INTO migrations (name) VALUES (:name)", name=name)
    db.run("COMMIT")
    return todo


def lock_of(site: str) -> int:
    """The advisory lock of a site's collector."""
    return int.from_bytes(hashlib.sha256(f"linewise collector {site}".encode()).digest()[:8], "big", signed=True)
