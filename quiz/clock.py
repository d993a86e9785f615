"""Time: stored in UTC, shown in Asia/Shanghai, and always handed to a rule as an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, in UTC. Called at the doors only, never inside a rule."""
    return datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """The calendar day in Weihai at that moment."""
    return moment.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Midnight in Weihai at which the day begins, in UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The last second of the day in Weihai, in UTC: what “截止到某日” means."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).astimezone(UTC)


def show(moment: datetime | None) -> str:
    """`2026-11-23 14:05`, in Weihai's time; empty for nothing."""
    return "" if moment is None else moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
