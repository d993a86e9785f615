"""An import from the file to the bank and back: all of it or nothing, and undone while nobody was asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from quiz.accounts.audit import SYSTEM, Actor
from quiz.banks import queries, workflow
from quiz.db import Database
from quiz.exchange import import_undo, service
from quiz.exchange.domain import Fate, Reading
from quiz.exchange.import_undo import Undone
from quiz.exchange.plan import Decision
from quiz.exchange.rewording import Withdrawn
from quiz.models.banks import Bank, BankImport, Clause, Edition, Item, ItemStep, ItemVersion, PictureFile, Standard
from quiz.papers import service as papers
from quiz.papers.domain import Blueprint, Section
from quiz.papers.queries import PaperView
from quiz.papers.service import PaperDraft
from quiz.problems import Invalid, NotFound, Refusal
from tests.exchange.material import HEADING, PICTURE, REFUSED, draft, reading, row

WANG = Actor(account="wang")


class Desk:
    """A trainer with a database."""

    def __init__(self, db: Database, now: datetime) -> None:
        self.db, self.now = db, now

    def run(self, file: Reading, bank: str = "own", **more: Any) -> service.ImportReport:
        values = {"bank_code": bank, "file_name": "题库.txt", "digest": "d", "actor": WANG, "now": self.now} | more
        return service.import_bank(self.db, reading=file, **values)

    def items(self, bank: str = "own") -> dict[str, tuple[str, str, int]]:
        with self.db.reading() as session:
            return {view.item_code: (view.stem, view.state, view.number) for view in queries.items_of_bank(session, bank)}

    def undo(self, import_id: int | None) -> Undone:
        with self.db.transaction() as session:
            return import_undo.undo(session, import_id=import_id or 0, actor=WANG, now=self.now)

    def tables(self) -> dict[str, int]:
        with self.db.reading() as session:
            return {model.__name__: len(session.exec(select(model)).all()) for model in (Bank, Item, ItemVersion, ItemStep)}


@pytest.fixture
def desk(db: Database, now: datetime) -> Desk:
    return Desk(db, now)


def test_an_unknown_bank_is_created_and_every_row_is_accounted_for(desk: Desk) -> None:
    report = desk.run(reading(draft("一？"), draft("二？", key="AB"), REFUSED, HEADING), title="本厂题库")

    answer = report.as_json()
    assert {name: answer[name] for name in ("bank", "rows", "accepted", "repaired", "refused", "skipped")} == {
        "bank": "own", "rows": 4, "accepted": 2, "repaired": 0, "refused": 1, "skipped": 1,
    }  # fmt: skip
    assert [problem["code"] for problem in answer["problems"]] == ["missing_answer", "not_a_question"]  # type: ignore[attr-defined, index]
    assert desk.items() == {"q-0001": ("一？", "published", 1), "q-0002": ("二？", "published", 1)}
    with desk.db.reading() as session:
        assert [(bank.title, bank.items) for bank in queries.list_banks(session)] == [("本厂题库", 2)]
        assert service.imports_of_bank(session, "own")[0].counts == {"rows": 4, "accepted": 2, "repaired": 0, "refused": 1, "skipped": 1}


def test_a_dry_run_and_a_file_without_items_write_nothing(desk: Desk) -> None:
    before = desk.tables()
    dry = desk.run(reading(draft("一？")), dry_run=True)
    empty = desk.run(reading(REFUSED))

    assert (dry.reading.counts[Fate.ACCEPTED], empty.reading.counts[Fate.REFUSED], desk.tables()) == (1, 1, before)


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    file = reading(draft("一？"), draft("二？"))
    desk.run(file)
    before = desk.items()

    again = desk.run(file)

    assert (again.reading.counts[Fate.SKIPPED], desk.items()) == (2, before)


def test_a_replacement_waits_for_review_beside_the_old_text(desk: Desk) -> None:
    desk.run(reading(draft("一？")))

    desk.run(reading(draft("一？", key="B"), draft("二？")), decisions={0: Decision.REPLACE})

    assert {code: stem for code, (stem, _, _) in desk.items().items()} == {"q-0001": "一？", "q-0002": "二？"}
    with desk.db.reading() as session:
        pending = list(workflow.pending_of_bank(session, "own").values())
        assert [(queries.versions(session, [p.version_id])[p.version_id].key, p.writer) for p in pending] == [({"B"}, "wang")]


def test_a_shipped_bank_takes_imported_items_as_drafts(desk: Desk) -> None:
    with desk.db.transaction() as session:
        session.add(Bank(code="law", title="法规", is_built_in=True, created_at=desk.now))

    desk.run(reading(draft("一？")), bank="law")

    with desk.db.reading() as session:
        assert (desk.items("law")["q-0001"][1], len(workflow.pending_of_bank(session, "law"))) == ("draft", 1)
        assert queries.published(session, ["law"]) == []


def test_clauses_the_file_names_are_matched_and_others_kept_in_words(desk: Desk) -> None:
    with desk.db.transaction() as session:
        _edition(session, desk.now)
    file = reading(
        row(1, draft("一？"), clause_text="《规定》第4条第(八)项"),
        row(2, draft("二？", explanation="见规定"), clause_text="厂规第九条"),
    )

    desk.run(file, bank="gas")

    with desk.db.reading() as session:
        views = {view.stem: view for view in queries.items_of_bank(session, "gas")}
    assert [clause.id for clause in views["一？"].clauses] == ["gas-1/4-8"]
    assert (views["二？"].clauses, views["二？"].explanation) == ((), "见规定（依据：厂规第九条）")


def _edition(session: Session, now: datetime) -> None:
    session.add(Standard(code="gas", title="燃气"))
    session.flush()
    session.add(Edition(code="gas-1", standard_code="gas", title="规定"))
    session.flush()
    session.add(Clause(id="gas-1/4-8", edition_code="gas-1", ref="第四条第(八)项", group="用气", heading="软管", text="文"))
    session.add(Bank(code="gas", title="燃气", edition_code="gas-1", created_at=now))


def test_pictures_stay_with_their_item_and_are_kept_once(desk: Desk) -> None:
    desk.run(reading(row(1, draft("一？"), pictures=(PICTURE,)), row(2, draft("二？"), pictures=(PICTURE,))))

    with desk.db.reading() as session:
        views = queries.items_of_bank(session, "own")
        assert [[(ref.digest, ref.where) for ref in view.pictures] for view in views] == [[(PICTURE.digest, "stem")]] * 2
        assert [picture.data for picture in session.exec(select(PictureFile))] == [PICTURE.data]


def test_an_import_nobody_used_is_undone_without_a_trace_and_the_bank_it_made_goes_too(desk: Desk) -> None:
    before = desk.tables()
    report = desk.run(reading(draft("一？"), draft("二？")))

    undone = desk.undo(report.import_id)

    assert (undone, desk.tables()) == (Undone(2, Withdrawn()), before)
    with desk.db.reading() as session:
        assert [(view.state, view.undone_by) for view in service.imports_of_bank(session, "own")] == [("undone", "wang")]
    with pytest.raises(Refusal, match="已经撤销"):
        desk.undo(report.import_id)
    with pytest.raises(NotFound):
        desk.undo(10**6)


def test_an_import_that_was_asked_or_changed_cannot_be_undone(desk: Desk) -> None:
    asked = desk.run(reading(draft("一？")), bank="asked")
    changed = desk.run(reading(draft("二？")), bank="changed")
    with desk.db.transaction() as session:
        view = _paper(session, desk.now, "asked")
        papers.draw_form(session, paper=view, seed=1)
        item = queries.items_of_bank(session, "changed")[0]
        workflow.withdraw(session, item_id=item.item_id, now=desk.now, actor=SYSTEM)

    with pytest.raises(Refusal, match="已经出现在考生的试卷里"):
        desk.undo(asked.import_id)
    with pytest.raises(Refusal, match="又被修改、复核或停用"):
        desk.undo(changed.import_id)
    assert desk.items("asked") == {"q-0001": ("一？", "published", 1)}


def _paper(session: Session, now: datetime, bank: str) -> PaperView:
    window = {"opens_at": now, "closes_at": now + timedelta(days=1)}
    blueprint = Blueprint(sections=(Section(count=1, points=100, banks=(bank,)),))
    return papers.create_paper(session, draft=PaperDraft(title="卷", blueprint=blueprint, cut_score=60, **window), created_by=None, now=now)


def test_an_import_whose_process_died_is_never_served_and_removed_before_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(service, "_finish", dies)
    with pytest.raises(KeyboardInterrupt):
        desk.run(reading(draft("一？"), draft("二？")))
    monkeypatch.undo()
    with desk.db.reading() as session:
        served = queries.published(session, ["own"])

    later = desk.now + timedelta(minutes=16)
    desk.run(reading(draft("一？"), draft("二？"), draft("三？")), now=later)

    assert served == []
    assert sorted(stem for stem, _, _ in desk.items().values()) == ["一？", "三？", "二？"]
    with desk.db.reading() as session:
        assert sorted(view.state for view in service.imports_of_bank(session, "own")) == ["broken", "done"]


@pytest.mark.parametrize("code", ["", "两", "a b", "../x", "x" * 61])
def test_a_code_that_cannot_be_one_is_refused(desk: Desk, code: str) -> None:
    with pytest.raises(Invalid, match="题库编号"):
        desk.run(reading(draft("一？")), bank=code)
    with desk.db.reading() as session:
        assert session.exec(select(BankImport)).all() == []


def test_batches_end_where_one_would(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 3)
    told: list[tuple[int, int]] = []

    desk.run(reading(*(draft(f"第{n}？") for n in range(8))), progress=lambda done, total: told.append((done, total)))

    assert (len(desk.items()), told) == (8, [(3, 8), (6, 8), (8, 8)])
