"""A PostgreSQL server of our own in a temporary folder: reached by a socket, killed when a test wants it."""

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pg8000.native as pg
import psutil

from edge.settings import DatabaseSettings
from tests.conftest import wait_for


def binaries() -> Path:
    """The folder of Debian's newest server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    assert found, "PostgreSQL is missing: apt-get install postgresql (`make test` does)"
    return found[-1].parent


class Server:
    """A cluster; `settings` name its superuser, who comes in by the socket without a password."""

    def __init__(self, *options: str, port: int = 5432, hba: str = "local all all trust\n") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._as = {} if os.getuid() else {"user": "nobody", "group": "nogroup", "extra_groups": []}
        if self._as:
            shutil.chown(self.folder, "nobody", "nogroup")
        self._options = options
        self.data = self.folder / "data"
        self._run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            "boss",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
            "--wal-segsize=1",
        )
        (self.data / "pg_hba.conf").write_text(hba, encoding="utf-8")
        self.settings = DatabaseSettings(str(self.folder), port, "postgres", "boss", tls="disable")
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.folder / "log").touch()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                (binaries() / "postgres", "-D", self.data, "-k", self.folder, "-c", "listen_addresses=",
                 "-c", "max_connections=40", "-c", "autovacuum=off",
                 *(word for option in self._options for word in ("-c", option))),
                stdout=log, stderr=log, start_new_session=True, **self._as,
            )  # fmt: skip
        wait_for(self._answers, f"PostgreSQL answers; {self.folder / 'log'}")

    def kill(self) -> None:
        """SIGKILL to every process of it, as when the machine goes."""
        everybody = psutil.Process(self.process.pid).children(recursive=True)
        for one in (self.process, *everybody):
            one.kill()
        self.process.wait()
        psutil.wait_procs(everybody, 30)

    def stop(self) -> None:
        """Ends it and removes its folder."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, name: str) -> DatabaseSettings:
        """A new, empty database of that name."""
        self.sql(f'CREATE DATABASE "{name}"')
        return replace(self.settings, database=name)

    def sql(self, statement: str, database: str = "postgres") -> list[list[object]]:
        """Runs a statement as the superuser."""
        with pg.Connection(
            "boss", unix_sock=str(self.folder / f".s.PGSQL.{self.settings.port}"), database=database
        ) as db:
            return db.run(statement) or []

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run((binaries() / name, *arguments), check=True, capture_output=True, cwd="/", **self._as)

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")
        try:
            return self.sql("SELECT 1") == [[1]]
        except (pg.InterfaceError, pg.DatabaseError, OSError):
            return False
