"""The page's process: Streamlit, and a thread that ends it when the process that started it is gone."""

import faulthandler
import importlib
import os
import signal
import sys
import threading
from pathlib import Path

from streamlit.web import cli

PAGES = ("accuracy", "alerts_page", "board", "cameras", "history", "live", "plan", "staffing")


def main() -> None:
    """Serves dashboard/app.py with Streamlit's options from the command line, for as long as stdin is open."""
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # as every part: linewise/process.py
    threading.Thread(target=_end_with_parent, daemon=True, name="end-with-parent").start()
    for page in PAGES:  # else the first visitor waits for a second of imports
        importlib.import_module(f"dashboard.views.{page}")
    cli.main(["run", str(Path(__file__).with_name("app.py")), *sys.argv[1:]], prog_name="streamlit")


def _end_with_parent() -> None:
    # Nothing is ever written: this returns when the parent's end of the pipe is closed. Read past sys.stdin, whose lock
    # a thread that waits would keep while the interpreter shuts down.
    os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    main()
