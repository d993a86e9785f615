"""A new edition: what it does to the items that cite the one before, on its day and not earlier."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.banks import editions, queries, service, workflow
from quiz.banks.files import BankDraft, EditionDraft, ItemDraft, parse_edition
from quiz.banks.queries import VersionView
from quiz.models.banks import Bank, Edition
from quiz.problems import Invalid, Refusal
from quiz.vocabulary import ClauseChange, EditionStatus, ItemState, ItemType

OFFICE = Actor(account="office")
ALARM, HOSE, TRAINING = "厨房应当安装可燃气体报警装置。", "连接软管长度不得超过2米。", "每年至少组织一次全员安全培训。"


def edition(year: int, *texts: str, supersedes: str | None = None, effective: date | None = None, **more: Any) -> EditionDraft:
    """Clauses 1, 2, 3 … with these texts."""
    code = f"gas-{year}"
    clauses = [
        {"id": f"{code}/{n}", "ref": f"第{n}条", "group": "用气", "heading": f"要求{n}", "text": text} for n, text in enumerate(texts, 1)
    ]
    return EditionDraft.model_validate(
        {
            "standard": "gas",
            "title": f"燃气规定（{year}）",
            "edition": code,
            "effective": effective or date(year, 1, 1),
            "supersedes": supersedes,
        }
        | {"clauses": clauses}
        | more
    )


def item(code: str, *clauses: str, **more: Any) -> ItemDraft:
    draft = {
        "code": code,
        "type": ItemType.TRUE_FALSE,
        "clauses": list(clauses),
        "stem": f"{code}？",
        "options": {"A": "正确", "B": "错误"},
    }
    return ItemDraft.model_validate(draft | {"key": ["A"], "explanation": "依据条文。"} | more)


@pytest.fixture
def load(session: Session, now: datetime) -> Any:
    """Write an edition at nine in the morning of 23 November 2026."""

    def write(draft: EditionDraft) -> EditionStatus:
        return editions.write_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=OFFICE)

    write(edition(2024, ALARM, HOSE, TRAINING))
    items = [
        item("alarm", "gas-2024/1"),
        item("hose", "gas-2024/2"),
        item("both", "gas-2024/1", "gas-2024/2"),
        item("training", "gas-2024/3"),
    ]
    service.write_bank(session, draft=BankDraft(bank="gas", title="燃气", edition="gas-2024", items=items), now=now)
    return write


NEW = edition(2026, HOSE.replace("2", "3"), ALARM, "液化气瓶间不得设在地下室。", supersedes="gas-2024")


def items(session: Session) -> dict[str, VersionView]:
    return {view.item_code: view for view in queries.items_of_bank(session, "gas")}


def test_items_on_kept_clauses_cite_the_new_edition_and_the_others_are_withdrawn_with_the_reason(load: Any, session: Session) -> None:
    before = items(session)
    load(NEW)
    after = items(session)

    assert {code: (view.state, [clause.id for clause in view.clauses], view.number) for code, view in after.items()} == {
        "alarm": ("published", ["gas-2026/2"], 2),
        "hose": ("withdrawn", ["gas-2024/2"], 1),
        "both": ("withdrawn", ["gas-2024/1", "gas-2024/2"], 1),
        "training": ("withdrawn", ["gas-2024/3"], 1),
    }
    steps = {code: workflow.steps_of_item(session, item_id=view.item_id)[0] for code, view in after.items()}
    assert {code: (step.action.value, step.note) for code, step in steps.items()} == {
        "alarm": ("recited", ""),
        "hose": ("withdrawn", "所依据的条款在新版中：第2条有修改"),
        "both": ("withdrawn", "所依据的条款在新版中：第2条有修改"),
        "training": ("withdrawn", "所依据的条款在新版中：第3条删除"),
    }
    old = queries.versions(session, [before["alarm"].id])[before["alarm"].id]
    assert (old.stem, [clause.id for clause in old.clauses]) == ("alarm？", ["gas-2024/1"])
    assert session.get(Bank, "gas").edition_code == "gas-2026"  # type: ignore[union-attr]
    assert session.get(Edition, "gas-2024").status == "superseded"  # type: ignore[union-attr]


def test_the_difference_names_each_clause_once(load: Any, session: Session) -> None:
    load(NEW)

    found = editions.difference(session, new_code="gas-2026")

    assert found is not None
    assert [(pair.change, pair.old and pair.old.ref, pair.new and pair.new.ref) for pair in found.pairs] == [
        (ClauseChange.CHANGED, "第2条", "第1条"),
        (ClauseChange.KEPT, "第1条", "第2条"),
        (ClauseChange.NEW, None, "第3条"),
        (ClauseChange.GONE, "第3条", None),
    ]


def test_an_edition_whose_day_has_not_come_changes_nothing_until_then(load: Any, session: Session, now: datetime) -> None:
    today = clock.local_day(now)
    coming = edition(2027, ALARM, supersedes="gas-2024", effective=today + timedelta(days=30))

    assert load(coming) is EditionStatus.UPCOMING
    assert editions.take_effect(session, today=today + timedelta(days=29), now=now) == []
    assert {view.state for view in items(session).values()} == {"published"}

    assert editions.take_effect(session, today=today + timedelta(days=30), now=now) == ["gas-2027"]
    assert {code: view.state for code, view in items(session).items()} == {
        "alarm": "published", "hose": "withdrawn", "both": "withdrawn", "training": "withdrawn",
    }  # fmt: skip
    assert editions.take_effect(session, today=today + timedelta(days=31), now=now) == []


def test_a_corrected_file_of_superseded_law_does_not_bring_it_back(load: Any, session: Session) -> None:
    load(NEW)

    status = load(edition(2024, ALARM, HOSE, TRAINING + "并记录。"))

    assert (status, session.get(Edition, "gas-2024").status) == (EditionStatus.SUPERSEDED, "superseded")  # type: ignore[union-attr]
    assert session.get(Edition, "gas-2026").status == "in_force"  # type: ignore[union-attr]


def test_what_has_changed_items_outlive_the_edition_they_compare_with(load: Any, session: Session, now: datetime) -> None:
    load(NEW)
    draft = item("changed", "gas-2026/1", changed_from=["gas-2024/2"])
    service.write_bank(session, draft=BankDraft(bank="changes", title="变化", edition="gas-2026", items=[draft]), now=now)

    editions.withdraw_superseded(session, now=now)

    view = queries.items_of_bank(session, "changes")[0]
    assert (view.state, view.asks_what_changed, [clause.id for clause in view.changed_from]) == ("published", True, ["gas-2024/2"])
    assert [bank.clauses_covered for bank in queries.list_banks(session) if bank.code == "changes"] == [1]


def test_a_withdrawn_item_comes_back_only_on_law_that_is_in_force(load: Any, session: Session, now: datetime) -> None:
    load(NEW)

    with pytest.raises(Refusal, match="《燃气规定（2024）》第2条不是现行版本"):
        workflow.restore(session, item_id=items(session)["hose"].item_id, now=now, actor=OFFICE)
    assert items(session)["hose"].state == ItemState.WITHDRAWN


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (edition(2024, ALARM), "edition_exists"),
        (edition(2026, ALARM, supersedes="gas-1999"), "supersedes_unknown"),
        (edition(2026, ALARM, supersedes="gas-2024", standard="oil"), "supersedes_unknown"),
        (edition(2026, ALARM, status="superseded"), "edition_status"),
    ],
)
def test_an_edition_that_does_not_fit_is_refused_and_changes_nothing(
    load: Any, session: Session, now: datetime, draft: EditionDraft, code: str
) -> None:
    before = [row.model_dump() for row in session.exec(select(Edition))]

    with pytest.raises(Invalid) as refusal:
        editions.upload_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=OFFICE)

    assert refusal.value.code == code
    assert [row.model_dump() for row in session.exec(select(Edition))] == before


def test_two_editions_cannot_supersede_the_same_one(load: Any, session: Session, now: datetime) -> None:
    load(NEW)

    with pytest.raises(Invalid) as refusal:
        draft = edition(2027, ALARM, supersedes="gas-2024")
        editions.upload_edition(session, draft=draft, now=now, today=clock.local_day(now), actor=OFFICE)

    assert refusal.value.code == "supersedes_taken"
    assert editions.earlier(session, "gas-2026") == {"gas-2024"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("standard: [", "不是正确的 YAML"),
        ("a: &x [1]\nb: *x", "引用"),
        ("standard: gas", "title：缺少这一项"),
        ("- 1", "格式不对"),
        (
            "{standard: gas, title: 燃气, edition: gas-2030, effective: 明年, clauses: [{id: gas-2030/1, ref: 一, group: 用, heading: 要, text: 文}]}",
            "effective：应写成",
        ),
        (
            "{standard: gas, title: 燃气, edition: gas-2030, clauses: [{id: oil/1, ref: 一, group: 用, heading: 要, text: 文}]}",
            "应以 gas-2030/ 开头",
        ),
        (
            "{standard: gas, title: 燃气, edition: gas-2030, clauses: [{id: gas-2030/1, ref: 一, group: '', heading: 要, text: 文}]}",
            "clauses.1.group：不能空着",
        ),
    ],
)
def test_an_uploaded_file_that_breaks_the_format_is_refused_in_chinese_by_field(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse_edition(text)
