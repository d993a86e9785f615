"""An organisation closes, opens again, or goes on as part of another; and a merger that was a mistake is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, delete, insert, select

from quiz.models.organisations import Closure, Organisation, OrganisationChange
from quiz.organisations import ledger, queries
from quiz.organisations.desk import Actor, id_of, record, refuse_future, the_organisation
from quiz.organisations.domain import FIELD_LABELS, STATUS_LABELS, OrganisationView
from quiz.organisations.existence import CLOSED_STATUSES, Closed, Existence
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import OrganisationStatus

NAMED = 5
"""How many obstacles a refusal spells out."""


@dataclass(frozen=True)
class MergerView:
    """One organisation that became part of another."""

    organisation_id: int
    name: str
    merged_on: date | None


def existence_of(session: Session, organisation: Organisation) -> Existence:
    """How it stands, with its earlier closings."""
    rows = session.exec(select(Closure).where(Closure.organisation_id == id_of(organisation)).order_by(col(Closure.since)))
    return Existence(organisation.status, organisation.closed_on, tuple(Closed(row.since, row.until, row.status) for row in rows))


def write_closures(session: Session, closures: dict[int, Sequence[Closed]]) -> None:
    """Let these organisations have exactly these earlier closings."""
    for ids in ledger.chunks(closures):
        session.execute(delete(Closure).where(col(Closure.organisation_id).in_(ids)))
    rows = [
        {"organisation_id": organisation_id, "since": each.since, "until": each.until, "status": each.status}
        for organisation_id, periods in closures.items()
        for each in periods
    ]
    if rows:
        session.execute(insert(Closure), rows)


def set_status(
    session: Session,
    *,
    organisation_id: int,
    status: str,
    effective_on: date,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> OrganisationView:
    """In business, suspended, unreachable, deregistered or revoked, from that day. A closed organisation keeps its posts and its place.

    One that opens again owes from that day with a full grace; opened on the day it was closed on, it was never closed.
    """
    actor = Actor.of(now, today, account_id)
    refuse_future(effective_on, actor)
    if status == OrganisationStatus.MERGED:
        raise Invalid("并入其他单位的，请用“合并到其他单位”办理，以便写明并入哪一家。", code="use_merge")
    if status not in STATUS_LABELS:
        raise Invalid("没有这个经营状态。", code="unknown_status")
    organisation = the_organisation(session, organisation_id)
    entries = [ledger.Entry(organisation_id, "document", "", document.strip(), effective_on)] if document.strip() else []
    _become(session, organisation, status, on=effective_on, actor=actor, also=entries)
    return queries.organisation_view(session, organisation_id)


def _become(
    session: Session, organisation: Organisation, status: str, *, on: date, actor: Actor, also: Sequence[ledger.Entry] = ()
) -> None:
    before = existence_of(session, organisation)
    after = before.become(status, on=on)
    organisation_id = id_of(organisation)
    entries = []
    for name in ("status", "closed_on"):
        was, becomes = getattr(before, name), getattr(after, name)
        if was != becomes:
            texts = [STATUS_LABELS.get(each, str(each or "")) for each in (was, becomes)]
            entries.append(ledger.Entry(organisation_id, name, texts[0], texts[1], on))
    if before == after:
        return
    organisation.status, organisation.closed_on = after.status, after.closed_on
    if status != OrganisationStatus.MERGED:
        organisation.merged_into_id = None
    session.add(organisation)
    if before.closures != after.closures:
        write_closures(session, {organisation_id: after.closures})
    record(session, [*entries, *also], actor)
    ledger.announce(session, organisations=[organisation_id], today=actor.today)


# 合并 -----------------------------------------------------------------------------------------------------------------


def merge(
    session: Session,
    *,
    organisation_id: int,
    into_id: int,
    effective_on: date,
    now: datetime,
    today: date | None = None,
    account_id: int | None = None,
    document: str = "",
) -> OrganisationView:
    """From that day the one is part of the other: its duties close, its posts and records stay with it, the other is unaffected."""
    actor = Actor.of(now, today, account_id)
    refuse_future(effective_on, actor)
    organisation, other = the_organisation(session, organisation_id), the_organisation(session, into_id)
    if organisation_id == into_id:
        raise Invalid("不能并入本单位自己，请另选一家。", code="merge_itself")
    for each in (organisation, other):
        if each.status in CLOSED_STATUSES:
            raise Refusal(f"“{each.name}”的经营状态是“{STATUS_LABELS[each.status]}”，不能办理合并。", code="merge_closed")
    absorbed = session.exec(select(Organisation.name).where(Organisation.merged_into_id == organisation_id)).all()
    organisation.merged_into_id = into_id
    entries = [ledger.Entry(organisation_id, "document", "", document.strip(), effective_on)] if document.strip() else []
    entries.append(ledger.Entry(organisation_id, "merged_into", "", other.name, effective_on))  # last: what follows it was built on it
    _become(session, organisation, OrganisationStatus.MERGED.value, on=effective_on, actor=actor, also=entries)
    text = organisation.name + (f"（此前已并入：{'、'.join(absorbed)}）" if absorbed else "")
    record(session, [ledger.Entry(into_id, "absorbed", "", text, effective_on)], actor)
    return queries.organisation_view(session, organisation_id)


def undo_merge(
    session: Session, *, organisation_id: int, now: datetime, today: date | None = None, account_id: int | None = None, reason: str = ""
) -> OrganisationView:
    """As if it had never been merged; refused once something was built on the merger, which is named."""
    actor = Actor.of(now, today, account_id)
    organisation = the_organisation(session, organisation_id)
    if organisation.status != OrganisationStatus.MERGED or organisation.merged_into_id is None:
        raise Refusal("该单位没有合并到其他单位，无需撤销。", code="not_merged")
    if obstacles := _built_on(session, organisation):
        listed = "；".join(obstacles[:NAMED]) + ("……" if len(obstacles) > NAMED else "")
        raise Refusal(f"合并之后又办理了其他变更，不能直接撤销：{listed}。请先撤回这些变更，或按恢复营业办理。", code="merge_built_on")
    other = session.get_one(Organisation, organisation.merged_into_id)
    before = _status_before(session, organisation_id)
    day = organisation.closed_on or actor.today
    also = [ledger.Entry(organisation_id, "merged_into", other.name, "", day)]
    if reason.strip():
        also.append(ledger.Entry(organisation_id, "document", "", reason.strip(), day))
    _become(session, organisation, before, on=day, actor=actor, also=also)
    record(session, [ledger.Entry(id_of(other), "absorbed", organisation.name, "", day)], actor)
    return queries.organisation_view(session, organisation_id)


def merged_into(session: Session, organisation_id: int) -> MergerView:
    """The organisation that took this one over."""
    organisation = the_organisation(session, organisation_id)
    other = session.get(Organisation, organisation.merged_into_id) if organisation.merged_into_id else None
    if other is None:
        raise NotFound("该单位没有合并到其他单位。")
    return MergerView(id_of(other), other.name, organisation.closed_on)


def absorbed(session: Session, organisation_id: int) -> tuple[MergerView, ...]:
    """The organisations that became part of this one."""
    rows = session.exec(select(Organisation).where(Organisation.merged_into_id == organisation_id).order_by(col(Organisation.name)))
    return tuple(MergerView(id_of(row), row.name, row.closed_on) for row in rows)


def _merger(session: Session, organisation_id: int) -> OrganisationChange | None:
    """The line of the history with which the present merger began."""
    of_this = (OrganisationChange.organisation_id == organisation_id, OrganisationChange.field == "merged_into")
    told = select(OrganisationChange).where(*of_this, col(OrganisationChange.after) != "")
    return session.exec(told.order_by(col(OrganisationChange.id).desc()).limit(1)).first()


def _built_on(session: Session, organisation: Organisation) -> list[str]:
    """What was done since that takes the merger for granted."""
    found = []
    other = session.get_one(Organisation, organisation.merged_into_id)
    if other.status in CLOSED_STATUSES:
        found.append(f"“{other.name}”后来已{STATUS_LABELS[other.status].removeprefix('已')}")
    merger = _merger(session, id_of(organisation))
    if merger is not None:
        later = select(OrganisationChange).where(
            OrganisationChange.organisation_id == organisation.id,
            col(OrganisationChange.id) > merger.id,
        )
        for line in session.exec(later.order_by(col(OrganisationChange.id))):
            found.append(f"{line.effective_on} {FIELD_LABELS.get(line.field, line.field)}：{line.before or '—'} → {line.after or '—'}")
    return found


def _status_before(session: Session, organisation_id: int) -> str:
    """What it was when it was merged, by its history; in business when nothing is told."""
    told = (
        select(OrganisationChange.before)
        .where(
            OrganisationChange.organisation_id == organisation_id,
            OrganisationChange.field == "status",
            OrganisationChange.after == OrganisationStatus.MERGED.label,
        )
        .order_by(col(OrganisationChange.id).desc())
    )
    label = session.exec(told.limit(1)).first()
    codes = {text: code for code, text in STATUS_LABELS.items() if code not in CLOSED_STATUSES}
    return codes.get(label or "", OrganisationStatus.ACTIVE.value)
