"""Items and clauses for the tests of the review: sound ones, to be spoiled one feature at a time."""

from __future__ import annotations

from typing import Any

from quiz.banks import files
from quiz.banks.files import BankDraft
from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.review import Basis, EditionFact, Finding, Known, review
from quiz.organisations.reference import Reference
from quiz.vocabulary import EditionStatus, ItemKind, ItemType

ALARM = ClauseView("gas-2026/1", "第一条", "用气", "报警装置", "厨房应当安装可燃气体报警装置。", "燃气规定", edition_code="gas-2026")
OLD_ALARM = ClauseView(
    "gas-2020/1", "第一条", "用气", "报警装置", "厨房宜安装报警装置。", "燃气规定", edition_code="gas-2020", in_force=False
)
HOSE = ClauseView("gas-2026/2", "第二条", "用气", "软管", "连接软管长度不得超过2米。", "燃气规定", edition_code="gas-2026")
KNOWN = Known(
    {
        "gas-2026": EditionFact("gas", EditionStatus.IN_FORCE),
        "gas-2020": EditionFact("gas", EditionStatus.SUPERSEDED),
        "fire-2017": EditionFact("fire", EditionStatus.SUPERSEDED),
        "gas-2030": EditionFact("gas", EditionStatus.UPCOMING),
    },
    frozenset({"catering", "city_gas"}),
)
SINGLE = {"A": "安装报警装置并保持正常使用", "B": "只在检查前临时装上一台", "C": "由房东负责饭店不必装", "D": "换成家用的温度报警器"}


def item(code: str = "gas-1-a", **changed: Any) -> VersionView:
    """A sound single-choice scenario item."""
    content: dict[str, Any] = {
        "id": 1,
        "item_id": 1,
        "item_code": code,
        "bank_code": "gas",
        "type": ItemType.SINGLE,
        "kind": ItemKind.SCENARIO,
        "topic": "报警",
        "difficulty": "medium",
        "stem": f"某面馆开业三个月，灶台旁什么都没有（{code}）。老板应当怎么办？",
        "options": tuple(SINGLE.items()),
        "key": frozenset("A"),
        "explanation": "第一条要求安装。",
        "rationales": {"B": "应当一直在用。", "C": "责任在用气单位。", "D": "测的不是可燃气体。"},
        "clauses": (ALARM,),
        "roles": ("principal",),
    }
    return VersionView(**content | changed)


def options(*texts: str) -> tuple[tuple[str, str], ...]:
    """Lettered from A."""
    return tuple(zip("ABCDEF", texts, strict=False))


def judged(stem: str, key: str, code: str = "gas-1-t") -> VersionView:
    """A true/false item; `key` is A for 正确."""
    return item(code, type=ItemType.TRUE_FALSE, stem=stem, options=options("正确", "错误"), key=frozenset(key), rationales={})


def codes(*items: VersionView, basis: Basis | None = None) -> list[tuple[str, str]]:
    """What the review finds, as item and rule."""
    return [(finding.item, finding.code) for finding in review(items, basis or Basis(known=KNOWN))]


def review_files(bank: BankDraft) -> list[Finding]:
    """The review of a bank as its file stands, with the editions and sectors that are shipped."""
    editions = {edition.edition: edition for edition in map(files.read_edition, files.standard_files())}
    views = {
        clause.id: ClauseView(
            clause.id,
            clause.ref,
            clause.group,
            clause.heading,
            clause.text,
            edition.title,
            clause.assessable,
            edition.edition,
            edition.status is EditionStatus.IN_FORCE,
        )
        for edition in editions.values()
        for clause in edition.clauses
    }
    items = [
        VersionView(
            id=number,
            item_id=number,
            item_code=draft.code,
            bank_code=bank.bank,
            type=draft.type,
            kind=draft.kind,
            topic=draft.topic,
            difficulty=draft.difficulty.value,
            stem=draft.stem,
            options=tuple(draft.options.items()),
            key=frozenset(draft.key),
            explanation=draft.explanation,
            rationales=draft.rationales,
            clauses=tuple(views[clause] for clause in draft.clauses),
            changed_from=tuple(views[clause] for clause in draft.changed_from),
            roles=tuple(role.value for role in draft.roles),
            sectors=tuple(draft.sectors) if draft.sectors is not None else None,
        )
        for number, draft in enumerate(bank.items, start=1)
    ]
    edition = editions[bank.edition] if bank.edition else None
    basis = Basis(
        clauses=tuple(views[clause.id] for clause in edition.clauses) if edition else (),
        caution=edition.caution if edition else "",
        sectors=tuple(bank.sectors),
        known=Known(
            {code: EditionFact(each.standard, each.status) for code, each in editions.items()}, frozenset(Reference.of_data().sectors)
        ),
    )
    return review(items, basis)
