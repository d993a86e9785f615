"""What the offices decided in single cases: exemptions of enterprises that stand still, more time for some holders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.demonstration.city import Enterprise
from quiz.models.training import Duty
from quiz.training import service as training
from quiz.vocabulary import OrganisationStatus

EXEMPTED = 9
EXTENDED = 6
_EXEMPTION = "整个培训期间停产停业、无从业人员，镇街初审、区市审核同意核减（演示数据）"
_EXTENSION = "负责人在外地就医，镇街核实后同意延期（演示数据）"


def rule(session: Session, *, enterprises: Sequence[Enterprise], today: date) -> None:
    """Exempt some of the suspended enterprises; give some holders who have not begun another three weeks."""
    stopped = {each.id: each.status_on for each in enterprises if each.status is OrganisationStatus.SUSPENDED and each.status_on}
    open_duties = session.execute(
        select(Duty.id, Duty.organisation_id, Duty.opened_on, Duty.due_on)  # type: ignore[call-overload]
        .where(col(Duty.trained_on).is_(None), col(Duty.closed_on).is_(None))
        .order_by(col(Duty.id))
    ).all()
    for duty in [duty for duty in open_duties if duty.organisation_id in stopped][:EXEMPTED]:
        since = stopped[duty.organisation_id]
        assert since is not None
        day = min(today, max(since, duty.opened_on) + timedelta(days=6))
        training.exempt(session, duty_id=duty.id, exempted_on=day, reason=_EXEMPTION)
    ordinary = [duty for duty in open_duties if duty.organisation_id not in stopped]
    for duty in ordinary[:: max(1, len(ordinary) // EXTENDED)][:EXTENDED]:
        training.extend_due(session, duty_id=duty.id, due_on=duty.due_on + timedelta(days=21), reason=_EXTENSION)
