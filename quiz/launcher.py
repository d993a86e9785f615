"""The launcher: one uvicorn process that makes its own listening socket (TCP_NODELAY stays on)."""

from __future__ import annotations

import socket
import sys

import uvicorn

from quiz import installation
from quiz.accounts import queries
from quiz.db import Database
from quiz.problems import Refusal
from quiz.settings import ROOT
from quiz.web import setup_code
from quiz.web.sign_in import DEMONSTRATION_ACCOUNTS


class PortTaken(Refusal):
    """Somebody else listens there, or we may not."""


def refuse_if_taken(*, address: str, port: int) -> None:
    """Say in Chinese, and before anything is announced, what uvicorn would only log in English."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        if sys.platform != "win32":  # there the option would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as problem:
            raise PortTaken(
                f"无法在 {address} 的端口 {port} 上提供服务（{problem.strerror}）。请先停止占用它的程序，或用 --port 换一个端口。",
                code="port_taken",
            ) from problem


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
        proxy_headers=False,  # ANKAO_TRUSTED_PROXIES decides whose X-Forwarded-For is believed
    )


def announce(database: Database, *, address: str, port: int) -> None:
    """Tell whoever started the server where it is and how to get in."""
    shown = "localhost" if address in ("0.0.0.0", "::", "127.0.0.1") else address
    print(f"\n  安考已启动：http://{shown}:{port}/    （停止请按 Ctrl+C）", flush=True)
    with database.reading() as session:
        if installation.is_demonstration(session):
            print("\n  演示账号（密码均为 Ankao-demo-1）：")
            for account, label in DEMONSTRATION_ACCOUNTS:
                print(f"    {account:10} {label}")
            print("    p0001…p2000 企业主要负责人\n", flush=True)
        elif not queries.any_account(session):
            setup_code.announce(database)
