"""Importing a paper sign-in sheet: read, plan, show, apply, and take it back."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts import audit
from quiz.accounts.audit import Actor
from quiz.classes import hours, queries
from quiz.classes.queries import ClassView
from quiz.classes.reach import ClassReach
from quiz.classes.sheet_people import load_crowd, read_line
from quiz.classes.sheet_plan import Options, Outcome, Planner, Recorded, SheetReport, build_report
from quiz.classes.sheet_reader import SheetFile, read_sheet
from quiz.models.classes import ClassSession, Presence, SignInSheet
from quiz.organisations.ledger import chunks
from quiz.problems import Invalid, NotFound, Refusal
from quiz.vocabulary import ClassState, PresenceSource


@dataclass(frozen=True)
class ReadSheet:
    """A file read in its own process, before anything is looked up."""

    file_name: str
    digest: str
    file: SheetFile


@dataclass(frozen=True)
class SheetView:
    """One past import."""

    id: int
    file_name: str
    imported_at: datetime
    undone_at: datetime | None
    report: dict[str, Any]


def read(data: bytes, *, file_name: str) -> ReadSheet:
    """Open the file. Raises Unreadable with what to do."""
    return ReadSheet(file_name[-200:], hashlib.sha256(data).hexdigest(), read_sheet(data))


def preview(session: Session, *, sheet: ReadSheet, session_id: int, options: Options, desk: ClassReach, now: datetime) -> SheetReport:
    """What an import would do; nothing is written."""
    view, outcomes = _plan(session, sheet, session_id, options, desk, now)
    return build_report(sheet.file_name, sheet.file, outcomes, view.sites, dry_run=True)


def apply(
    session: Session, *, sheet: ReadSheet, session_id: int, options: Options, desk: ClassReach, actor: Actor, now: datetime
) -> SheetReport:  # fmt: skip
    """Write what can be written; hours follow in the same transaction."""
    view, outcomes = _plan(session, sheet, session_id, options, desk, now)
    stays = [stay for outcome in outcomes for stay in outcome.stays]
    if not stays:
        raise Refusal("这张表没有可以登记的签到：各行都有问题，或已经登记过。", code="nothing_to_import")
    filed = SignInSheet(
        session_id=session_id, file_name=sheet.file_name, digest=sheet.digest, imported_at=now, imported_by=actor.account_id
    )
    session.add(filed)
    session.flush()
    session.add_all(
        Presence(
            session_id=session_id, site_id=stay.site_id, person_id=stay.person_id, signed_in_at=stay.begin, signed_out_at=stay.end,
            source=PresenceSource.SHEET.value, sheet_id=filed.id, recorded_by=actor.account_id,
        )
        for stay in stays
    )  # fmt: skip
    report = build_report(sheet.file_name, sheet.file, outcomes, view.sites, dry_run=False, sheet_id=filed.id)
    filed.report = report.for_storage()
    session.flush()
    counts = {word: getattr(report, word) for word in ("rows", "accepted", "repaired", "refused", "skipped")}
    detail = {"class": session_id, "file": sheet.file_name, **counts}
    audit.record(session, actor=actor, action="import_sheet", subject=view.title, at=now, detail=detail)
    hours.recompute(session, person_ids={stay.person_id for stay in stays}, now=now)
    return report


def _plan(
    session: Session, sheet: ReadSheet, session_id: int, options: Options, desk: ClassReach, now: datetime
) -> tuple[ClassView, list[Outcome]]:  # fmt: skip
    view = queries.opened(session, session_id, desk=desk)
    if view.state is not ClassState.ANNOUNCED:
        raise Refusal(f"班次{view.state.label}，不能导入签到表。", code="class_state")
    site = view.site(options.site_id)
    if site is None or not site.is_hosted:
        raise NotFound("没有找到所选课堂，或不由您管理。", code="site_unknown")
    if options.day not in view.days:
        raise Invalid("所选日期没有课，请重新选择。", code="not_a_class_day")
    held = session.get_one(ClassSession, session_id)
    today = clock.local_day(now)
    lines = [read_line(row, today=today) for row in sheet.file.rows]
    crowd = load_crowd(session, lines=lines, held=held, desk=desk, day=options.day)
    people = [known.id for each in crowd.by_name.values() for known in each]
    planner = Planner(options, crowd, view.sites, view.lessons, _recorded(session, people), sheet.file, now)
    return view, planner.plan(lines)


def _recorded(session: Session, people: Sequence[int]) -> dict[int, list[Recorded]]:
    found: dict[int, list[Recorded]] = defaultdict(list)
    for ids in chunks(sorted(set(people))):
        for row in session.scalars(
            select(Presence).where(col(Presence.person_id).in_(ids), col(Presence.voided_at).is_(None)).order_by(col(Presence.id))
        ):
            by_code = row.source == PresenceSource.CODE
            found[row.person_id].append(Recorded(row.person_id, row.site_id, row.signed_in_at, row.signed_out_at, by_code))
    return found


def undo(session: Session, *, sheet_id: int, desk: ClassReach, actor: Actor, now: datetime) -> int:
    """Void what a sheet brought; answers with how many presences. Whoever may not see the session finds no sheet."""
    filed = session.get(SignInSheet, sheet_id, with_for_update=True)
    if filed is None or not _may_undo(session, filed, desk):
        raise NotFound("没有找到这次导入，或不在您的管理范围内。", code="sheet_unknown")
    if filed.undone_at is not None:
        raise Refusal("这次导入已经撤销。", code="undone")
    held = session.get_one(ClassSession, filed.session_id)
    if held.state != ClassState.ANNOUNCED:
        raise Refusal(f"班次{ClassState(held.state).label}，不能撤销导入。", code="class_state")
    rows = session.scalars(select(Presence).where(col(Presence.sheet_id) == sheet_id, col(Presence.voided_at).is_(None))).all()
    for row in rows:
        row.voided_at, row.void_reason = now, f"撤销导入：{filed.file_name}"[:200]
    filed.undone_at, filed.undone_by = now, actor.account_id
    detail = {"class": held.id, "file": filed.file_name, "count": len(rows)}
    audit.record(session, actor=actor, action="undo_sheet", subject=held.title, at=now, detail=detail)
    hours.recompute(session, person_ids={row.person_id for row in rows}, now=now)
    return len(rows)


def _may_undo(session: Session, filed: SignInSheet, desk: ClassReach) -> bool:
    """Every classroom the sheet wrote to has to be one's own."""
    if desk.is_city_wide:
        return True
    try:
        view = queries.opened(session, filed.session_id, desk=desk)
    except NotFound:
        return False
    hosted = {site.id for site in view.hosted}
    used = set(session.scalars(select(col(Presence.site_id)).where(col(Presence.sheet_id) == filed.id).distinct()))
    return bool(used) and used <= hosted


def sheets(session: Session, *, session_id: int, desk: ClassReach) -> tuple[SheetView, ...]:
    """Past imports of a session that one may take back, the latest first."""
    rows = session.scalars(select(SignInSheet).where(col(SignInSheet.session_id) == session_id).order_by(col(SignInSheet.id).desc()))
    return tuple(
        SheetView(row.id or 0, row.file_name, row.imported_at, row.undone_at, row.report) for row in rows if _may_undo(session, row, desk)
    )
