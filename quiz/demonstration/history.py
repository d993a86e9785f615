"""Lets the months pass: who came, when, how they answered, who tried again. Nothing is written here."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp, log

from quiz import clock
from quiz.attempts.domain import Outcome, deadline, mark_form
from quiz.demonstration.calendar import Calendar
from quiz.demonstration.campaign import Campaign
from quiz.demonstration.candidates import ItemTemper
from quiz.papers.domain import FormItem, Pool, assemble_form
from quiz.papers.queries import PaperView
from quiz.vocabulary import AttemptState

UNFINISHED = 0.03
"""Share of attempts that the person walked away from: the server hands them in at the deadline."""
SIGNED_IN_ONLY = 0.3
"""Share of those who did not come to the quiz but have had a look."""
LEARNT_FROM_REVIEW = 0.5
"""Ability gained by reading one's mistakes before the next try."""
BETTER_MARK = {"limited": 0.06, "unlimited": 0.6}
"""Share of those who passed and sit again for a better mark, by whether the paper counts its attempts."""
_ABILITY = 0.82
"""Of the ordinary principal; on the same scale as the difficulty of items."""


@dataclass(frozen=True)
class Candidate:
    """A person with a duty in a programme, as long as it could be fulfilled."""

    person_id: int
    since: date
    until: date
    """Last day on which the person held the post and the enterprise was in business."""
    zeal: float
    """Share of people like this who come in about two months."""


@dataclass(frozen=True)
class Answer:
    position: int
    answer: tuple[str, ...]
    sequence: int
    saved_at: datetime


@dataclass(frozen=True)
class Sitting:
    """One attempt as it went."""

    person_id: int
    number: int
    seed: int
    form: tuple[FormItem, ...]
    started_at: datetime
    deadline: datetime
    handed_in_at: datetime
    state: AttemptState
    answers: tuple[Answer, ...]
    outcome: Outcome


@dataclass(frozen=True)
class Past:
    """What happened in one programme."""

    sittings: tuple[Sitting, ...]
    looked_in: dict[int, datetime]
    """People who signed in and did not start."""


@dataclass(frozen=True)
class Examination:
    """One programme's paper with all that sitting it takes."""

    campaign: Campaign
    paper: PaperView
    pool: Pool
    tempers: Mapping[int, ItemTemper]
    now: datetime
    seed: int

    def take_place(self, candidates: Sequence[Candidate]) -> Past:
        """All that happened until now, in the order in which it happened."""
        today = clock.local_day(self.now)
        diary = Calendar(opens_on=self.campaign.opens_on(today), today=today, evening_trade=self.campaign.evening_trade)
        sittings: list[Sitting] = []
        looked_in: dict[int, datetime] = {}
        for candidate in candidates:
            chance = random.Random(f"{self.seed} {self.campaign.code} {candidate.person_id}")
            first = diary.moment(chance, since=candidate.since, until=candidate.until)
            if chance.random() < _come(candidate.zeal, self.campaign.readiness):
                sittings += self._tries(candidate, first, diary, chance)
            elif chance.random() < SIGNED_IN_ONLY and first < self.now:
                looked_in[candidate.person_id] = first
        return Past(tuple(sorted(sittings, key=lambda each: (each.started_at, each.person_id))), looked_in)

    def _tries(self, candidate: Candidate, first: datetime, diary: Calendar, chance: random.Random) -> list[Sitting]:
        """Attempt after attempt, until it is passed, given up, used up, or today."""
        ability = _ABILITY + self.campaign.preparation + 0.5 * (candidate.zeal - 0.6) + chance.gauss(0, 0.6)
        persistence = 0.84 + 0.16 * candidate.zeal
        better_mark = BETTER_MARK["unlimited" if self.paper.attempts_allowed is None else "limited"]
        begin, sittings = first, list[Sitting]()
        while self.paper.attempts_allowed is None or len(sittings) < self.paper.attempts_allowed:
            sitting = self._sit(candidate, begin, number=len(sittings) + 1, ability=ability, chance=chance)
            if sitting.handed_in_at >= self.now:
                break
            sittings.append(sitting)
            if chance.random() > (better_mark if sitting.outcome.passed else persistence):
                break
            if sitting.outcome.passed:
                better_mark *= 0.6
            ability += LEARNT_FROM_REVIEW * chance.uniform(0.4, 1.4)
            persistence *= 0.95
            begin = self._again(sitting.handed_in_at, diary, chance)
            if clock.local_day(begin) > candidate.until:
                break
        return sittings

    def _again(self, ended: datetime, diary: Calendar, chance: random.Random) -> datetime:
        """At once, after reading the explanations, or on one of the next days."""
        if chance.random() < 0.38:
            return ended + timedelta(seconds=chance.randint(300, 4800))
        return diary.moment_on(chance, clock.local_day(ended) + timedelta(days=1 + min(9, int(chance.expovariate(0.45)))))

    def _sit(self, candidate: Candidate, begin: datetime, *, number: int, ability: float, chance: random.Random) -> Sitting:
        seed = chance.getrandbits(62)
        form = assemble_form(
            self.pool, self.paper.blueprint, seed=seed, shuffle_items=self.paper.shuffle_items, shuffle_options=self.paper.shuffle_options
        )
        limit = timedelta(minutes=self.paper.time_limit_minutes)
        ends = deadline(begin, limit=limit, closes_at=self.paper.closes_at)
        is_unfinished = chance.random() < UNFINISHED
        share = 1.0 if is_unfinished else min(0.97, max(0.14, chance.lognormvariate(-0.95, 0.42)))
        handed_in = begin + timedelta(seconds=int((ends - begin).total_seconds() * share))
        reached = chance.randint(3, len(form) - 4) if is_unfinished else len(form)
        answers = self._answers(form[:reached], begin=begin, end=handed_in, ability=ability, chance=chance)
        return Sitting(
            person_id=candidate.person_id, number=number, seed=seed, form=form, started_at=begin, deadline=ends, handed_in_at=handed_in,
            state=AttemptState.EXPIRED if is_unfinished else AttemptState.HANDED_IN, answers=answers,
            outcome=mark_form(
                form,
                keys={item.version: self.tempers[item.version].marking for item in form},
                answers={each.position: each.answer for each in answers},
                policy=self.paper.scoring_policy,
                cut_score=self.paper.cut_score,
            ),
        )  # fmt: skip

    def _answers(
        self, form: Sequence[FormItem], *, begin: datetime, end: datetime, ability: float, chance: random.Random
    ) -> tuple[Answer, ...]:
        """One after another; now and then one is left blank, or changed (and so saved twice)."""
        answers: list[Answer] = []
        sequence = 0
        paces = [chance.uniform(0.4, 1.6) for _ in form]
        pace = (end - begin).total_seconds() * 0.96 / sum(paces)
        elapsed = 0.0
        for position, (item, own) in enumerate(zip(form, paces, strict=True), start=1):
            elapsed += own * pace
            if chance.random() < 0.006:
                continue
            sequence += 2 if chance.random() < 0.08 else 1
            given = self.tempers[item.version].answer(ability, chance)
            answers.append(Answer(position, given, sequence, begin + timedelta(seconds=int(elapsed))))
        return tuple(answers)


def _come(zeal: float, readiness: float) -> float:
    """The likelihood of coming: the district's zeal, moved by the programme's readiness on the log-odds scale."""
    return 1 / (1 + exp(-(log(zeal / (1 - zeal)) + readiness)))
