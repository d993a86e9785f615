"""One small examination for the tests of this room: three items, twelve points, eight to pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from quiz.accounts import service as accounts
from quiz.attempts import service
from quiz.attempts.service import Save, Started
from quiz.banks import service as banks
from quiz.banks.files import BankDraft, ItemDraft
from quiz.models.accounts import Account
from quiz.models.banks import Clause, Edition, Standard
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.service import PaperDraft
from quiz.vocabulary import AccountRole, ItemType
from tests import factories

BANK = "gas"
CLAUSE = "gas-2024/7"
RIGHT = {1: ["A"], 2: ["A", "B", "C"], 3: ["B"]}
"""Full marks: 4 + 6 + 2."""
SECTIONS = (
    Section(count=1, points=4, banks=(BANK,), items=("alarm",), must_be_right=True),
    Section(count=1, points=6, banks=(BANK,), items=("duties",)),
    Section(count=1, points=2, banks=(BANK,), items=("hose",)),
)


def items(*, alarm_key: str = "A") -> list[ItemDraft]:
    """The first must be right; `alarm_key` lets a test correct it later."""
    return [
        ItemDraft(
            code="alarm", type=ItemType.SINGLE, clauses=[CLAUSE], stem="燃气报警器应装在哪里？", options={"A": "厨房", "B": "仓库", "C": "门口"},
            key=[alarm_key], explanation="用气的地方才会漏气。", rationales={"B": "仓库不用气。", "C": "门口不用气。"},
        ),
        ItemDraft(
            code="duties", type=ItemType.MULTIPLE, clauses=[CLAUSE], stem="主要负责人应做哪些事？",
            options={"A": "组织检查", "B": "保证投入", "C": "组织培训", "D": "代替检查员签字"}, key=["A", "B", "C"],
            explanation="前三项是法定职责。", rationales={"D": "代签是造假。"},
        ),
        ItemDraft(
            code="hose", type=ItemType.TRUE_FALSE, clauses=[CLAUSE], stem="连接软管可以穿墙。", options={"A": "正确", "B": "错误"}, key=["B"],
            explanation="软管不得穿墙。",
        ),
    ]  # fmt: skip


def write_bank(session: Session, *, now: datetime, alarm_key: str = "A") -> None:
    """The bank with its standard; a second time with another key makes a new version of that item."""
    session.merge(Standard(code="gas", title="燃气管理"))
    session.flush()
    session.merge(Edition(code="gas-2024", standard_code="gas", title="燃气管理规定", effective=date(2024, 1, 1)))
    session.flush()
    session.merge(
        Clause(id=CLAUSE, edition_code="gas-2024", ref="第七条", group="报警", heading="报警装置", text="用气场所应当安装报警装置。")
    )
    session.flush()
    banks.write_bank(session, draft=BankDraft(bank=BANK, title="燃气题库", edition="gas-2024", items=items(alarm_key=alarm_key)), now=now)
    banks.touch(session)


def paper(session: Session, *, now: datetime, title: str = "燃气安全考试", publish: bool = True, **changes: Any) -> int:
    """Open from an hour ago for a week, 30 minutes, two attempts, nothing shuffled."""
    terms: dict[str, Any] = {
        "title": title, "blueprint": Blueprint(sections=SECTIONS), "cut_score": 8, "opens_at": now - timedelta(hours=1),
        "closes_at": now + timedelta(days=7), "time_limit_minutes": 30, "attempts_allowed": 2, "shuffle_items": False,
        "shuffle_options": False,
    }  # fmt: skip
    return papers.create_paper(session, draft=PaperDraft(**terms | changes), created_by=None, now=now, publish=publish).id


@dataclass(frozen=True)
class Candidate:
    """Somebody who may take it, signed in."""

    person_id: int
    account_id: int
    token: str


def candidate(session: Session, *, now: datetime) -> Candidate:
    person_id = factories.person(session)
    account_id = accounts.create_account(
        session, account=f"c{person_id}", password_hash="-", name=f"考生{person_id}", person_id=person_id,
        roles=[(AccountRole.TRAINEE, None, None, None)], now=now,
    )  # fmt: skip
    token = accounts.open_session(session, account_id=account_id, address="10.0.0.1", agent="", now=now)
    return Candidate(person_id, account_id, token)


def start(session: Session, *, person_id: int, paper_id: int, now: datetime, key: str = "key-00000001") -> Started:
    return service.start(session, person_id=person_id, paper_id=paper_id, idempotency_key=key, now=now, seed=1)


def keep(session: Session, attempt_id: int, answers: dict[int, list[str]], *, now: datetime, sequence: int = 1) -> None:
    """Answers as the recorder writes them."""
    service.keep_responses(
        session,
        [
            {"attempt_id": attempt_id, "position": position, "answer": answer, "sequence": sequence, "saved_at": now}
            for position, answer in answers.items()
        ],
    )


def saves(answers: dict[int, list[str]], *, sequence: int = 1) -> list[Save]:
    return [Save(position, tuple(answer), sequence) for position, answer in answers.items()]


def field_names(value: object) -> Iterator[str]:
    """Every field name anywhere inside a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from field_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from field_names(inner)


def select_ids(names: list[str]) -> Any:
    """Account name and id."""
    return select(Account.account, Account.id).where(Account.account.in_(names))  # type: ignore[attr-defined,call-overload]
