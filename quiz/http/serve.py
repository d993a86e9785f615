"""The launcher: one uvicorn process that makes its own listening socket (TCP_NODELAY stays on)."""

from __future__ import annotations

import sys

import uvicorn

from quiz.settings import ROOT


def serve(*, address: str, port: int) -> None:
    """Run the application until it is stopped. Keep-alive outlasts a candidate's thinking."""
    sys.path.insert(0, str(ROOT))
    uvicorn.run(
        "streamlit_app:app",
        app_dir=str(ROOT),
        host=address,
        port=port,
        timeout_keep_alive=75,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
    )
