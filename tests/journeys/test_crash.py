"""The server is killed with SIGKILL while clients write: what it acknowledged is there afterwards, and nothing counts twice."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from sqlalchemy import func, select

from quiz import clock
from quiz.coverage import verification
from quiz.db import Database
from quiz.models.attempts import Attempt, Response
from tests.journeys import town
from tests.journeys.server import Server

CLIENTS = 12
KILLS = 2
ANSWERS_BETWEEN_KILLS = 50


@dataclass
class Seen:
    """What one client was told."""

    attempt_id: int | None = None
    acknowledged: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    """Position → highest acknowledged sequence and its answer."""
    saves: int = 0
    score: dict[str, object] | None = None


async def _until_answered(client: httpx.AsyncClient, method: str, path: str, **arguments: object) -> httpx.Response:
    """Repeat through a dead server, as the player does."""
    while True:
        try:
            answer = await client.request(method, path, **arguments)  # type: ignore[arg-type]
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code < 500:
            return answer
        await asyncio.sleep(0.1)


async def _candidate(url: str, account: str, seen: Seen, stop: asyncio.Event, chance: random.Random) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        signed_in = await _until_answered(client, "POST", "/api/v1/session", json={"account": account, "password": town.PASSWORD})
        assert signed_in.status_code == 204, signed_in.text
        papers = (await _until_answered(client, "GET", "/api/v1/me/papers")).json()["papers"]
        start = await _until_answered(
            client, "POST", "/api/v1/attempts", json={"paper": papers[0]["id"]}, headers={"Idempotency-Key": f"crash-{account}"}
        )
        form = start.json()
        seen.attempt_id = form["id"]
        sequence = 0
        while not stop.is_set():
            item = chance.choice(form["items"])
            sequence += 1
            answer = [chance.choice(item["options"])["key"]]
            body = {"responses": [{"position": item["position"], "answer": answer, "sequence": sequence}]}
            saved = await _until_answered(client, "PUT", f"/api/v1/attempts/{form['id']}/responses", json=body)
            assert saved.status_code == 200, saved.text
            seen.acknowledged[item["position"]] = (sequence, answer)
            seen.saves += 1
        result = await _until_answered(client, "POST", f"/api/v1/attempts/{form['id']}/submission")
        seen.score = result.json()


async def _killer(server: Server, seen: dict[str, Seen], stop: asyncio.Event, chance: random.Random) -> None:
    """Kill at random moments while answers are under way; let everybody save something before the last one."""
    for _ in range(KILLS):
        goal = _acknowledged(seen) + ANSWERS_BETWEEN_KILLS
        while _acknowledged(seen) < goal:
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0, 0.2))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    while any(not told.acknowledged for told in seen.values()) or len(seen) < CLIENTS:
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.sleep(chance.uniform(0, 0.05))
    await asyncio.to_thread(server.kill)  # in the middle of the hand-ins
    await asyncio.to_thread(server.start)


def _acknowledged(seen: dict[str, Seen]) -> int:
    return sum(told.saves for told in seen.values())


def test_every_acknowledged_answer_survives_sigkill_and_nothing_counts_twice(town_database: Database, server: Server) -> None:
    people = town.build(town_database, candidates=CLIENTS)
    seen: dict[str, Seen] = defaultdict(Seen)
    server.start()

    async def everybody() -> None:
        stop = asyncio.Event()
        clients = (_candidate(server.url, account, seen[account], stop, random.Random(n)) for n, account in enumerate(people.candidates))
        await asyncio.gather(_killer(server, seen, stop, random.Random(99)), *clients)

    asyncio.run(everybody())

    with town_database.reading() as session:
        for account, told in seen.items():
            kept = {
                row.position: (row.sequence, row.answer)
                for row in session.scalars(select(Response).where(Response.attempt_id == told.attempt_id))
            }
            assert told.acknowledged, account
            for position, (sequence, answer) in told.acknowledged.items():
                assert kept[position] == (sequence, answer), (account, position)
            attempt = session.get_one(Attempt, told.attempt_id)
            assert told.score is not None and attempt.score == told.score["score"]
        counted = session.execute(select(func.count(), func.count(func.distinct(Attempt.person_id))).select_from(Attempt)).one()
        assert tuple(counted) == (CLIENTS, CLIENTS)
        assert verification.verify(session).consistent


def test_two_hundred_parallel_submissions_count_once(town_database: Database, server: Server) -> None:
    people = town.build(town_database, candidates=1)
    server.start()

    async def everybody() -> tuple[int, list[httpx.Response]]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:
            await client.post("/api/v1/session", json={"account": people.candidates[0], "password": town.PASSWORD})
            form = (
                await client.post("/api/v1/attempts", json={"paper": people.paper_id}, headers={"Idempotency-Key": "only-once-1"})
            ).json()
            path = f"/api/v1/attempts/{form['id']}/submission"
            return form["id"], list(await asyncio.gather(*(client.post(path) for _ in range(200))))

    attempt_id, answers = asyncio.run(everybody())

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    with town_database.reading() as session:
        assert session.execute(select(func.count()).select_from(Attempt)).scalar_one() == 1
        assert session.get_one(Attempt, attempt_id).state == "handed_in"
        assert verification.verify(session).consistent


def test_an_attempt_that_fell_due_while_the_server_was_dead_is_handed_in_after_the_restart(town_database: Database, server: Server) -> None:
    people = town.build(town_database, candidates=1)
    server.start()
    with httpx.Client(base_url=server.url, timeout=30) as client:
        client.post("/api/v1/session", json={"account": people.candidates[0], "password": town.PASSWORD})
        form = client.post("/api/v1/attempts", json={"paper": people.paper_id}, headers={"Idempotency-Key": "falls-due-1"}).json()
        answer = [form["items"][0]["options"][0]["key"]]
        body = {"responses": [{"position": 1, "answer": answer, "sequence": 1}]}
        assert client.put(f"/api/v1/attempts/{form['id']}/responses", json=body).status_code == 200
    server.kill()
    deadline = clock.now() - timedelta(seconds=5)
    with town_database.transaction() as session:
        attempt = session.get_one(Attempt, form["id"])
        attempt.started_at, attempt.deadline = deadline - timedelta(minutes=60), deadline

    server.start()

    state = _state_within(town_database, form["id"], seconds=60)
    assert state == ("expired", deadline)


def _state_within(database: Database, attempt_id: int, *, seconds: int) -> tuple[str, object]:
    """Ask the database, not the server: nobody is connected."""
    import time

    for _ in range(seconds * 5):
        with database.reading() as session:
            attempt = session.get_one(Attempt, attempt_id)
            if attempt.state != "open":
                return attempt.state, attempt.handed_in_at
        time.sleep(0.2)
    return "open", None
