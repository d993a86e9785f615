"""Ready-made programmes: read from `data/programme_templates.yaml`, and made into drafts with their papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import yaml
from sqlalchemy import select
from sqlmodel import Session, col

from quiz import clock
from quiz.models.papers import Paper
from quiz.models.training import Programme
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint
from quiz.papers.queries import PaperView
from quiz.papers.service import PaperDraft
from quiz.problems import NotFound, Refusal
from quiz.training import service
from quiz.training.domain import Audience
from quiz.training.hours_by_law import DATA
from quiz.training.queries import ProgrammeView
from quiz.training.service import Components
from quiz.vocabulary import HolderPolicy, HoursRule, PostRole, ProgrammeState, ScoringPolicy

BANK = "$bank"
RESIT_DAYS = 30
"""A paper stays open so long after the programme is due, for those with more time."""


@dataclass(frozen=True)
class PaperPlan:
    """The paper a template recommends."""

    title: str
    cut_score: float
    minutes: int
    attempts_allowed: int | None
    scoring_policy: ScoringPolicy
    blueprint: Blueprint

    def draft(self, *, title: str, opens_on: date, due_on: date) -> PaperDraft:
        """As the papers room takes it, open from the first day until some time after the last."""
        return PaperDraft(
            title=title,
            description=f"{self.blueprint.count} 题，满分 {self.blueprint.max_score:g} 分，{self.cut_score:g} 分合格。",
            blueprint=self.blueprint,
            cut_score=self.cut_score,
            opens_at=clock.start_of_day(opens_on),
            closes_at=clock.end_of_day(due_on + timedelta(days=RESIT_DAYS)),
            time_limit_minutes=self.minutes,
            attempts_allowed=self.attempts_allowed,
            scoring_policy=self.scoring_policy,
        )


@dataclass(frozen=True)
class Template:
    """One kind of programme the city opens again and again."""

    code: str
    title: str
    description: str
    basis: str
    clauses: tuple[str, ...]
    audience: Audience
    role: PostRole
    policy: HolderPolicy
    components: Components
    hours_note: str
    grace_days: int
    due_in_days: int
    paper: PaperPlan
    sectors: Mapping[str, PaperPlan] = field(default_factory=dict)
    """Of a template of one programme a sector: the sector's paper."""
    general: frozenset[str] = frozenset()
    """Sectors without a standard of their own, which take the one for everybody."""


def templates() -> tuple[Template, ...]:
    """All of them, in the order of the file."""
    return _templates()


def template(code: str) -> Template:
    """The template of that code."""
    found = next((each for each in _templates() if each.code == code), None)
    if found is None:
        raise NotFound("没有这个专项模板。", code="template_unknown")
    return found


@lru_cache
def _templates() -> tuple[Template, ...]:
    return tuple(_template(row) for row in yaml.safe_load((DATA / "programme_templates.yaml").read_text("utf-8")))


def _template(row: Mapping[str, Any]) -> Template:
    sectors = {each["sector"]: _plan(row["paper"], bank=each["bank"]) for each in row.get("by_sector", ())}
    return Template(
        code=row["code"], title=row["title"], description=row["description"], basis=row["basis"], clauses=tuple(row["clauses"]),
        audience=Audience.of(row["audience"]), role=PostRole(row["role"]), policy=HolderPolicy(row["policy"]),
        components=Components(
            hours_rule=HoursRule(row["hours_rule"]), hours_fixed=row.get("hours_fixed"), materials=tuple(row["materials"]),
            material_minutes=row["material_minutes"], validity_months=row["validity_months"], retraining_months=row["retraining_months"],
        ),
        hours_note=row.get("hours_note", ""), grace_days=row["grace_days"], due_in_days=row["due_in_days"],
        paper=_plan(row["paper"]), sectors=sectors,
        general=frozenset(each["sector"] for each in row.get("by_sector", ()) if each.get("general")),
    )  # fmt: skip


def _plan(row: Mapping[str, Any], *, bank: str = BANK) -> PaperPlan:
    sections = [{**section, "banks": [bank if code == BANK else code for code in section["banks"]]} for section in row["sections"]]
    return PaperPlan(
        title=row["title"], cut_score=row["cut_score"], minutes=row["minutes"], attempts_allowed=row["attempts_allowed"],
        scoring_policy=ScoringPolicy(row["scoring_policy"]), blueprint=Blueprint.model_validate({"sections": sections}),
    )  # fmt: skip


def as_draft(made_from: Template, *, today: date) -> ProgrammeView:
    """The template as a programme that is not yet written down: what an editor begins with."""
    asked = made_from.components
    return ProgrammeView(
        id=0, code="", title=made_from.title, description=made_from.description, basis=made_from.basis, state=ProgrammeState.DRAFT,
        role=made_from.role, audience=made_from.audience, policy=made_from.policy, opens_on=today,
        due_on=today + timedelta(days=made_from.due_in_days), grace_days=made_from.grace_days, paper_id=None, template=made_from.code,
        series="", hours_rule=asked.hours_rule, hours_fixed=asked.hours_fixed, minutes_per_hour=asked.minutes_per_hour,
        materials=asked.materials, material_minutes=asked.material_minutes, validity_months=asked.validity_months,
        retraining_months=asked.retraining_months,
    )  # fmt: skip


@dataclass(frozen=True)
class Days:
    """From when to when a new programme runs."""

    opens_on: date
    due_on: date


def draft_paper(
    session: Session, plan: PaperPlan, *, title: str, days: Days, created_by: int | None, now: datetime, publish: bool
) -> PaperView:
    """Draft the recommended paper from its blueprint; published at once only by somebody who may publish papers."""
    draft = plan.draft(title=title, opens_on=days.opens_on, due_on=days.due_on)
    return papers.create_paper(session, draft=draft, created_by=created_by, now=now, publish=publish)


def create_by_sector(
    session: Session,
    *,
    template_code: str,
    sectors: Mapping[str, str],
    days: Days,
    code: str,
    created_by: int | None,
    now: datetime,
    publish: bool,
) -> list[ProgrammeView]:
    """One draft a sector (code → name), each with a paper from the sector's bank; all of them or none."""
    made_from = template(template_code)
    unknown = sorted(set(sectors) - set(made_from.sectors))
    if unknown or not sectors:
        raise Refusal("请选定至少一个模板中有题库的行业领域。", code="template_sectors")
    made = []
    for sector, name in sectors.items():
        title = f"{made_from.title}（{name}）"
        plan = made_from.sectors[sector]
        paper = draft_paper(session, plan, title=title, days=days, created_by=created_by, now=now, publish=publish)
        own = f"{code}-{sector.replace('_', '-')}"
        made.append(
            service.create_programme(
                session, code=own, title=title, description=made_from.description, basis=made_from.basis, role=made_from.role,
                audience=replace(made_from.audience, sectors=frozenset({sector})), policy=made_from.policy, opens_on=days.opens_on,
                due_on=days.due_on, grace_days=made_from.grace_days, paper_id=paper.id, components=made_from.components,
                template=made_from.code, series=own, now=now,
            )
        )  # fmt: skip
    return made


def next_cycle(
    session: Session, *, programme_id: int, code: str, title: str, days: Days, created_by: int | None, now: datetime, publish: bool
) -> ProgrammeView:
    """A draft of the same series with new days and a fresh copy of the paper: attempts and tries of the last cycle do not count."""
    before = session.get(Programme, programme_id)
    if before is None:
        raise NotFound("没有找到该培训专项。", code="programme_unknown")
    if days.opens_on <= before.opens_on:
        raise Refusal(f"下一周期须晚于本周期的开始日期 {before.opens_on.isoformat()}。", code="cycle_days")
    if not before.series:
        before.series = before.code
    view = ProgrammeView.of(before)
    paper_id = None
    if before.paper_id is not None:
        paper_id = _copied_paper(session, before.paper_id, title=title, days=days, created_by=created_by, now=now, publish=publish)
    return service.create_programme(
        session, code=code, title=title, description=view.description, basis=view.basis, role=view.role, audience=view.audience,
        policy=view.policy, opens_on=days.opens_on, due_on=days.due_on, grace_days=view.grace_days, paper_id=paper_id, now=now,
        template=view.template, series=before.series,
        components=Components(
            hours_rule=view.hours_rule, hours_fixed=view.hours_fixed, minutes_per_hour=view.minutes_per_hour, materials=view.materials,
            material_minutes=view.material_minutes, validity_months=view.validity_months, retraining_months=view.retraining_months,
        ),
    )  # fmt: skip


def _copied_paper(session: Session, paper_id: int, *, title: str, days: Days, created_by: int | None, now: datetime, publish: bool) -> int:
    old = PaperView.of(session.get_one(Paper, paper_id))
    draft = PaperDraft(
        title=f"{title}考试"[:120], description=old.description, blueprint=old.blueprint, cut_score=old.cut_score,
        opens_at=clock.start_of_day(days.opens_on),
        closes_at=clock.end_of_day(days.due_on + timedelta(days=RESIT_DAYS)), time_limit_minutes=old.time_limit_minutes,
        attempts_allowed=old.attempts_allowed, scoring_policy=old.scoring_policy, review_policy=old.review_policy,
        shuffle_items=old.shuffle_items, shuffle_options=old.shuffle_options,
    )  # fmt: skip
    return papers.create_paper(session, draft=draft, created_by=created_by, now=now, publish=publish).id


def series_of(session: Session, *, series: str) -> list[ProgrammeView]:
    """The cycles of a series, the latest first; none for a programme that stands alone."""
    if not series:
        return []
    rows = session.scalars(select(Programme).where(col(Programme.series) == series).order_by(col(Programme.opens_on).desc()))
    return [ProgrammeView.of(row) for row in rows]
