"""Whole attempts under load: sign in, start, answer, hand in, result; then a recount of what the server acknowledged.

    python bench/answers.py                         rush: 20 and 50 at once, no thinking, and one alone
    python bench/answers.py --think 10 --people 1000    1,000 people who think about 10 s between answers

The server runs in a process of its own on a fresh demonstration city; the load generator shares the machine. Each attempt answers 20
questions with one save each, which is 24 requests like the peers' 24: sign in, papers, start, 20 saves, hand in.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.client import Client, Timings, percentile  # noqa: E402

PASSWORD = "Ankao-demo-1"


@dataclass
class Run:
    """What one run saw: timings, and every acknowledged answer."""

    timings: Timings = field(default_factory=Timings)
    acknowledged: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0


@contextmanager
def server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A fresh demonstration city, served."""
    environment = {**os.environ, "ANKAO_SECRET_FILE": str(folder / "secret.key")}
    environment.setdefault("ANKAO_DATABASE_URL", f"sqlite:///{folder}/ankao.db")
    os.environ.update(environment)
    subprocess.run([sys.executable, "-m", "quiz", "setup", "--demo"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen(
        [sys.executable, "-m", "quiz", "serve", "--port", str(port), "--address", "127.0.0.1"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        asyncio.run(_until_ready(port))
        yield process
    finally:
        process.terminate()
        process.wait(30)


async def _until_ready(port: int) -> None:
    for _ in range(240):
        client = Client("127.0.0.1", port, Timings())
        try:
            status, _ = await client.request("ready", "GET", "/readyz")
            if status == 200:
                return
        except (OSError, asyncio.IncompleteReadError):
            pass  # not listening yet; asked again below
        finally:
            await client.close()
        await asyncio.sleep(0.25)
    raise SystemExit("the server did not become ready within a minute")


def cpu_seconds(pid: int) -> float:
    """User and system time of the server so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def attempt(port: int, account: str, run: Run, think: float, chance: random.Random) -> None:
    """One person's whole attempt."""
    client = Client("127.0.0.1", port, run.timings)
    try:
        if think:
            await asyncio.sleep(chance.random() * think)
        await client.request("sign in", "POST", "/api/v1/session", {"account": account, "password": PASSWORD})
        _, papers = await client.request("papers", "GET", "/api/v1/me/papers")
        offered = [paper for paper in papers["papers"] if paper["open_attempt"] is None]
        if not offered:
            run.timings.errors.append(f"{account} has no paper to take")
            return
        _, form = await client.request(
            "start", "POST", "/api/v1/attempts", {"paper": offered[0]["id"]}, {"Idempotency-Key": f"bench-{account}-{chance.random()}"}
        )
        kept = run.acknowledged.setdefault(form["id"], {})
        for item in form["items"]:
            if think:
                await asyncio.sleep(chance.uniform(0.5, 1.5) * think)
            answer = [chance.choice(item["options"])["key"]]
            body = {"responses": [{"position": item["position"], "answer": answer, "sequence": item["position"]}]}
            status, _ = await client.request("save", "PUT", f"/api/v1/attempts/{form['id']}/responses", body)
            if status == 200:
                kept[item["position"]] = answer
        status, _ = await client.request("hand in", "POST", f"/api/v1/attempts/{form['id']}/submission")
        if status == 200:
            run.finished.append(form["id"])
    except (OSError, asyncio.IncompleteReadError) as problem:
        run.timings.errors.append(f"connection: {problem!r}")
    finally:
        await client.close()


async def rush(port: int, pid: int, accounts: Iterator[str], *, at_once: int, attempts: int, think: float) -> Run:
    """`attempts` whole attempts, `at_once` of them under way at any time."""
    run, chance = Run(), random.Random(7)
    queue = [next(accounts) for _ in range(attempts)]

    async def worker() -> None:
        while queue:
            await attempt(port, queue.pop(), run, think, chance)

    begun, cpu = time.perf_counter(), cpu_seconds(pid)
    await asyncio.gather(*(worker() for _ in range(at_once)))
    run.seconds, run.cpu = time.perf_counter() - begun, cpu_seconds(pid) - cpu
    return run


def recount(run: Run) -> dict[str, int]:
    """Compare every acknowledged answer and every finished attempt with the database."""
    from sqlalchemy import select

    from quiz.db import database
    from quiz.models.attempts import Attempt, Response

    lost = changed = double = unfinished = 0
    with database().reading() as session:
        for attempt_id, answers in run.acknowledged.items():
            rows = {row.position: row.answer for row in session.scalars(select(Response).where(Response.attempt_id == attempt_id))}
            lost += sum(position not in rows for position in answers)
            changed += sum(rows.get(position, answer) != answer for position, answer in answers.items())
        for attempt_id in run.finished:
            row = session.get_one(Attempt, attempt_id)
            unfinished += row.state != "handed_in" or row.score is None
        double = len(run.finished) - len(set(run.finished))
    answers = sum(map(len, run.acknowledged.values()))
    return {"acknowledged": answers, "lost": lost, "changed": changed, "unfinished": unfinished, "double": double}


def report(title: str, run: Run, counted: dict[str, int]) -> dict[str, Any]:
    """Print one run."""
    done = len(run.finished)
    print(f"\n## {title}")
    print(
        f"{done} whole attempts in {run.seconds:.1f} s: {done / run.seconds * 60:,.0f} attempts/min, {run.timings.requests / run.seconds:,.0f} requests/s, "
        f"server CPU {run.cpu / max(1, done) * 1000:.1f} ms per attempt, errors {len(run.timings.errors)}"
    )
    print(f"{'step':10}{'count':>8}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}")
    for step, values in run.timings.steps.items():
        print(f"{step:10}{len(values):8}" + "".join(f"{percentile(values, share) * 1000:10.1f}" for share in (0.5, 0.95, 0.99)))
    print("recount:", json.dumps(counted))
    for error in run.timings.errors[:5]:
        print("error:", error)
    return {"title": title, "attempts_per_minute": done / run.seconds * 60, "errors": len(run.timings.errors), **counted}


def accounts() -> Iterator[str]:
    """The demonstration's principals, each once."""
    return (f"p{number:04}" for number in range(1, 2001))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=8591)
    options.add_argument("--people", type=int, default=1000, help="with --think: how many at once")
    options.add_argument("--think", type=float, default=0.0, help="mean seconds between answers; 0 = rush")
    options.add_argument("--attempts", type=int, default=400, help="whole attempts per rush")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ankao-bench-") as folder, server(chosen.port, Path(folder)) as process:
        people = accounts()
        runs = []
        if chosen.think:
            run = asyncio.run(rush(chosen.port, process.pid, people, at_once=chosen.people, attempts=chosen.people, think=chosen.think))
            runs.append(report(f"{chosen.people} people thinking {chosen.think:g} s", run, recount(run)))
        else:
            for title, at_once, attempts in (
                ("one alone", 1, 50),
                ("20 at once", 20, chosen.attempts),
                ("50 at once", 50, chosen.attempts),
            ):
                run = asyncio.run(rush(chosen.port, process.pid, people, at_once=at_once, attempts=attempts, think=0))
                runs.append(report(title, run, recount(run)))
        if any(run["errors"] or run["lost"] or run["changed"] or run["unfinished"] or run["double"] for run in runs):
            sys.exit(1)


if __name__ == "__main__":
    main()
