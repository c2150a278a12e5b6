"""The read-only JSON API of a site: FastAPI over the store, with a page of its OpenAPI document."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi import Path as InPath
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPBearer
from pydantic import AwareDatetime, BaseModel, TypeAdapter
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from dashboard.api import acris, answers, models
from dashboard.api.gate import Gate, allowed_hosts
from dashboard.api.recent import Recent
from dashboard.desk import acknowledged, desk_path
from dashboard.page import Names
from dashboard.reading import open_store
from edge.messages import utc
from edge.settings import ApiSettings, DashboardSettings

HERE = Path(__file__).parent
NOW_S, PAST_S = 1.0, 30.0  # how long an answer about now, and about the past, is kept
SLOT_S = {"minutes": 60, "hours": 3600}
SPAN = {"minutes": timedelta(days=1), "hours": timedelta(days=30)}
WORDS: dict[int | str, dict[str, Any]] = {
    401: {"description": "Nobody has said who you are (see [dashboard] login, [api] token)."},
    503: {"description": "The store can't be read: has a collector run here?"},
}
PAGE = {"Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"}
Make = Callable[[sqlite3.Connection, float], BaseModel | list[acris.QueueMeasurement]]
Instant = Annotated[AwareDatetime | None, Query(description="ISO 8601 with a zone, such as 2026-05-04T10:00:00Z.")]
Since = Annotated[AwareDatetime | None, Query(alias="from", description="From this instant on.")]
Limit = Annotated[int, Query(ge=1, le=1440)]


class Api:
    """What the routes share: the site's names, the store, and the answers of the last moment."""

    def __init__(self, names: Names, store: Path, utc_s: Callable[[], float]) -> None:
        self.names = names
        self.store = store
        self.utc_s = utc_s
        self._recent = Recent()

    def answer(self, request: Request, make: Make, *, keep_s: float = NOW_S) -> Response:
        """The answer to a request: 304 where the asker has it."""
        question = f"{request.url.path}?{request.url.query}"
        try:
            made = self._recent.get(question, lambda: self._read(make), keep_s)
        except sqlite3.Error as fault:
            raise HTTPException(503, f"the store can't be read ({fault}): has a collector run here?") from fault
        headers = {"ETag": made.etag, "Cache-Control": f"private, max-age={keep_s:.0f}"}
        asked = request.headers.get("if-none-match", "")
        if asked == "*" or made.etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")]:
            return Response(status_code=304, headers=headers)
        return Response(made.body, media_type="application/json", headers=headers)

    def _read(self, make: Make) -> bytes:
        with closing(open_store(self.store)) as db:
            told = make(db, self.utc_s())
        if isinstance(told, BaseModel):
            return told.model_dump_json().encode()
        return TypeAdapter(list[acris.QueueMeasurement]).dump_json(told, exclude_none=True)

    def require_queue(self, queue: str) -> str:
        """404 in words for a queue that the site file does not have."""
        if queue not in dict(self.names.queues):
            raise HTTPException(404, f"no such queue; there are: {', '.join(dict(self.names.queues))}")
        return queue


def api_app(
    names: Names, settings: ApiSettings, access: DashboardSettings, *, store: Path, utc_s: Callable[[], float]
) -> FastAPI:
    """The application."""
    app = FastAPI(
        title=f"Linewise: {names.name or names.site}",
        version=version("linewise"),
        description=(models.__doc__ or "").split("\n\n", 1)[-1].strip(),
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # Told in the document, so that its page asks for the token; the gate is who looks at it.
        dependencies=[] if settings.token is None else [Depends(HTTPBearer(auto_error=False))],
    )
    api = Api(names, store, utc_s)
    _now(app, api)
    _past(app, api)
    _accuracy(app, api)
    _page(app)
    app.add_middleware(Gate, access=access, token=settings.token)
    if settings.origins:  # before the gate: a browser asks whether it may ask without saying who asks
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET"], allow_headers=["Authorization"]
        )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings.address))
    return app


def _now(app: FastAPI, api: Api) -> None:
    """Routes that tell what is now."""

    @app.get("/v1/site", response_model=models.SiteAnswer, responses=WORDS, tags=["now"])
    def site(request: Request) -> Response:
        """The site, its queues, cameras and boxes."""
        return api.answer(request, lambda db, now_s: answers.site(db, api.names, now_s))

    @app.get("/v1/queues", response_model=models.QueuesAnswer, responses=WORDS, tags=["now"])
    def queues(request: Request) -> Response:
        """All queues now."""
        return api.answer(request, lambda db, now_s: answers.queues(db, api.names, now_s))

    @app.get("/v1/queues/{queue}", response_model=models.QueueNow, responses=WORDS, tags=["now"])
    def queue(request: Request, queue: Annotated[str, InPath()]) -> Response:
        """One queue now."""
        place = list(dict(api.names.queues)).index(api.require_queue(queue))
        return api.answer(request, lambda db, now_s: answers.queues(db, api.names, now_s).queues[place])

    @app.get("/v1/cameras", response_model=models.CamerasAnswer, responses=WORDS, tags=["now"])
    def cameras(request: Request) -> Response:
        """All cameras."""
        return api.answer(request, lambda db, now_s: answers.cameras(db, api.names, now_s))

    @app.get("/v1/lines", response_model=models.LinesAnswer, responses=WORDS, tags=["now"])
    def lines(request: Request) -> Response:
        """Counting lines today."""
        return api.answer(request, lambda db, now_s: answers.lines(db, api.names, now_s))

    @app.get(
        "/v1/acris/queue-measurements",
        response_model=list[acris.QueueMeasurement],
        response_model_exclude_none=True,
        responses=WORDS,
        tags=["now"],
    )
    def queue_measurements(request: Request) -> Response:
        """Waiting times in the words of ACI's ACRIS standard (1.6.0); what is not known is left out."""
        return api.answer(request, lambda db, now_s: acris.measurements(db, api.names, now_s))


def _past(app: FastAPI, api: Api) -> None:
    """Routes that tell what was."""

    @app.get("/v1/queues/{queue}/history", response_model=models.HistoryAnswer, responses=WORDS, tags=["past"])
    def history(
        request: Request,
        queue: Annotated[str, InPath()],
        slot: Literal["minutes", "hours"] = "minutes",
        *,
        since: Since = None,
        to: Instant = None,
        limit: Limit = 500,
    ) -> Response:
        """A queue's minutes (of the last day) or hours (of the last 30), oldest first, in pages."""
        api.require_queue(queue)
        end_s = api.utc_s() if to is None else to.timestamp()
        start_s = end_s - SPAN[slot].total_seconds() if since is None else since.timestamp()
        asked = answers.Asked(start_s, end_s, limit)
        return api.answer(request, lambda db, _: _history(db, api, queue, slot, asked), keep_s=PAST_S)

    @app.get("/v1/alerts", response_model=models.AlertsAnswer, responses=WORDS, tags=["past"])
    def alerts(
        request: Request,
        state: Literal["open", "ended", "all"] = "all",
        *,
        since: Since = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Alerts of the last seven days, or from an instant on: open, ended or all, newest first."""

        def make(db: sqlite3.Connection, now_s: float) -> models.AlertsAnswer:
            start_s = now_s - 7 * 86_400.0 if since is None else since.timestamp()
            seen = acknowledged(desk_path(api.store), api.names.site)
            return answers.alerts(db, api.names, answers.Asked(start_s, now_s, limit), seen, only=state)

        return api.answer(request, make)


def _accuracy(app: FastAPI, api: Api) -> None:
    """The route that tells the system's own errors."""

    @app.get("/v1/accuracy", response_model=models.AccuracyAnswer, responses=WORDS, tags=["past"])
    def accuracy(request: Request, days: Annotated[int, Query(ge=1, le=366)] = 7) -> Response:
        """What people were told against what they really waited, queue by queue, over the last days."""

        def make(db: sqlite3.Connection, now_s: float) -> models.AccuracyAnswer:
            end_s = (now_s // 3600.0 + 1) * 3600.0
            return answers.accuracy(db, api.names, answers.Asked(end_s - days * 86_400.0, end_s, 0))

        return api.answer(request, make, keep_s=PAST_S)


def _history(
    db: sqlite3.Connection, api: Api, queue: str, slot: Literal["minutes", "hours"], asked: answers.Asked
) -> models.HistoryAnswer:
    found = answers.slots(db, api.names.site, queue, SLOT_S[slot], asked)
    more = found[asked.limit].start if len(found) > asked.limit else None
    end = utc(asked.end_s).isoformat().replace("+00:00", "Z")
    return models.HistoryAnswer(
        site=api.names.site,
        queue=queue,
        slot_s=SLOT_S[slot],
        slots=tuple(found[: asked.limit]),
        next=None
        if more is None
        else f"?slot={slot}&from={more.isoformat().replace('+00:00', 'Z')}&to={end}&limit={asked.limit}",
    )


def _page(app: FastAPI) -> None:
    """The page of the document, without other servers; and a word for whoever watches the process."""
    files = StaticFiles(packages=[("fastapi_swagger", "resources")])
    app.mount("/docs/files", files, name="files")

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return FileResponse(HERE / "docs.html", headers=PAGE)

    @app.get("/docs/start.js", include_in_schema=False)
    def start() -> Response:
        return FileResponse(HERE / "docs.js", headers=PAGE)

    @app.get("/docs/look.css", include_in_schema=False)
    def look() -> Response:
        return FileResponse(HERE / "docs.css", headers=PAGE)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}
