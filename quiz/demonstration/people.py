"""Who holds which post at the enterprises, and who took over from whom."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from quiz.demonstration.city import Enterprise
from quiz.demonstration.names import Names
from quiz.demonstration.numbers import Numbers
from quiz.vocabulary import OrganisationKind, PostCategory, PostRole

WITH_TWO_ENTERPRISES = 40
CHANGED = 82
"""Enterprises whose principal changed since the rosters came in."""
VACANT = 8
"""Of these, enterprises that have not registered a successor."""
WITH_TWO_PRINCIPALS = 46
SHARED_TELEPHONES = 7
"""Pairs of people who share a number, as families do."""
_CHANGING = ("industry_trade", "catering", "non_coal_mine")
SAFETY_DIRECTOR_FROM = 300
"""From so many employees on there is a safety director (省条例第二十一条)."""


@dataclass
class Human:
    """A person."""

    id: int
    name: str
    phone: str


@dataclass
class Holding:
    """A post held from–to."""

    id: int
    person_id: int
    organisation_id: int
    role: PostRole
    category: PostCategory
    title: str
    designated: bool
    held_from: date
    held_to: date | None = None


@dataclass
class Staff:
    """Everybody, and every post of now and before."""

    people: list[Human] = field(default_factory=list)
    posts: list[Holding] = field(default_factory=list)


class Appointer:
    """Appoints people to posts."""

    def __init__(self, chance: random.Random, *, today: date, known_on: date) -> None:
        self.chance, self.today, self.known_on = chance, today, known_on
        self.names, self.numbers = Names(chance), Numbers(chance)
        self.staff = Staff()

    def appoint_all(self, enterprises: Sequence[Enterprise]) -> Staff:
        """One principal for each, then those who hold two, those who share one, those who changed, and safety directors."""
        stable = [each for each in enterprises if self._is_stable(each)]
        self.chance.shuffle(stable)
        changed = {each.id for each in stable[:CHANGED]}
        rest = stable[CHANGED:]
        second = {each.id: first for first, each in self._pairs(rest)}
        couples = {each.id for each in rest if each.is_company and each.id not in second and each.employees > 20}
        couples = set(sorted(couples)[:: max(1, len(couples) // WITH_TWO_PRINCIPALS)][:WITH_TWO_PRINCIPALS])
        vacant = {each.id for each in stable[:VACANT]}
        principal_of: dict[int, Human] = {}

        for each in enterprises:
            if each.id not in second:
                principal_of[each.id] = self._human()
        for each in enterprises:
            holder = principal_of[second.get(each.id, each.id)]
            first = self._principal(each, holder, held_from=self._since(each))
            if each.id in changed:
                first.held_to = self.today - timedelta(days=self.chance.randint(2, 78))
                if each.id not in vacant:
                    self._principal(each, self._human(), held_from=first.held_to)
            if each.id in couples:
                self._second_principal(each, first)
            if each.is_company and each.employees >= SAFETY_DIRECTOR_FROM:
                self._post(each, self._human(), PostRole.SAFETY_DIRECTOR, PostCategory.OTHER, "安全总监", held_from=self._since(each))
        self._share_telephones()
        return self.staff

    def _is_stable(self, each: Enterprise) -> bool:
        """In business, and there since the rosters came in."""
        return each.sector_code in _CHANGING and each.closed_on is None and each.known_on <= self.known_on

    def _pairs(self, enterprises: Sequence[Enterprise]) -> list[tuple[int, Enterprise]]:
        """The first and the second enterprise of those who have two: neighbours in trade and district, or one in the other's."""
        by_place: dict[tuple[str, str], list[Enterprise]] = {}
        for each in enterprises:
            by_place.setdefault((each.district_code, each.sector_code), []).append(each)
        pairs: list[tuple[int, Enterprise]] = []
        for place in sorted(by_place):
            for number in range(len(by_place[place]) // 24):
                pairs.append((by_place[place][2 * number].id, by_place[place][2 * number + 1]))
        return pairs[:WITH_TWO_ENTERPRISES]

    def _human(self) -> Human:
        human = Human(len(self.staff.people) + 1, self.names.person(), self.numbers.mobile())
        self.staff.people.append(human)
        return human

    def _principal(self, each: Enterprise, holder: Human, *, held_from: date) -> Holding:
        category, title = self._position(each)
        return self._post(each, holder, PostRole.PRINCIPAL, category, title, held_from=held_from, designated=True)

    def _second_principal(self, each: Enterprise, first: Holding) -> None:
        """The legal representative and the one who really controls the firm; one of the two is designated."""
        first.category, first.title = PostCategory.LEGAL_REPRESENTATIVE, "法定代表人"
        second = self._post(each, self._human(), PostRole.PRINCIPAL, PostCategory.ACTUAL_CONTROLLER, "董事长", held_from=first.held_from)
        first.designated = self.chance.random() < 0.6
        second.designated = not first.designated

    def _position(self, each: Enterprise) -> tuple[PostCategory, str]:
        if each.kind is OrganisationKind.SELF_EMPLOYED:
            return PostCategory.OTHER, "经营者"
        if each.kind is OrganisationKind.HOSPITAL:
            return PostCategory.LEGAL_REPRESENTATIVE, "院长"
        roll = self.chance.random()
        if roll < 0.74:
            return PostCategory.LEGAL_REPRESENTATIVE, self.chance.choice(("执行董事", "总经理", "董事长", "法定代表人"))
        if roll < 0.86:
            return PostCategory.ACTUAL_CONTROLLER, "董事长"
        return PostCategory.OTHER, self.chance.choice(("总经理", "厂长", "矿长") if "mine" in each.sector_code else ("总经理", "厂长"))

    def _since(self, each: Enterprise) -> date:
        """From the founding, or from some time between then and the rosters."""
        days = (self.known_on - each.registered_on).days
        if days <= 0 or self.chance.random() < 0.45:
            return each.registered_on
        return each.registered_on + timedelta(days=self.chance.randrange(days))

    def _post(
        self, each: Enterprise, holder: Human, role: PostRole, category: PostCategory, title: str, *, held_from: date,
        designated: bool = False,
    ) -> Holding:  # fmt: skip
        post = Holding(len(self.staff.posts) + 1, holder.id, each.id, role, category, title, designated, held_from)
        self.staff.posts.append(post)
        return post

    def _share_telephones(self) -> None:
        for number in range(SHARED_TELEPHONES):
            one, other = self.staff.people[100 + 90 * number], self.staff.people[101 + 90 * number]
            other.phone = one.phone


def appoint(enterprises: Sequence[Enterprise], *, seed: int, today: date, known_on: date) -> Staff:
    """People and posts of the demonstration city."""
    return Appointer(random.Random(f"{seed} people"), today=today, known_on=known_on).appoint_all(enterprises)
