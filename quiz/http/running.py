"""The parts of the running server: database, recorder, and the clockwork that hands in what is overdue."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio.to_thread
import structlog
from sqlmodel import Session

from quiz import clock, installation
from quiz.accounts import service as accounts
from quiz.attempts import service as attempts
from quiz.attempts.recorder import Recorder
from quiz.banks import editions
from quiz.certificates import service as certificates
from quiz.classes import hours
from quiz.db import Database, database
from quiz.http import logs, metrics
from quiz.http.misses import Misses
from quiz.papers import queries as papers
from quiz.reminders import outbox, planning
from quiz.reminders.senders import senders

log = structlog.get_logger()
EXPIRY_EVERY_SECONDS = 5.0
"""An attempt nobody returns to is handed in at most this long (and one round of work) after its deadline; promised: 60 s."""
EXPIRY_AT_ONCE = 10
"""In one commit, so that saves of others wait some tens of milliseconds at most."""
CERTIFICATES_EVERY_SECONDS = 60.0
CERTIFICATES_AT_ONCE = 20
"""In one commit, for the same reason."""
REMINDERS_EVERY_SECONDS = 3600.0
OUTBOX_EVERY_SECONDS = 15.0
TIDY_EVERY_SECONDS = 3600.0
LAW_EVERY_SECONDS = 3600.0
CREDIT_EVERY_SECONDS = 3600.0
Answer = TypeVar("Answer")


@dataclass
class Running:
    """One serving process."""

    database: Database
    recorder: Recorder
    ready: bool = False
    misses: Misses = field(default_factory=Misses)


_running: Running | None = None


def running() -> Running:
    """The parts of this process; only inside a served request."""
    if _running is None:
        raise RuntimeError("the server has not been started")
    return _running


async def work(job: Callable[[Session], Answer]) -> Answer:
    """Write through the recorder; returns after the commit, raises what the job raised."""
    return await asyncio.wrap_future(running().recorder.work(job))


async def read(job: Callable[[Session], Answer]) -> Answer:
    """Read in a worker thread, off the event loop."""

    def run() -> Answer:
        with running().database.reading() as session:
            return job(session)

    return await anyio.to_thread.run_sync(run)


async def _tidy_forever() -> None:
    """Forget expired sign-ins, once an hour."""
    while True:
        await asyncio.sleep(TIDY_EVERY_SECONDS)
        try:
            await work(lambda session: accounts.purge_sign_ins(session, now=clock.now()))
        except Exception as problem:  # as above: it can wait for the next hour
            log.error("tidying failed, will try again", error=repr(problem))


def take_effect(session: Session) -> list[str]:
    """Codes of the editions whose day has come by now."""
    now = clock.now()
    return editions.take_effect(session, today=clock.local_day(now), now=now)


async def _credit_forever() -> None:
    """Credit, at most an hour after a class ended, those who never signed out where the session counts them to its end."""
    while True:
        try:
            await work(lambda session: hours.credit_ended(session, now=clock.now()))
        except Exception as problem:  # as above: the next hour tries again
            log.error("hours could not be credited, will try again", error=repr(problem))
        await asyncio.sleep(CREDIT_EVERY_SECONDS)


async def _take_effect_forever() -> None:
    """Let editions take over on their day, at most an hour after it began."""
    while True:
        try:
            begun = await work(take_effect)
            if begun:
                log.info("editions took effect", editions=begun)
        except Exception as problem:  # as below: the next hour tries again, and forms are drawn from the law of yesterday until then
            log.error("editions could not take effect, will try again", error=repr(problem))
        await asyncio.sleep(LAW_EVERY_SECONDS)


async def _issue_forever() -> None:
    """Issue certificates for what was completed, some at a time."""
    while True:
        pause = CERTIFICATES_EVERY_SECONDS
        try:
            issued = await work(lambda session: certificates.issue_due(session, now=clock.now(), limit=CERTIFICATES_AT_ONCE))
            if len(issued) == CERTIFICATES_AT_ONCE:
                pause = 0.2
        except Exception as problem:  # as below: what is not issued now is issued in the next round, or when its holder asks
            log.error("issuing certificates failed, will try again", error=repr(problem))
        await asyncio.sleep(pause)


async def _remind_forever() -> None:
    """Put into the outbox what is due, now and every hour, and send what may leave."""
    target, planned_at = running().database, 0.0
    while True:
        try:
            if time.monotonic() - planned_at > REMINDERS_EVERY_SECONDS or not planned_at:
                planned = await work(lambda session: planning.plan_today(session, now=clock.now()))
                planned_at = time.monotonic()
                if planned.written:
                    log.info("reminders planned", written=planned.written, without_address=len(planned.without_address))
            await anyio.to_thread.run_sync(lambda: outbox.send_some(target, roads=senders(), now=clock.now()))
        except Exception as problem:  # as below: what is not planned or sent now waits for the next round
            log.error("reminders failed, will try again", error=repr(problem))
        await asyncio.sleep(OUTBOX_EVERY_SECONDS)


async def _expire_forever() -> None:
    """Hand in overdue attempts, also those that fell due while no server ran."""
    while True:
        try:
            handed_in = await work(lambda session: attempts.expire_due(session, now=clock.now(), limit=EXPIRY_AT_ONCE))
            if handed_in:
                metrics.EXPIRED.inc(handed_in)
            pause = 0.02 if handed_in == EXPIRY_AT_ONCE else EXPIRY_EVERY_SECONDS
        except Exception as problem:  # the clockwork must outlive a database that is away for a moment
            log.error("expiry failed, will try again", error=repr(problem))
            pause = EXPIRY_EVERY_SECONDS
        await asyncio.sleep(pause)


@asynccontextmanager
async def serving(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """The lifespan: migrate, load banks, warm up, record; on the way out drain the recorder."""
    global _running
    logs.set_up()
    target = database()
    with installation.single_server_lock(target):
        await anyio.to_thread.run_sync(lambda: installation.prepare(target))
        parts = _running = Running(target, Recorder(target))
        parts.recorder.start()
        metrics.watch(parts.recorder)
        await anyio.to_thread.run_sync(lambda: _warm_up(target))
        clockwork = asyncio.gather(
            _expire_forever(), _tidy_forever(), _take_effect_forever(), _credit_forever(), _issue_forever(), _remind_forever()
        )
        parts.ready = True
        try:
            yield {}
        finally:
            parts.ready = False
            clockwork.cancel()
            with suppress(asyncio.CancelledError):
                await clockwork
            await anyio.to_thread.run_sync(parts.recorder.stop)
            _running = None


def _warm_up(database: Database) -> None:
    """Import and read what the first visitor would otherwise wait for, and keep it out of every later garbage collection."""
    with database.reading() as session:
        papers.warm_up(session)
    if os.environ.get("ANKAO_COLD") == "1":
        return
    import pandas  # noqa: F401
    import plotly.graph_objects  # noqa: F401

    gc.collect()
    gc.freeze()
