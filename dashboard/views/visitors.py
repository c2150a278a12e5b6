"""Who is at the page: greets them, or says why they can't look, with a button to log in where that helps."""

import streamlit as st

from dashboard.access import Visitor, visitor
from dashboard.views.top import notice_html
from edge.settings import DashboardSettings


def greet(settings: DashboardSettings) -> Visitor:
    """The visitor; draws a page with one thing to say for one who may not look."""
    claims = st.user.to_dict() if settings.login == "oidc" and st.user.is_logged_in else None
    who = visitor(settings, st.context.headers, st.context.ip_address, claims)
    if who.role is None:
        st.html(notice_html("Not open to you" if who.name else "Who are you?", who.why, "off"))
        if settings.login == "oidc":
            if claims is not None:
                st.button("Log out", on_click=st.logout)
            else:
                st.button("Log in", on_click=st.login, type="primary")
    elif settings.login == "oidc":
        with st.container(horizontal=True, horizontal_alignment="right", key="lw-who"):
            st.button("Log out", on_click=st.logout, type="tertiary")
    return who
