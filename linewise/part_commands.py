"""The commands that run: demo, up, and the parts of a box one by one (what systemd starts)."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edge.config import load_site
from edge.errors import InputError
from edge.paths import state_dir, store_path
from edge.settings import ApiSettings, DisplaySettings, Site
from linewise.mqtt_address import mqtt_of
from linewise.parts import broker_environment, free_port, parts_of, require_free, supervise
from linewise.process import set_up

SiteFile = Annotated[Path, typer.Argument(metavar="SITE.toml", help="The site file.", show_default=False)]
Port = Annotated[int, typer.Option(help="Port of the dashboard.", min=1, max=65535)]
Address = Annotated[str, typer.Option(help="Address that the dashboard listens on.")]
OwnPort = Annotated[int | None, typer.Option(help="Port, in the place of the site file's.", min=1, max=65535)]
OwnAddress = Annotated[str | None, typer.Option(help="Address to listen on, in the place of the site file's.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the dashboard in the browser.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(demo)
    app.command()(up)
    app.command()(camera)
    app.command()(counter)
    app.command()(collector)
    app.command()(dashboard)
    app.command()(display)
    app.command()(alerts)
    app.command()(api)
    app.command(hidden=True)(broker)


def demo(port: Port = 8501, address: Address = "127.0.0.1", browser: Browser = True) -> None:
    """The whole product on a bundled recording.

    Broker, camera, counter, collector, dashboard, public display and API, until Ctrl-C.
    """
    from linewise.demo import run_demo

    run_demo(port=port, address=address, browser=browser)


def up(site: SiteFile, port: Port = 8501, address: Address = "127.0.0.1", browser: Browser = False) -> None:
    """Everything on one box, in the foreground; Ctrl-C ends it."""
    run_up(
        load_site(site, receivers="required", database="required", api="required"),
        port=port,
        address=address,
        browser=browser,
    )


def run_up(site: Site, *, port: int, address: str, browser: bool) -> None:
    """All parts of a site under the supervisor; the embedded broker is one of them where the site names none."""
    from dashboard.api.gate import require_safe
    from dashboard.display.languages import chosen

    require_free(port, address, option="--port")
    if site.display is not None:
        chosen(site.display.languages)  # told here, once, and not by a part that is started again and again
    if site.api is not None:
        require_safe(site.dashboard, site.api)
    broker_port = free_port() if site.mqtt is None else None
    options = ("--port", str(port), "--address", address, "--browser" if browser else "--no-browser")
    stop = set_up("up")
    typer.echo(f"Linewise runs {site.name}: http://{address}:{port} (Ctrl-C ends it)", err=True)
    if site.display is not None:
        typer.echo(f"Screens in the room show http://{site.display.address}:{site.display.port}/", err=True)
    if site.api is not None:
        typer.echo(f"Programs ask at http://{site.api.address}:{site.api.port}/docs", err=True)
    parts = parts_of(site, broker_port=broker_port, dashboard=options)
    supervise(parts, stop, environment=broker_environment(broker_port))
    typer.echo("Linewise has ended.", err=True)


def camera(site: SiteFile, camera_id: Annotated[str, typer.Argument(metavar="ID", help="The camera's id.")]) -> None:
    """One camera: decode, detect, track, and send to the counter."""
    from edge.camera import run_camera

    loaded = load_site(site)
    ids = [c.id for c in loaded.cameras]
    if camera_id not in ids:
        raise InputError(f"{site}: there is no camera {camera_id!r}; the site has: {', '.join(ids)}")
    run_camera(loaded, camera_id, state=state_dir(loaded.id), stop=set_up(f"camera@{camera_id}"))


def counter(site: SiteFile) -> None:
    """The box's counter: queues, waits, outbox, MQTT."""
    from edge.counter_service import run_counter

    loaded = load_site(site, sources="any")
    run_counter(loaded, state=state_dir(loaded.id), mqtt=mqtt_of(loaded), stop=set_up("counter"))


def collector(site: SiteFile) -> None:
    """Keeps what the boxes of a site publish, in the store.

    In a chain's database too, where the site file names one.
    """
    from dashboard.collector import run_collector

    loaded = load_site(site, sources="any", database="required")
    run_collector(loaded, mqtt=mqtt_of(loaded), store=store_path(state_dir(loaded.id)), stop=set_up("collector"))


def dashboard(site: SiteFile, port: Port = 8501, address: Address = "127.0.0.1", browser: Browser = False) -> None:
    """The operators' pages, from the store on this machine."""
    from dashboard.launch import run_dashboard

    loaded = load_site(site, sources="any", broker="any")
    run_dashboard(
        loaded,
        store=_store_to_read(loaded),
        port=port,
        address=address,
        open_browser=browser,
        stop=set_up("dashboard"),
    )


def display(site: SiteFile, port: OwnPort = None, address: OwnAddress = None) -> None:
    """Waiting times in large letters for screens in the room."""
    from dashboard.display.serve import display_app
    from dashboard.http_server import run_server
    from dashboard.page import Names

    loaded = load_site(site, sources="any", broker="any")
    settings = loaded.display or DisplaySettings()
    where, at = address or settings.address, port or settings.port
    app = display_app(Names.of(loaded), settings, store=_store_to_read(loaded), utc_s=time.time)
    require_free(at, where, option="--port")
    stop = set_up("display")
    typer.echo(f"The display of {loaded.name}: http://{where}:{at}/ (one queue: /q/QUEUE; Ctrl-C ends it)", err=True)
    run_server(app, address=where, port=at, stop=stop, before_end=app.state.board.close)


def alerts(site: SiteFile) -> None:
    """Tells people outside of alerts: webhooks and e-mail."""
    from dashboard.alerts_out.service import run_alerts

    loaded = load_site(site, sources="any", broker="any", receivers="required")
    run_alerts(loaded, store=_store_to_read(loaded), state=state_dir(loaded.id), stop=set_up("alerts"))


def api(site: SiteFile, port: OwnPort = None, address: OwnAddress = None) -> None:
    """The read-only JSON API, with a page that tells it."""
    from dashboard.api.app import api_app
    from dashboard.api.gate import require_safe
    from dashboard.http_server import run_server
    from dashboard.page import Names

    loaded = load_site(site, sources="any", broker="any", api="required")
    settings = loaded.api or ApiSettings()
    settings = replace(settings, port=port or settings.port, address=address or settings.address)
    require_safe(loaded.dashboard, settings)
    app = api_app(Names.of(loaded), settings, loaded.dashboard, store=_store_to_read(loaded), utc_s=time.time)
    require_free(settings.port, settings.address, option="--port")
    stop = set_up("api")
    typer.echo(f"The API of {loaded.name}: http://{settings.address}:{settings.port}/docs (Ctrl-C ends it)", err=True)
    run_server(app, address=settings.address, port=settings.port, stop=stop)


def _store_to_read(site: Site) -> Path:
    """The store of this machine's collector; where a chain's database stands in the site file, that it is not read."""
    store = store_path(state_dir(site.id))
    if site.store.database is not None and not store.exists():
        typer.echo(
            f"linewise: {store} is not there yet, and only this file is read: run the collector of {site.id} on this "
            f"machine. {site.store.database} is written by the collector and read by reports (docs/postgres.md).",
            err=True,
        )
    return store


def broker(site: SiteFile, port: Annotated[int, typer.Option(min=1, max=65535)]) -> None:
    """The embedded broker of `up`, on loopback."""
    from linewise.broker import run_broker

    loaded = load_site(site, sources="any", broker="any")
    run_broker(state_dir(loaded.id), port=port, stop=set_up("broker"))
