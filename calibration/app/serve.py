"""Serves one of the calibration pages in this process until Ctrl-C: loopback only, for one installer."""

import socket
from pathlib import Path

from edge.errors import InputError

OPTIONS = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorLinks": "false",
    "global.developmentMode": "false",
    "runner.magicEnabled": "false",
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",
    "theme.light.primaryColor": "#1f6feb",
    "theme.light.backgroundColor": "#f5f6f8",
    "theme.light.secondaryBackgroundColor": "#e8ebf0",
    "theme.light.textColor": "#16191d",
    "theme.dark.primaryColor": "#6ea8fe",
    "theme.dark.backgroundColor": "#0f1216",
    "theme.dark.secondaryBackgroundColor": "#1c222a",
    "theme.dark.textColor": "#eceff3",
}
HOSTS = ("localhost", "127.0.0.1", "::1")  # no other page may reach this one under a name of its own (DNS rebinding)


def serve(page: str, *, port: int) -> None:
    """Serves `page` (a file of this folder) at http://127.0.0.1:port; returns when it has been ended.

    Raises:
        InputError: Streamlit is not installed, or the port is in use.
    """
    try:
        from streamlit.web import cli  # noqa: PLC0415 - an extra of its own
    except ImportError:
        raise InputError("this page needs Streamlit: pip install 'linewise[calibrate]'") from None
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(f"port {port} can't be listened on ({error.strerror}); choose another: --port") from error
    options = [f"--{k}={v}" for k, v in {**OPTIONS, "server.port": str(port)}.items()]
    options += [f"--server.allowedHosts={host}" for host in HOSTS]
    cli.main(["run", str(Path(__file__).with_name(page)), *options], prog_name="linewise", standalone_mode=False)
