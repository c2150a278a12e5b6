"""The public display: a static page a screen and one stream of events, without a session each."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from dashboard.display.board import Board, build_of
from dashboard.display.languages import Words, chosen
from dashboard.page import Names
from edge.errors import InputError
from edge.settings import DisplaySettings

HERE = Path(__file__).parent
MOST_SCREENS = 1000
SILENT_S = 15  # three beats
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors *",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def display_app(names: Names, settings: DisplaySettings, *, store: Path, utc_s: Callable[[], float]) -> Starlette:
    """The application: `/` shows all queues, `/q/QUEUE` one; `?lang=de` or `?lang=de,en` in the place of the file's.

    Raises:
        InputError: the site file names a language that languages.toml has not.
    """
    chosen(settings.languages)
    files = [(HERE / name).read_text(encoding="utf-8") for name in ("page.html", "display.js", "display.css")]
    build = build_of(*files, names.to_json(), repr(settings), (HERE / "languages.toml").read_text(encoding="utf-8"))
    board = Board(store, names, build, utc_s=utc_s)

    async def page(request: Request) -> Response:
        one = request.path_params.get("queue")
        if one is not None and one not in dict(names.queues):
            return PlainTextResponse(f"There is no such queue; there are: {', '.join(dict(names.queues))}\n", 404)
        asked = tuple(filter(None, request.query_params.get("lang", "").split(",")))
        try:
            words = chosen(asked or settings.languages)
        except InputError as fault:
            return PlainTextResponse(f"{fault}\n", 400)
        setup = _setup(names, one, words, settings) | {"build": build}
        text = json.dumps(setup, ensure_ascii=False).replace("<", "\\u003c")
        return HTMLResponse(files[0].replace("SETUP", text), headers=HEADERS)

    async def events(request: Request) -> Response:
        if board.screens >= MOST_SCREENS:
            return PlainTextResponse("too many screens\n", 503, headers={"Retry-After": "30"})
        return StreamingResponse(board.events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def script(request: Request) -> Response:
        return FileResponse(HERE / request.url.path.lstrip("/"), headers=HEADERS)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        reader = asyncio.create_task(board.run(), name="display-reader")
        yield
        reader.cancel()

    routes = [
        Route("/", page), Route("/q/{queue}", page), Route("/events", events),
        Route("/display.js", script), Route("/display.css", script),
    ]  # fmt: skip
    app = Starlette(routes=routes, lifespan=life)
    app.state.board = board
    return app


def _setup(names: Names, one: str | None, words: Mapping[str, Words], settings: DisplaySettings) -> dict[str, Any]:
    """What a page knows before it hears anything."""
    queues = [{"queue": q, "name": n, "kind": "unknown"} for q, n in names.queues if one in (None, q)]
    return {
        "site": names.name,
        "one": one,
        "people": settings.people,
        "silent_s": SILENT_S,
        "words": words,
        "queues": queues,
    }
