"""Where a box keeps what must survive: outbox, store and sockets of one site."""

import hashlib
import os
import tempfile
from pathlib import Path


def state_dir(site_id: str) -> Path:
    """The site's state folder, created if missing.

    $LINEWISE_STATE/SITE if that is set, else /var/lib/linewise/SITE for root, else ~/.local/state/linewise/SITE.
    """
    root = os.environ.get("LINEWISE_STATE")
    if root is None:
        root = "/var/lib/linewise" if os.geteuid() == 0 else str(Path.home() / ".local/state/linewise")
    path = Path(root).absolute() / site_id
    path.mkdir(parents=True, exist_ok=True, mode=0o750)
    return path


def outbox_path(state: Path) -> Path:
    """The counter's outbox (SQLite)."""
    return state / "outbox.sqlite3"


def store_path(state: Path) -> Path:
    """The collector's store (SQLite), which the dashboard reads."""
    return state / "store.sqlite3"


def counter_word(state: Path) -> Path:
    """What the counter says of itself, for `linewise diagnose` (JSON)."""
    return state / "counter.json"


def home_assistant_mark(state: Path) -> Path:
    """Is there when Home Assistant has been told of this box: what was said can be taken back."""
    return state / "home_assistant"


def counter_socket(state: Path) -> Path:
    """The counter's UNIX socket; a short one in the temporary folder where the state path is too long for a socket."""
    path = state / "counter.sock"
    if len(str(path)) < 100:
        return path
    digest = hashlib.sha256(str(state).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"linewise-{digest}.sock"
