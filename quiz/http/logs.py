"""How the server writes its log: to standard error, without the values of variables, which may be passwords."""

from __future__ import annotations

import logging
import sys

import structlog

from quiz.settings import settings


def set_up() -> None:
    """Plain tracebacks and the level of the settings. Left to itself, structlog prints every local variable of a failure."""
    level = logging.getLevelNamesMapping().get(settings().log_level.upper(), logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
