"""In business or closed, through time: what a new status from some day on makes of what was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from quiz.vocabulary import OrganisationStatus

CLOSED_STATUSES = frozenset(status.value for status in OrganisationStatus if status.is_closed)


class Closed(NamedTuple):
    """Days closed, from–to; `until` is the first day open again."""

    since: date
    until: date
    status: str


@dataclass(frozen=True)
class Existence:
    """How an organisation stands now, since when it is closed if it is, and when it was closed before."""

    status: str
    closed_on: date | None = None
    closures: tuple[Closed, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED_STATUSES

    def become(self, status: str, *, on: date) -> Existence:
        """The same organisation when it has been `status` from that day on.

        Opened on or before the day it was closed on, it was never closed: the closing was an error. Opened later, it was gone in
        between. Revoked and then deregistered, it is closed since the first of the two; the same closing told again is a correction.
        """
        if status in CLOSED_STATUSES:
            return self._closed(status, on=on)
        if not self.is_closed or self.closed_on is None or on <= self.closed_on:
            return replace(self, status=status, closed_on=None)
        gone = Closed(self.closed_on, on, self.status)
        return Existence(status, None, (*_before(self.closures, gone.since), gone))

    def _closed(self, status: str, *, on: date) -> Existence:
        since = on
        if self.is_closed and self.closed_on is not None and status != self.status:
            since = min(on, self.closed_on)
        return Existence(status, since, _before(self.closures, since))


def _before(closures: Sequence[Closed], day: date) -> tuple[Closed, ...]:
    """What of earlier closings lies before the day."""
    return tuple(each._replace(until=min(each.until, day)) for each in closures if each.since < day)
