"""The desk at which one enterprise is dealt with: who acts, how far they reach, the day and the document of an act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.organisations import queries
from quiz.organisations.domain import OrganisationView
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Refusal
from quiz.ui import office
from quiz.ui.enterprises_list import discreet

EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Desk:
    """Who acts on which enterprise, how far they reach, on what day."""

    user: User
    reach: Reaches
    reference: Reference
    view: OrganisationView
    today: date

    def key(self, name: str) -> str:
        return f"enterprise_{self.view.id}_{name}"

    def act(self, action: str, work: Callable[[Session, OrganisationView], str], **detail: Any) -> None:
        """Look the enterprise up again within reach, do it, record it."""

        def whole(session: Session) -> str:
            view = queries.organisation_view(session, self.view.id, reach=self.reach)
            try:
                text = work(session, view)
            except Refusal as refusal:
                raise discreet(refusal, self.reach) from refusal
            office.record(session, self.user, action, subject=view.row.name, organisation=view.id, **detail)
            return text

        office.perform(whole)

    def stamp(self) -> dict[str, Any]:
        """Who and when, as every verb of the room takes it."""
        return {"now": clock.now(), "today": self.today, "account_id": self.user.account_id}


def pick_day(desk: Desk, label: str, name: str) -> date:
    """The day from which an act holds; never one to come."""
    chosen = st.date_input(label, value=desk.today, min_value=EARLIEST, max_value=desk.today, format="YYYY-MM-DD", key=desk.key(name))
    return chosen if isinstance(chosen, date) else desk.today


def ask_document(desk: Desk, name: str, *, must: bool = False) -> str:
    """What the act rests on; it is kept with the history."""
    label = "依据（文件名称、文号或登记机关状态，必填）" if must else "依据（文件名称或文号，可不填）"
    return st.text_input(label, max_chars=200, key=desk.key(f"{name}_document")).strip()
