"""How often the real rate lay within the forecast band, on the programmes of a database: by default the demonstration city.

    python bench/forecast.py                                  makes the demonstration city in a temporary folder first
    ANKAO_DATABASE_URL=sqlite:///data/ankao.db python bench/forecast.py      on what is there, reading only

For every programme, in the city and in each district with at least thirty enterprises, a forecast is made from every seventh day's
knowledge, 7, 14 and 28 days ahead, and compared with what came. The band is meant to hold eight times out of ten.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from quiz import clock, installation  # noqa: E402
from quiz.coverage import queries  # noqa: E402
from quiz.coverage.forecast import Trial, back_test  # noqa: E402
from quiz.coverage.uncovered import Filters  # noqa: E402
from quiz.db import Database  # noqa: E402
from quiz.demonstration import service as demonstration  # noqa: E402
from quiz.training.queries import programmes  # noqa: E402

HORIZONS = (7, 14, 28)
FEWEST = 30
"""Enterprises in a district below which one more or less moves the rate by percents."""


def trials(database: Database) -> dict[tuple[str, int], list[Trial]]:
    """By scope (city or district) and days ahead."""
    found: dict[tuple[str, int], list[Trial]] = defaultdict(list)
    today = clock.local_day(clock.now())
    with database.reading() as session:
        for view in programmes(session):
            districts = queries.coverage(session, programme_code=view.code, as_of=today, by="region").groups
            scopes = [("city", None), *(("district", group.key) for group in districts if group.counts.due >= FEWEST)]
            for scope, code in scopes:
                course = queries.course(
                    session,
                    programme_code=view.code,
                    from_day=view.opens_on,
                    to_day=min(today, view.due_on),
                    filters=Filters(district=code),
                )
                for ahead in HORIZONS:
                    found[scope, ahead] += back_test(course, horizons=(ahead,))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("ANKAO_DATABASE_URL")
        database = Database(url or f"sqlite:///{folder}/ankao.db")
        if url is None:
            installation.prepare(database)
            demonstration.fill(database, now=clock.now())
        print(
            "| scope | days ahead | forecasts | within the band | mean width of the band | mean distance of the middle |\n|---|---|---|---|---|---|"
        )
        for (scope, ahead), made in sorted(trials(database).items()):
            if made:
                hits = sum(trial.is_hit for trial in made)
                width = 100 * fmean(trial.band.high - trial.band.low for trial in made)
                distance = 100 * fmean(abs(trial.band.middle - trial.actual) for trial in made)
                share = f"{hits} ({100 * hits / len(made):.0f} %)"
                print(f"| {scope} | {ahead} | {len(made)} | {share} | {width:.1f} points | {distance:.1f} points |")
        database.dispose()


if __name__ == "__main__":
    main()
