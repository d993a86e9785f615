"""How far a new installation has come: roster, paper, programme, first-use codes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlmodel import Session, col

from quiz.models.accounts import Account, Activation
from quiz.models.organisations import Organisation
from quiz.models.papers import Paper
from quiz.models.training import Programme
from quiz.vocabulary import PaperState, ProgrammeState


@dataclass(frozen=True)
class FirstSteps:
    """What has been done at least once."""

    roster: bool
    paper: bool
    programme: bool
    activations: bool

    @property
    def all_done(self) -> bool:
        return self.roster and self.paper and self.programme and self.activations


def first_steps(session: Session) -> FirstSteps:
    """Look whether there is one of each."""

    def any_of(query: Select) -> bool:  # type: ignore[type-arg]
        return session.execute(query.limit(1)).first() is not None

    return FirstSteps(
        roster=any_of(select(col(Organisation.id))),
        paper=any_of(select(col(Paper.id)).where(col(Paper.state) == PaperState.PUBLISHED.value)),
        programme=any_of(select(col(Programme.id)).where(col(Programme.state) != ProgrammeState.DRAFT.value)),
        activations=any_of(select(col(Activation.id))) or any_of(select(col(Account.id)).where(col(Account.person_id).is_not(None))),
    )
