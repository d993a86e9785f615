"""Loading banks: versions are written, never changed; what is gone is withdrawn, never deleted."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select
from sqlmodel import Session

from quiz import clock
from quiz.accounts.audit import Actor
from quiz.banks import files, loading, queries, workflow
from quiz.banks.queries import BankView, VersionView
from quiz.models.banks import Clause, Item, ItemVersion
from quiz.problems import NotFound
from quiz.vocabulary import ItemState

TRAINER = Actor(account="trainer")
EDITION: dict[str, Any] = {
    "standard": "gas", "title": "燃气管理规定", "edition": "gas-2024", "effective": "2024-01-01", "status": "in_force",
    "clauses": [
        {"id": "gas-2024/1", "ref": "第一条", "group": "总则", "heading": "目的", "text": "为了安全。", "assessable": False},
        {"id": "gas-2024/7", "ref": "第七条", "group": "报警", "heading": "报警装置", "text": "应当安装报警装置。", "assessable": True},
        {"id": "gas-2024/8", "ref": "第八条", "group": "软管", "heading": "软管", "text": "软管不得穿墙。", "assessable": True},
    ],
}  # fmt: skip
ALARM: dict[str, Any] = {
    "code": "alarm", "type": "single", "clauses": ["gas-2024/7"], "stem": "装在哪里？", "options": {"A": "厨房", "B": "仓库"}, "key": ["A"],
    "explanation": "用气处。", "rationales": {"B": "不用气。"},
}  # fmt: skip
HOSE: dict[str, Any] = {
    "code": "hose",
    "type": "true_false",
    "clauses": ["gas-2024/8"],
    "stem": "软管可以穿墙。",
    "options": {"A": "正确", "B": "错误"},
    "key": ["B"],
}
OLDER: dict[str, Any] = {"code": "older", "type": "true_false", "stem": "无依据。", "options": {"A": "正确", "B": "错误"}, "key": ["A"]}


class Shelf:
    """A folder of bank files that a test rewrites and loads again."""

    def __init__(self, folder: Path, session: Session, now: datetime) -> None:
        self.folder, self.session, self.now = folder, session, now
        for name in ("standards", "items"):
            (folder / name).mkdir()

    def load(self, *items: dict[str, Any], **edition: Any) -> bool:
        bank = {"bank": "gas", "title": "燃气题库", "edition": "gas-2024", "items": list(items)}
        for path, content in (("standards/gas-2024.yaml", EDITION | edition), ("items/gas.yaml", bank)):
            (self.folder / path).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return loading.load_built_in(self.session, now=self.now, today=clock.local_day(self.now), folder=self.folder)

    def item(self, code: str) -> VersionView:
        return next(view for view in queries.items_of_bank(self.session, "gas") if view.item_code == code)

    def published(self) -> list[str]:
        return sorted(view.item_code for view in queries.published(self.session, ["gas"]))


@pytest.fixture
def shelf(tmp_path: Path, session: Session, now: datetime) -> Shelf:
    return Shelf(tmp_path, session, now)


def test_loading_twice_changes_nothing(shelf: Shelf, session: Session) -> None:
    first = shelf.load(ALARM, HOSE)
    before = (queries.stamp(session), session.scalar(select(func.count()).select_from(ItemVersion)))
    second = shelf.load(ALARM, HOSE)

    assert (first, second) == (True, False)
    assert (queries.stamp(session), session.scalar(select(func.count()).select_from(ItemVersion))) == before == ("1", 2)


def test_a_changed_item_becomes_a_new_version_and_the_old_one_stays(shelf: Shelf, session: Session) -> None:
    shelf.load(ALARM, HOSE)
    old, hose = shelf.item("alarm"), shelf.item("hose")

    assert shelf.load(ALARM | {"key": ["B"], "rationales": {"A": "改了。"}}, HOSE)

    new = shelf.item("alarm")
    assert (old.number, old.key, new.number, new.key) == (1, {"A"}, 2, {"B"})
    assert queries.versions(session, [old.id])[old.id] == old
    assert shelf.item("hose") == hose
    assert queries.stamp(session) == "2"


def test_an_item_that_is_gone_is_withdrawn_and_can_still_be_marked(shelf: Shelf, session: Session) -> None:
    shelf.load(ALARM, HOSE)
    hose = shelf.item("hose")

    shelf.load(ALARM)

    assert shelf.published() == ["alarm"]
    assert shelf.item("hose").state == ItemState.WITHDRAWN.value
    assert queries.versions(session, [hose.id])[hose.id].key == {"B"}


def test_an_item_that_somebody_withdrew_comes_back_only_with_a_new_text(shelf: Shelf, session: Session) -> None:
    shelf.load(ALARM, HOSE)
    workflow.withdraw(session, item_id=shelf.item("hose").item_id, now=shelf.now, actor=TRAINER)

    shelf.load(ALARM | {"topic": "报警"}, HOSE)
    after_other_change = shelf.published()
    shelf.load(ALARM, HOSE | {"stem": "连接软管可以穿墙。"})

    assert (after_other_change, shelf.published()) == (["alarm"], ["alarm", "hose"])


def test_items_of_a_superseded_edition_are_withdrawn_for_review(shelf: Shelf) -> None:
    shelf.load(ALARM, HOSE, OLDER)

    shelf.load(ALARM, HOSE, OLDER, status="superseded")

    assert shelf.published() == ["older"]


def test_a_clause_that_the_file_no_longer_has_is_not_asked_for_any_more(shelf: Shelf, session: Session) -> None:
    shelf.load(ALARM)

    shelf.load(ALARM, clauses=EDITION["clauses"][:2])

    assert {clause.id: clause.assessable for clause in queries.clauses_of_edition(session, "gas-2024")} == {
        "gas-2024/1": False, "gas-2024/7": True, "gas-2024/8": False,
    }  # fmt: skip


def test_banks_are_listed_with_their_items_and_covered_clauses(shelf: Shelf, session: Session) -> None:
    shelf.load(ALARM, HOSE, OLDER)
    workflow.withdraw(session, item_id=shelf.item("hose").item_id, now=shelf.now, actor=TRAINER)

    assert queries.list_banks(session) == [
        BankView(
            code="gas",
            title="燃气题库",
            description="",
            edition_code="gas-2024",
            edition_title="燃气管理规定",
            items=2,
            clauses=2,
            clauses_covered=1,
        )
    ]


def test_a_withdrawn_item_changes_the_stamp_and_an_unknown_one_is_not_there(shelf: Shelf, session: Session) -> None:
    shelf.load(ALARM)

    workflow.withdraw(session, item_id=shelf.item("alarm").item_id, now=shelf.now, actor=TRAINER)

    assert queries.stamp(session) == "2"
    with pytest.raises(NotFound):
        workflow.withdraw(session, item_id=10**6, now=shelf.now, actor=TRAINER)


def test_a_version_shows_its_clauses_in_the_order_of_the_item(shelf: Shelf) -> None:
    shelf.load(ALARM | {"clauses": ["gas-2024/8", "gas-2024/7"]})

    view = shelf.item("alarm")

    assert ([clause.ref for clause in view.clauses], view.groups) == (["第八条", "第七条"], {"报警", "软管"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"key": ["C"]}, "不在选项"),
        ({"key": ["A", "B"]}, "只能有一个答案"),
        ({"key": []}, "没有答案"),
        ({"options": {"A": "厨房"}}, "选项少于两个"),
        ({"options": {"A": "厨房", "B": "厨房"}}, "文字相同"),
        ({"type": "essay"}, "type"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_file_that_breaks_the_format_is_refused_by_name(shelf: Shelf, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shelf.load(ALARM | wrong)


def test_a_code_used_twice_is_refused(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="题目编号重复：alarm"):
        shelf.load(ALARM, ALARM)


def test_the_shipped_banks_load_and_cover_every_clause(session: Session, now: datetime, tmp_path: Path) -> None:
    assert loading.load_built_in(session, now=now, today=clock.local_day(now))
    assert not loading.load_built_in(session, now=now, today=clock.local_day(now))

    listed = queries.list_banks(session)

    assert {bank.code: bank.items for bank in listed} == {path.stem: len(files.read_bank(path).items) for path in files.bank_files()}
    assert [bank.code for bank in listed if bank.clauses == 0 or bank.clauses_covered != bank.clauses] == []
    shutil.copytree(files.FOLDER, tmp_path / "copy")
    assert not loading.load_built_in(session, now=now, today=clock.local_day(now), folder=tmp_path / "copy")
    assert session.scalar(select(func.count()).select_from(Item)) == sum(bank.items for bank in listed)
    assert session.scalar(select(func.count()).select_from(Clause)) == sum(
        len(files.read_edition(path).clauses) for path in files.standard_files()
    )
