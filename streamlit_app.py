"""The one entry: imported by a server it builds the application; run as the Streamlit script it draws the navigation."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:
    from starlette.middleware import Middleware
    from starlette.routing import Mount

    from quiz.api import SaveMiddleware, api
    from quiz.http import gateway, lane, metrics, requests, running
    from quiz.ui import navigation
    from quiz.web import light_lane

    app = st.App(
        __file__,
        middleware=[
            Middleware(metrics.MeasureMiddleware),
            Middleware(requests.SameOriginMiddleware),
            Middleware(SaveMiddleware),
            Middleware(lane.LaneMiddleware, routes=[*gateway.routes, *light_lane, Mount("/api/v1", app=api)]),
            Middleware(gateway.LandingMiddleware, screens=navigation.paths()),
        ],
        lifespan=running.serving,
    )
else:
    from quiz.ui import shell

    shell.run()
