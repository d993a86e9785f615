"""One small examination of the types that are no choice: a number, blanks, an ordering, a matching and a case; fifty points."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from quiz.banks import service as banks
from quiz.banks.files import BankDraft, ItemDraft
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.vocabulary import ReviewPolicy, ScoringPolicy

BANK = "typed"
CODES = ("distance", "training", "confined", "authority", "dust")
NUMERIC, BLANK, ORDERING, MATCHING, CASE = range(1, 6)
"""Positions."""
RIGHT = {
    NUMERIC: ["12.5"],
    BLANK: ["三级", "24"],
    ORDERING: ["C", "A", "B"],
    MATCHING: ["1B", "2A", "3B"],
    CASE: ["1:B", "2:A", "2:C", "3:3", "4:停产停业", "4:3", "5:B", "5:A"],
}
NEVER_SENT = ("误差", "tolerance", "12.5", "0.5", "3级", "停产", "rationale", "explanation", "key_")
"""Words of keys, tolerances and alternatives, none of which the player may get."""


def items() -> list[ItemDraft]:
    """Each keeps its code for the section that draws it."""
    rows: list[dict[str, Any]] = [
        {
            "code": "distance", "type": "numeric", "stem": "某瓶组间与明火散发点之间的最小水平距离按规定计算，应为多少？",
            "key": ["12.5"], "unit": "米", "tolerance": "0.5", "explanation": "按规定的公式计算。",
        },
        {
            "code": "training", "type": "blank", "stem": "新上岗的从业人员应当接受____安全教育，岗前培训时间不得少于____学时。",
            "key": ["三级|3级", "24"], "explanation": "厂、车间、班组三级，二十四学时。",
        },
        {
            "code": "confined", "type": "ordering", "stem": "请按先后排列有限空间作业的步骤。",
            "options": {"A": "检测氧气和有毒有害气体浓度", "B": "作业人员佩戴防护用品进入作业", "C": "打开进出口，自然通风或者机械通风"},
            "key": ["C", "A", "B"], "explanation": "先通风、再检测、后作业。",
        },
        {
            "code": "authority", "type": "matching", "stem": "下列场所由哪个部门负责行业监管？",
            "prompts": {"1": "用气餐饮场所", "2": "医院", "3": "大型商场超市"},
            "options": {"A": "卫生健康主管部门", "B": "商务主管部门", "C": "交通运输主管部门"}, "key": ["1B", "2A", "3B"],
            "explanation": "管行业必须管安全。",
        },
        {
            "code": "dust", "type": "case",
            "stem": "某木制品企业有职工 28 人。\n检查时发现：除尘管道没有泄爆装置，打磨车间粉尘积厚约 3 毫米，负责人说“月底一起清”。",
            "parts": [
                {"type": "single", "stem": "首先应当怎样处理？", "options": {"A": "月底清扫", "B": "立即停止作业并清扫", "C": "继续观察"}, "key": ["B"]},
                {
                    "type": "multiple", "stem": "存在哪些隐患？",
                    "options": {"A": "没有泄爆装置", "B": "职工人数太少", "C": "粉尘没有及时清扫"}, "key": ["A", "C"],
                },
                {"type": "numeric", "stem": "按检查记录，打磨车间积尘厚度大约是多少？", "key": ["3"], "unit": "毫米", "tolerance": "0.2"},
                {"type": "blank", "stem": "拒不改正的，责令____，并可处____万元罚款。", "key": ["停产停业|停产停业整顿", "3"]},
                {"type": "ordering", "stem": "先做哪一步？", "options": {"A": "清扫", "B": "停机断电"}, "key": ["B", "A"]},
            ],
            "explanation": "粉尘爆炸危险场所应当及时清扫。",
        },
    ]  # fmt: skip
    return [ItemDraft.model_validate(row) for row in rows]


def write_bank(session: Session, *, now: datetime) -> None:
    banks.write_bank(session, draft=BankDraft(bank=BANK, title="新题型题库", items=items()), now=now)
    banks.touch(session)


def draft(*, now: datetime, policy: ScoringPolicy = ScoringPolicy.ALL_OR_NOTHING) -> PaperDraft:
    """Ten points each in the order of CODES, thirty to pass; options shuffled."""
    sections = tuple(Section(count=1, points=10, banks=(BANK,), items=(code,), must_be_right=code == "dust") for code in CODES)
    return PaperDraft(
        title="新题型考试", blueprint=Blueprint(sections=sections), cut_score=30, opens_at=now - timedelta(hours=1),
        closes_at=now + timedelta(days=7), attempts_allowed=None, scoring_policy=policy, review_policy=ReviewPolicy.AFTER_HAND_IN,
        shuffle_items=False,
    )  # fmt: skip


def paper(session: Session, *, now: datetime, policy: ScoringPolicy = ScoringPolicy.ALL_OR_NOTHING) -> int:
    """The paper, published."""
    return papers.create_paper(session, draft=draft(now=now, policy=policy), created_by=None, now=now, publish=True).id
