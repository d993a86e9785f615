"""The five programmes: whom they concern, on what basis, with which paper, and how readily people come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from quiz import clock
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.training.domain import Audience
from quiz.vocabulary import ItemType, ScoringPolicy

SINGLE, MULTIPLE, TRUE_FALSE = ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE
LAW, REGULATION, TRADE, CONFINED = "work-safety-law", "shandong-work-safety-regulation", "trade-industry", "confined-space"
RESIT_DAYS = 30
"""The paper stays open so long after the due day, for those who are late."""


@dataclass(frozen=True)
class Campaign:
    """A programme and its paper, with days counted from today."""

    code: str
    title: str
    description: str
    basis: str
    audience: Audience
    opened_days_ago: int
    due_in_days: int
    paper_title: str
    blueprint: Blueprint
    cut_score: float
    minutes: int
    attempts_allowed: int | None
    scoring_policy: ScoringPolicy
    readiness: float
    """Added to the log-odds that somebody comes."""
    preparation: float
    """Added to ability: how well people are prepared."""
    evening_trade: bool = False
    """Restaurant people sit down in the afternoon lull and after closing time."""

    def opens_on(self, today: date) -> date:
        """A working day, at most three days from the stated one."""
        day = today - timedelta(days=self.opened_days_ago)
        return day - timedelta(days=max(0, day.weekday() - 4))

    def due_on(self, today: date) -> date:
        return today + timedelta(days=self.due_in_days)

    def draft(self, today: date) -> PaperDraft:
        """The paper, open from the day the programme opened until some days after it is due."""
        blueprint = self.blueprint
        return PaperDraft(
            title=self.paper_title,
            description=f"{self.title}结业考试：{blueprint.count} 题，满分 {blueprint.max_score:g} 分，{self.cut_score:g} 分合格。",
            blueprint=blueprint,
            cut_score=self.cut_score,
            opens_at=clock.start_of_day(self.opens_on(today)),
            closes_at=clock.end_of_day(self.due_on(today) + timedelta(days=RESIT_DAYS)),
            time_limit_minutes=self.minutes,
            attempts_allowed=self.attempts_allowed,
            scoring_policy=self.scoring_policy,
        )


def _section(count: int, *banks: str, groups: tuple[str, ...] = (), types: tuple[ItemType, ...] = (), must: bool = False) -> Section:
    return Section(count=count, points=5, banks=banks, groups=groups, types=types, must_be_right=must)


_DUTIES = ("主要负责人职责",)
_KITCHEN = ("catering-gas", "weihai-gas", "urban-gas")


def _sector_paper(*banks: str, must: str) -> tuple[Section, ...]:
    """Mostly the sector's own standard, and what the law asks of a principal."""
    return (
        _section(1, must, types=(SINGLE, TRUE_FALSE), must=True),
        _section(1, LAW, groups=_DUTIES, types=(SINGLE, TRUE_FALSE), must=True),
        _section(8, *banks, types=(SINGLE,)),
        _section(3, *banks, types=(MULTIPLE,)),
        _section(2, *banks, types=(TRUE_FALSE,)),
        _section(3, LAW, groups=_DUTIES),
        _section(2, REGULATION, types=(SINGLE,)),
    )


CAMPAIGNS = (
    Campaign(
        code="coal-mine-2024",
        title="煤矿主要负责人全覆盖培训（2024）",
        description="面向注册在本市的煤矿企业主要负责人，学习煤矿重大事故隐患判定标准（2026 年修订）和主要负责人法定职责，考试合格为完成。",
        basis="《中华人民共和国安全生产法》第五条、第二十七条；2024 年安全生产重点工作中对煤矿主要负责人开展全覆盖专题培训的安排。",
        audience=Audience(sectors=frozenset({"coal_mine"})),
        opened_days_ago=86, due_in_days=20, paper_title="煤矿主要负责人结业考试",
        blueprint=Blueprint(sections=_sector_paper("coal-mine", must="coal-mine")),
        cut_score=80, minutes=40, attempts_allowed=3, scoring_policy=ScoringPolicy.ALL_OR_NOTHING, readiness=1.0, preparation=0.5,
    ),
    Campaign(
        code="non-coal-mine-2024",
        title="非煤矿山主要负责人全覆盖培训（2024）",
        description="面向金属非金属地下矿山、露天矿山和尾矿库主要负责人，考试合格为完成。",
        basis="《中华人民共和国安全生产法》第五条、第二十七条；2024 年安全生产重点工作中对非煤矿山主要负责人开展全覆盖专题培训的安排。",
        audience=Audience(sectors=frozenset({"non_coal_mine"})),
        opened_days_ago=82, due_in_days=-6, paper_title="非煤矿山主要负责人结业考试",
        blueprint=Blueprint(sections=_sector_paper("non-coal-mine", must="non-coal-mine")),
        cut_score=80, minutes=40, attempts_allowed=3, scoring_policy=ScoringPolicy.ALL_OR_NOTHING, readiness=0.3, preparation=0.15,
    ),
    Campaign(
        code="confined-space-2024",
        title="工贸有限空间企业主要负责人全覆盖培训（2024）",
        description="面向存在有限空间作业的工贸企业主要负责人，学习有限空间作业安全规定和重大事故隐患判定标准，考试合格为完成。",
        basis="《工贸企业有限空间作业安全规定》；《中华人民共和国安全生产法》第五条；"
        "2024 年安全生产重点工作中对工贸有限空间企业主要负责人开展全覆盖专题培训的安排。",
        audience=Audience(sectors=frozenset({"industry_trade"}), features=frozenset({"confined_space"})),
        opened_days_ago=75, due_in_days=30, paper_title="工贸有限空间企业主要负责人结业考试",
        blueprint=Blueprint(sections=(
            _section(1, TRADE, groups=("有限空间",), types=(SINGLE, TRUE_FALSE), must=True),
            _section(1, CONFINED, groups=("现场作业",), types=(SINGLE, TRUE_FALSE), must=True),
            _section(8, CONFINED, types=(SINGLE,)),
            _section(3, CONFINED, types=(MULTIPLE,)),
            _section(2, CONFINED, types=(TRUE_FALSE,)),
            _section(2, TRADE, groups=("管理类", "总则")),
            _section(3, LAW, groups=_DUTIES),
        )),
        cut_score=80, minutes=30, attempts_allowed=3, scoring_policy=ScoringPolicy.ALL_OR_NOTHING, readiness=0.0, preparation=0.1,
    ),
    Campaign(
        code="hospital-fire-2024",
        title="二级三级医院消防安全责任人全覆盖培训（2024）",
        description="面向二级、三级医院的消防安全责任人（医院主要负责人），学习医疗机构重大事故隐患判定清单、WS 308 和主要负责人法定职责，考试合格为完成。",
        basis="《中华人民共和国消防法》第十六条；《中华人民共和国安全生产法》第五条；"
        "2024 年安全生产重点工作中对二级三级医院消防安全责任人开展全覆盖专题培训的安排。",
        audience=Audience(sectors=frozenset({"hospital"}), hospital_grades=frozenset({"二级", "三级"})),
        opened_days_ago=70, due_in_days=25, paper_title="二级三级医院消防安全责任人结业考试",
        blueprint=Blueprint(sections=_sector_paper("medical", "hospital-fire-ws308", must="medical")),
        cut_score=80, minutes=40, attempts_allowed=3, scoring_policy=ScoringPolicy.PARTIAL, readiness=0.5, preparation=0.5,
    ),
    Campaign(
        code="catering-gas",
        title="使用燃气的餐饮企业主要负责人全覆盖培训",
        description="面向使用管道燃气、瓶装液化气的餐饮企业和个体工商户主要负责人，考试合格为完成，不限次数。",
        basis="《中华人民共和国安全生产法》第五条、第三十六条第四款；对使用燃气的餐饮企业主要负责人开展落实主体责任全覆盖培训的安排。",
        audience=Audience(sectors=frozenset({"catering"}), features=frozenset({"gas_catering"})),
        opened_days_ago=63, due_in_days=38, paper_title="餐饮企业主要负责人安全生产主体责任考试",
        blueprint=Blueprint(sections=(
            _section(1, "catering-gas", types=(SINGLE, TRUE_FALSE), must=True),
            _section(1, LAW, groups=("现场管理",), types=(SINGLE, TRUE_FALSE), must=True),
            _section(6, *_KITCHEN, types=(SINGLE,)),
            _section(2, *_KITCHEN, types=(MULTIPLE,)),
            _section(2, *_KITCHEN, types=(TRUE_FALSE,)),
            _section(4, LAW, groups=_DUTIES, types=(SINGLE, TRUE_FALSE)),
            _section(4, REGULATION, types=(SINGLE,)),
        )),
        cut_score=60, minutes=30, attempts_allowed=None, scoring_policy=ScoringPolicy.PARTIAL, readiness=-0.2, preparation=-1.0,
        evening_trade=True,
    ),
)  # fmt: skip
