"""The five programmes: made from the city's templates, when they opened, and how readily people come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from quiz.papers.service import PaperDraft
from quiz.training.domain import Audience
from quiz.training.service import Components
from quiz.training.templates import Template, template


@dataclass(frozen=True)
class Campaign:
    """A programme and its paper, with days counted from today."""

    code: str
    title: str
    template: str
    """Whom it concerns, on what basis, and its paper: see `quiz/training/data/programme_templates.yaml`."""
    opened_days_ago: int
    due_in_days: int
    readiness: float
    """Added to the log-odds that somebody comes."""
    preparation: float
    """Added to ability: how well people are prepared."""
    evening_trade: bool = False
    """Restaurant people sit down in the afternoon lull and after closing time."""

    @property
    def made_from(self) -> Template:
        """The template."""
        return template(self.template)

    @property
    def audience(self) -> Audience:
        return self.made_from.audience

    @property
    def basis(self) -> str:
        return self.made_from.basis

    @property
    def description(self) -> str:
        return self.made_from.description

    @property
    def paper_title(self) -> str:
        return self.made_from.paper.title

    @property
    def components(self) -> Components:
        """These five examine only: their classes belong to the year before the platform counted hours."""
        asked = self.made_from.components
        return Components(validity_months=asked.validity_months, retraining_months=asked.retraining_months)

    def opens_on(self, today: date) -> date:
        """A working day, at most three days from the stated one."""
        day = today - timedelta(days=self.opened_days_ago)
        return day - timedelta(days=max(0, day.weekday() - 4))

    def due_on(self, today: date) -> date:
        return today + timedelta(days=self.due_in_days)

    def draft(self, today: date) -> PaperDraft:
        """The paper, open from the day the programme opened until some days after it is due."""
        return self.made_from.paper.draft(title=self.paper_title, opens_on=self.opens_on(today), due_on=self.due_on(today))


CAMPAIGNS = (
    Campaign("coal-mine-2024", "煤矿主要负责人全覆盖培训（2024）", "coal-mine", 86, 20, readiness=1.0, preparation=0.5),
    Campaign("non-coal-mine-2024", "非煤矿山主要负责人全覆盖培训（2024）", "non-coal-mine", 82, -6, readiness=0.3, preparation=0.15),
    Campaign(
        "confined-space-2024", "工贸有限空间企业主要负责人全覆盖培训（2024）", "confined-space", 75, 30, readiness=0.0, preparation=0.1
    ),
    Campaign("hospital-fire-2024", "二级三级医院消防安全责任人全覆盖培训（2024）", "hospital-fire", 70, 25, readiness=0.5, preparation=0.5),
    Campaign(
        "catering-gas",
        "使用燃气的餐饮企业主要负责人全覆盖培训",
        "catering-gas",
        63,
        38,
        readiness=-0.2,
        preparation=-1.0,
        evening_trade=True,
    ),
)
