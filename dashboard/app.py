"""The operators' pages, run by Streamlit; dashboard/launch.py starts it and tells it store, names and who may look."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.access import Visitor
from dashboard.launch import told_by_environment
from dashboard.page import Names
from dashboard.views import accuracy, alerts_page, cameras, history, live, plan, staffing
from dashboard.views.board import board, live_part
from dashboard.views.visitors import greet

HERE = Path(__file__).parent


def main() -> None:
    """The look, who is there, the ways to the pages, the choice of a site where there are several, and the page."""
    told = told_by_environment()
    st.set_page_config(page_title=told.names.name or "Linewise", page_icon=str(HERE / "views/icon.svg"), layout="wide")
    for sheet in ("board.css", "pages.css"):
        st.html(HERE / "views" / sheet)
    who = greet(told.access)
    if who.role is None:
        return
    pages = _pages(told.store, told.names, who)
    chosen = st.navigation(pages, position="hidden")
    with st.container(horizontal=True, key="lw-nav"):
        for page in pages:
            st.page_link(page)
    chosen.run()


def _pages(store: Path, names: Names, who: Visitor) -> list[st.Page]:
    def of_site(show: Callable[[Path, Names], None]) -> Callable[[], None]:
        def run() -> None:
            sites = board(store, names, live.draw).sites
            show(store, names.for_site(_choose(sites, names)) if len(sites) > 1 else names)

        return run

    def living(draw: Callable[..., tuple[str, ...]]) -> Callable[[Path, Names], None]:
        return lambda at, shown: live_part(at, shown, draw, board(at, names, live.draw).sites)

    return [
        st.Page(of_site(living(live.draw)), title="Live", url_path="live", default=True),
        st.Page(of_site(lambda at, shown: plan.show(at, shown, who)), title="Plan", url_path="plan"),
        st.Page(of_site(staffing.show), title="Staffing", url_path="staffing"),
        st.Page(of_site(history.show), title="History", url_path="history"),
        st.Page(of_site(living(cameras.draw)), title="Cameras", url_path="cameras"),
        st.Page(of_site(accuracy.show), title="Accuracy", url_path="accuracy"),
        st.Page(of_site(lambda at, shown: alerts_page.show(at, shown, who)), title="Alerts", url_path="alerts"),
    ]


def _choose(sites: tuple[str, ...], names: Names) -> str:
    """A picker of sites; the choice stands in the address, so that a screen can be set to one site."""
    asked = st.query_params.get("site", names.site)
    index = sites.index(asked) if asked in sites else 0
    labels = {names.site: names.name}
    chosen = st.selectbox("Site", sites, index=index, format_func=lambda site: labels.get(site, site))
    st.query_params["site"] = chosen
    return chosen


main()
