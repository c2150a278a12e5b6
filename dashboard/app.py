"""The operators' page, run by Streamlit; dashboard/launch.py starts it and tells it store and names."""

from pathlib import Path

import streamlit as st

from dashboard.launch import told_by_environment
from dashboard.page import Names
from dashboard.views.live import board, live_page

HERE = Path(__file__).parent


def main() -> None:
    """The whole page: the look, the choice of a site where there are several, and the part that lives."""
    store, names = told_by_environment()
    st.set_page_config(page_title=names.name or "Linewise", page_icon=str(HERE / "views/icon.svg"), layout="wide")
    st.html(HERE / "views/board.css")
    sites = board(store, names).sites
    if len(sites) > 1:
        names = names.for_site(_choose(sites, names))
    live_page(store, names, sites)


def _choose(sites: tuple[str, ...], names: Names) -> str:
    """A picker of sites; the choice stands in the address, so that a screen can be set to one site."""
    asked = st.query_params.get("site", names.site)
    index = sites.index(asked) if asked in sites else 0
    labels = {names.site: names.name}
    chosen = st.selectbox("Site", sites, index=index, format_func=lambda site: labels.get(site, site))
    st.query_params["site"] = chosen
    return chosen


main()
