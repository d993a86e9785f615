"""What coverage must say, counted by hand: a calendar of every enterprise, written from the rules of counting and nothing else.

No product code is called here. Each enterprise has one box a day for every thing that may change (is it closed, where is it, in
which sector, has it the feature); an event fills the boxes from its day on. Counting a day is looking into the boxes of that day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

FIRST, LAST = date(2026, 8, 20), date(2026, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
MEASURES = ("due", "trained", "examined", "passed", "completed", "exempt")
Place = tuple[str, str]
Days = tuple[date, date | None]


@dataclass
class Post:
    """Held from–to; the exemptions of its duty in each programme that has any, each with its own days."""

    person: int
    enterprise: int
    held_from: date
    held_to: date | None = None
    designated: bool = False
    exempt: dict[int, list[Days]] = field(default_factory=dict)

    def held_on(self, day: date) -> bool:
        return self.held_from <= day and (self.held_to is None or day < self.held_to)


@dataclass
class Enterprise:
    """Its boxes, day by day; `founded` None where nobody knows."""

    founded: date | None
    entered: date
    """First day of its first placement."""
    place: dict[date, Place]
    sector: dict[date, tuple[str, str]]
    closed: dict[date, bool]
    tagged: dict[date, bool]
    status: str = "active"
    closed_on: date | None = None
    exempt: dict[int, list[Days]] = field(default_factory=dict)
    """Programme → days of exemption of the whole enterprise, whoever its holders are."""


def lies_in(day: date, periods: list[Days]) -> bool:
    return any(since <= day and (until is None or day < until) for since, until in periods)


@dataclass(frozen=True)
class Programme:
    """Whom it asks, by which policy, and how many minutes of class; whether there is a paper."""

    sectors: frozenset[str]
    needs_tag: bool
    policy: str
    opens_on: date
    minutes: int = 0
    has_paper: bool = True


class Oracle:
    """The city as the rules of counting see it."""

    def __init__(self, programmes: dict[int, Programme]) -> None:
        self.programmes = programmes
        self.enterprises: dict[int, Enterprise] = {}
        self.posts: dict[int, Post] = {}
        self.started: dict[int, list[date]] = {}
        self.handed_in: dict[int, list[tuple[date, bool]]] = {}
        self.minutes: dict[int, list[tuple[int, date, int]]] = {}
        """Person → (programme, day, minutes of class)."""

    # --- what happens ---

    def found(self, number: int, *, founded: date | None, entered: date, place: Place, sector: tuple[str, str], tagged: bool) -> None:
        self.enterprises[number] = Enterprise(
            founded, entered, dict.fromkeys(DAYS, place), dict.fromkeys(DAYS, sector), dict.fromkeys(DAYS, False), dict.fromkeys(DAYS, tagged)
        )  # fmt: skip

    def fill(self, boxes: dict[date, object], since: date, value: object, until: date | None = None) -> None:
        for day in DAYS:
            if since <= day and (until is None or day < until):
                boxes[day] = value

    def refound(self, number: int, founded: date) -> None:
        enterprise = self.enterprises[number]
        enterprise.founded = founded
        enterprise.entered = min(enterprise.entered, founded)

    def _since(self, number: int, on: date) -> date:
        """A change from the first day or before it corrects what was entered: the first entry was then never true."""
        return FIRST if on <= self.enterprises[number].entered else on

    def move(self, number: int, on: date, place: Place) -> None:
        self.fill(self.enterprises[number].place, self._since(number, on), place)  # type: ignore[arg-type]

    def change_sector(self, number: int, on: date, sector: tuple[str, str]) -> None:
        self.fill(self.enterprises[number].sector, self._since(number, on), sector)  # type: ignore[arg-type]

    def tag(self, number: int, on: date, tagged: bool) -> None:
        enterprise = self.enterprises[number]
        if enterprise.tagged[LAST] != tagged:
            self.fill(enterprise.tagged, on, tagged)  # type: ignore[arg-type]

    def close(self, number: int, on: date, status: str) -> None:
        """Deregistered, revoked or merged: not counted from that day. Told again it is a correction; told otherwise the first day stays."""
        enterprise = self.enterprises[number]
        was = enterprise.closed_on
        since = on if was is None or status == enterprise.status else min(on, was)
        if was is not None and was < since:
            self.fill(enterprise.closed, was, False, until=since)  # type: ignore[arg-type]
        self.fill(enterprise.closed, since, True)  # type: ignore[arg-type]
        enterprise.status, enterprise.closed_on = status, since

    def reopen(self, number: int, on: date, status: str = "active") -> None:
        """Counted again from that day; on the day of its closing or before, the closing was a mistake."""
        enterprise = self.enterprises[number]
        was = enterprise.closed_on
        if was is not None:
            self.fill(enterprise.closed, max(was, on), False)  # type: ignore[arg-type]
        enterprise.status, enterprise.closed_on = status, None

    def designate(self, post_id: int) -> None:
        chosen = self.posts[post_id]
        for post in self.posts.values():
            if post.enterprise == chosen.enterprise and post.held_to is None:
                post.designated = post is chosen

    def appoint(self, post_id: int, person: int, enterprise: int, on: date, designated: bool) -> None:
        self.posts[post_id] = Post(person, enterprise, on)
        if designated:
            self.designate(post_id)

    def merge_people(self, kept: int, dropped: int) -> None:
        """One human being: what either did counts for both; the same post entered twice is one, the later entry held on no day."""
        for post in self.posts.values():
            post.person = kept if post.person == dropped else post.person
        held: dict[int, Post] = {}
        for _, post in sorted(self.posts.items(), key=lambda each: (each[1].held_from, each[0])):
            if post.person == kept and post.held_to is None:
                earlier = held.setdefault(post.enterprise, post)
                if earlier is not post:
                    earlier.designated = earlier.designated or post.designated
                    post.held_to, post.designated = post.held_from, False
        for table in (self.started, self.handed_in, self.minutes):
            table.setdefault(kept, []).extend(table.pop(dropped, []))  # type: ignore[attr-defined]

    # --- what it comes to ---

    def counts_on(self, day: date, programme_id: int) -> dict[tuple[str, ...], int]:
        """(district, town, sector, department, measure) → enterprises."""
        programme = self.programmes[programme_id]
        level: Counter[tuple[str, ...]] = Counter()
        for number, enterprise in self.enterprises.items():
            if self._is_counted(enterprise, programme, day):
                cell = (*enterprise.place[day], *enterprise.sector[day])
                for measure in self._measures(number, programme_id, day):
                    level[(*cell, measure)] += 1
        return dict(level)

    def people_on(self, day: date, programme_id: int) -> int:
        """Human beings who owe, each once."""
        programme = self.programmes[programme_id]
        return len({
            post.person
            for post in self.posts.values()
            if post.held_on(day)
            and self._is_counted(self.enterprises[post.enterprise], programme, day)
            and not self._is_exempt(post, programme_id, day)
        })  # fmt: skip

    @staticmethod
    def _is_counted(enterprise: Enterprise, programme: Programme, day: date) -> bool:
        return (
            day >= programme.opens_on
            and day >= enterprise.entered
            and (enterprise.founded is None or day >= enterprise.founded)
            and not enterprise.closed[day]
            and (not programme.sectors or enterprise.sector[day][0] in programme.sectors)
            and (not programme.needs_tag or enterprise.tagged[day])
        )

    def _is_exempt(self, post: Post, programme_id: int, day: date) -> bool:
        whole = self.enterprises[post.enterprise].exempt.get(programme_id, [])
        return lies_in(day, [*post.exempt.get(programme_id, []), *whole])

    def reason_of(self, row_person: int | None, programme_id: int, day: date, *, is_new: bool) -> set[str]:
        """Why an enterprise that waits for this person may be on the list."""
        if row_person is None:
            return {"no_holder"}
        if is_new:
            return {"new_holder"}
        programme = self.programmes[programme_id]
        if self._has(row_person, "passed" if programme.has_paper else "trained", programme_id, day):
            return {"hours_short"}
        if self._has(row_person, "examined", programme_id, day):
            return {"not_passed"}
        return {"never_signed_in", "not_attempted"}

    def _measures(self, number: int, programme_id: int, day: date) -> list[str]:
        programme = self.programmes[programme_id]
        held = [post for post in self.posts.values() if post.enterprise == number and post.held_on(day)]
        owing = [post for post in held if not self._is_exempt(post, programme_id, day)]
        if (held and not owing) or lies_in(day, self.enterprises[number].exempt.get(programme_id, [])):
            return ["exempt"]
        deciding = owing
        if programme.policy == "designated" and any(post.designated for post in owing):
            deciding = [post for post in owing if post.designated]
        reached = ["due"]
        for measure in MEASURES[1:-1]:
            if deciding and all(self._has(post.person, measure, programme_id, day) for post in deciding):
                reached.append(measure)
        return reached

    def _has(self, person: int, measure: str, programme_id: int, day: date) -> bool:
        programme = self.programmes[programme_id]

        def counts(each: date) -> bool:
            return programme.opens_on <= each <= day

        handed_in = [(each, passed) for each, passed in self.handed_in.get(person, []) if counts(each) and programme.has_paper]
        minutes = [amount for owner, each, amount in self.minutes.get(person, []) if owner == programme_id and counts(each)]
        if measure == "trained":
            return bool(handed_in or minutes or (programme.has_paper and any(counts(each) for each in self.started.get(person, []))))
        if measure == "examined":
            return bool(handed_in)
        passed = any(passed for _, passed in handed_in)
        if measure == "passed":
            return passed
        return (passed or not programme.has_paper) and sum(minutes) >= programme.minutes
