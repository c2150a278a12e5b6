"""Who may ask: whom the dashboard lets in ([dashboard] in the site file), and programs that have the token ([api])."""

import hmac
import os

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access import visitor
from dashboard.launch import HOSTS_VARIABLE, loopback
from edge.errors import InputError
from edge.settings import ApiSettings, DashboardSettings

OPEN = "/healthz"  # for whoever watches the process; it tells nothing
DOCUMENT = ("/", "/docs", "/openapi.json")  # tells how to ask, not what is there


class Gate:
    """ASGI middleware: 401 or 403, in words, for whoever may not look."""

    def __init__(self, app: ASGIApp, access: DashboardSettings, token: str | None) -> None:
        self._app = app
        self._access = access
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"] == OPEN:
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        answer = self._refused(scope["path"], Headers(scope=scope), client[0] if client else None)
        await (self._app if answer is None else answer)(scope, receive, send)

    def _refused(self, path: str, headers: Headers, address: str | None) -> JSONResponse | None:
        """Why a request gets no answer; None: it gets one."""
        if self._token is None:
            who = visitor(self._access, headers, address, None)
            return None if who.role else JSONResponse({"detail": who.why}, 403 if who.name else 401)
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token.encode()):
            return None
        if self._access.login == "proxy":
            who = visitor(self._access, headers, address, None)
            if who.role or who.name:
                return None if who.role else JSONResponse({"detail": who.why}, 403)
        elif path in DOCUMENT or path.startswith("/docs/"):
            return None
        why = (
            "This is not the token of the site file."
            if given
            else "Send the site file's token: Authorization: Bearer …"
        )
        return JSONResponse({"detail": why}, 401, {"WWW-Authenticate": "Bearer"})


def require_safe(access: DashboardSettings, api: ApiSettings) -> None:
    """Raises InputError where the rules can't be kept."""
    if access.login == "oidc" and api.token is None:
        raise InputError(
            'dashboard.login is "oidc", and nobody logs in to the API: give programs a token (in the site file, under '
            '[api]: token = "${API_TOKEN}"), or let a proxy on this machine log people in (login = "proxy")'
        )
    if access.login == "proxy" and not loopback(api.address):
        raise InputError(
            f'dashboard.login is "proxy", and the API would listen on {api.address}, where anybody could send '
            f"{access.user_header}: listen on 127.0.0.1 and let the proxy on this machine ask there"
        )


def allowed_hosts(address: str) -> list[str]:
    """Names under which it may be asked for: on loopback its own and a proxy's, against DNS rebinding."""
    if not loopback(address):
        return ["*"]
    more = os.environ.get(HOSTS_VARIABLE, "").split(",")
    return ["localhost", "127.0.0.1", *(host.strip() for host in more if host.strip())]
