"""Who may ask: the dashboard's own rules ([dashboard] in the site file), before anything else is looked at."""

import os

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access import visitor
from dashboard.launch import HOSTS_VARIABLE, loopback
from edge.errors import InputError
from edge.settings import DashboardSettings

OPEN = "/healthz"  # for whoever watches the process; it tells nothing


class Gate:
    """ASGI middleware: 401 or 403, in words, for whoever may not look."""

    def __init__(self, app: ASGIApp, settings: DashboardSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] == OPEN:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        client = scope.get("client")
        who = visitor(self._settings, headers, client[0] if client else None, None)
        if who.role is None:
            answer = JSONResponse({"detail": who.why}, 403 if who.name else 401)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


def require_safe(access: DashboardSettings, address: str) -> None:
    """Raises InputError where the rules can't be kept at this address."""
    if access.login == "oidc":
        raise InputError(
            'dashboard.login is "oidc", and nobody logs in to the API: let a proxy on this machine log people in '
            '(login = "proxy"), or run the API from a site file of its own without a login, on 127.0.0.1'
        )
    if access.login == "proxy" and not loopback(address):
        raise InputError(
            f'dashboard.login is "proxy", and the API would listen on {address}, where anybody could send '
            f"{access.user_header}: listen on 127.0.0.1 and let the proxy on this machine ask there"
        )


def allowed_hosts(address: str) -> list[str]:
    """Names under which it may be asked for: on loopback its own and a proxy's, against DNS rebinding."""
    if not loopback(address):
        return ["*"]
    more = os.environ.get(HOSTS_VARIABLE, "").split(",")
    return ["localhost", "127.0.0.1", *(host.strip() for host in more if host.strip())]
