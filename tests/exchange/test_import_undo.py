"""Taking an import back: as if it had never been, in a bank with a history; what was published or built upon stays and is named."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from quiz.accounts.audit import Actor
from quiz.banks import bulk, queries, workflow
from quiz.banks.bulk_plan import Act, Order
from quiz.db import Database
from quiz.exchange import bulk_undo, import_undo, service
from quiz.exchange.domain import Fate, Picture, Reading
from quiz.exchange.import_undo import Undone
from quiz.exchange.plan import Decision
from quiz.exchange.rewording import Withdrawn
from quiz.models.accounts import Account
from quiz.models.banks import Bank, BankImport, Clause, Edition, Item, Standard
from quiz.problems import Refusal
from tests.databases import new_file
from tests.exchange.bank_state import state_of_banks
from tests.exchange.material import PICTURE, draft, reading, row

OTHER = Picture(PICTURE.data + b"1")


class Desk:
    """Two teachers and a bank with clauses, to which both bring files."""

    def __init__(self, db: Database, now: datetime) -> None:
        self.db, self.now = db, now
        with db.transaction() as session:
            session.add_all([Account(account=name, name=name, password_hash="!", created_at=now) for name in ("wang", "li")])
            session.add(Standard(code="gas", title="燃气"))
            session.flush()
            session.add(Edition(code="gas-1", standard_code="gas", title="规定"))
            session.flush()
            session.add(Clause(id="gas-1/4", edition_code="gas-1", ref="第四条", group="用气", heading="软管", text="文"))
            session.add(Bank(code="own", title="题库", edition_code="gas-1", created_at=now))
            accounts = session.exec(select(Account)).all()
            self.wang, self.li = (
                Actor(account_id=next(a.id for a in accounts if a.account == name), account=name) for name in ("wang", "li")
            )

    def run(self, file: Reading, by: Actor | None = None, **more: Any) -> service.ImportReport:
        self.now += timedelta(minutes=1)
        values = {"bank_code": "own", "file_name": "题库.txt", "digest": "d", "actor": by or self.wang, "now": self.now} | more
        return service.import_bank(self.db, reading=file, **values)

    def undo(self, report: service.ImportReport) -> Undone:
        with self.db.transaction() as session:
            return import_undo.undo(session, import_id=report.import_id or 0, actor=self.wang, now=self.now)

    def state(self) -> dict[str, list[str]]:
        with self.db.reading() as session:
            return state_of_banks(session)

    def act(self, name: str, code: str, by: Actor, **more: Any) -> None:
        with self.db.transaction() as session:
            item_id = session.exec(select(Item.id).where(Item.code == code)).one()
            getattr(workflow, name)(session, item_id=item_id, now=self.now, actor=by, **more)

    def write(self, code: str, by: Actor, key: str) -> None:
        with self.db.transaction() as session:
            item_id = session.exec(select(Item.id).where(Item.code == code)).one()
            wanted = draft(f"{code}新？", code=code, key=key)
            workflow.write_draft(session, bank_code="own", draft=wanted, now=self.now, actor=by, item_id=item_id)

    def waiting(self) -> dict[str, tuple[set[str], str, str]]:
        """Key, state and writer of what waits, by code."""
        with self.db.reading() as session:
            pending = workflow.pending_of_bank(session, "own").values()
            views = queries.versions(session, [each.version_id for each in pending])
            found = [(views[each.version_id], each) for each in pending]
            return {view.item_code: (set(view.key), each.state.value, each.writer) for view, each in found}


@pytest.fixture
def desk(db: Database, now: datetime) -> Desk:
    return Desk(db, now)


def replacing(desk: Desk, *, by: Actor | None = None, key: str = "B", **more: Any) -> service.ImportReport:
    """A file with one row that replaces `q-0001` and a new one."""
    return desk.run(reading(draft("一？", key=key), draft("又一题？")), by, decisions={0: Decision.REPLACE}, **more)


def test_a_wording_that_still_waits_is_taken_back_without_a_trace(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    before = desk.state()
    report = replacing(desk)

    undone = desk.undo(report)

    assert (undone, desk.state()) == (Undone(1, Withdrawn(taken_back=("q-0001",))), before)


def test_a_wording_that_was_published_is_named_and_kept(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    report = replacing(desk)
    desk.act("review", "q-0001", desk.li)
    desk.act("publish", "q-0001", desk.li)

    undone = desk.undo(report)

    assert undone == Undone(1, Withdrawn(published=("q-0001",)))
    assert undone.told == "删除 1 题；q-0001 的替换文字已经复核发布，予以保留"
    with desk.db.reading() as session:
        assert [(view.item_code, set(view.key)) for view in queries.items_of_bank(session, "own")] == [("q-0001", {"B"})]


def test_a_wording_somebody_has_reviewed_goes_and_the_review_stays_on_record(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    report = replacing(desk)
    desk.act("review", "q-0001", desk.li)

    undone = desk.undo(report)

    assert (undone.wordings.taken_back, desk.waiting()) == (("q-0001",), {})
    with desk.db.reading() as session:
        item_id = queries.items_of_bank(session, "own")[0].item_id
        steps = [step.action.value for step in workflow.steps_of_item(session, item_id=item_id)]
    assert steps == ["discarded", "reviewed", "drafted", "published"]


def test_a_wording_somebody_has_rewritten_stays_as_it_is_now(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    report = replacing(desk)
    desk.write("q-0001", desk.li, key="C")

    undone = desk.undo(report)

    assert (undone.wordings, desk.waiting()) == (Withdrawn(rewritten=("q-0001",)), {"q-0001": ({"C"}, "draft", "li")})


def test_another_persons_draft_is_never_overwritten(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    desk.write("q-0001", desk.li, key="C")

    report = replacing(desk)

    refused = [(remark.code, remark.text) for remark in report.reading.problems if remark.code == "pending_change"]
    text = "没有替换题库中的 q-0001：该题有 li 起草的修改正在等待处理。请先处理那份修改，再导入这一行。"
    assert (refused, report.reading.counts[Fate.REFUSED]) == ([("pending_change", text)], 1)
    assert desk.waiting() == {"q-0001": ({"C"}, "draft", "li")}


def test_ones_own_draft_gives_way_and_comes_back(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    desk.write("q-0001", desk.wang, key="C")
    before = desk.state()

    report = replacing(desk)
    between = desk.waiting()
    desk.undo(report)

    assert (between, desk.state()) == ({"q-0001": ({"B"}, "draft", "wang")}, before)


def test_what_is_reviewed_is_not_replaced_by_anybody(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    desk.write("q-0001", desk.wang, key="C")
    desk.act("review", "q-0001", desk.li)

    report = replacing(desk)

    assert (report.reading.counts[Fate.REFUSED], desk.waiting()) == (1, {"q-0001": ({"C"}, "reviewed", "wang")})


def test_two_rows_cannot_replace_one_item(desk: Desk) -> None:
    desk.run(reading(draft("一？")))

    report = desk.run(reading(draft("一？", key="B"), draft("一？", key="C")), decisions={0: Decision.REPLACE, 1: Decision.REPLACE})

    assert [each.code for each in report.reading.problems if each.severity.value == "error"] == ["replaced_twice"]
    assert desk.waiting() == {"q-0001": ({"B"}, "draft", "wang")}


def test_an_import_whose_wording_came_too_late_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run(reading(draft("一？")))

    def meanwhile(done: int, total: int) -> None:
        desk.write("q-0001", desk.li, key="C")

    with pytest.raises(Refusal, match="又有了新的修改"):
        replacing(desk, progress=meanwhile)

    assert desk.waiting() == {"q-0001": ({"C"}, "draft", "li")}
    with desk.db.reading() as session:
        assert [(view.item_code, view.state) for view in queries.items_of_bank(session, "own")] == [("q-0001", "published")]
        assert [view.state for view in service.imports_of_bank(session, "own")] == ["broken", "done"]


def test_imports_upon_each_other_are_undone_in_any_order(desk: Desk) -> None:
    desk.run(reading(draft("一？")))
    first, second = replacing(desk, key="B"), replacing(desk, key="C")

    undone = desk.undo(first), desk.undo(second)

    assert [each.wordings for each in undone] == [Withdrawn(rewritten=("q-0001",)), Withdrawn(taken_back=("q-0001",))]
    assert desk.waiting() == {}


def test_two_imports_into_one_bank_do_not_run_at_once(desk: Desk) -> None:
    with desk.db.transaction() as session:
        session.add(BankImport(bank_code="own", file_name="f", format="text", digest="d", account="li", at=desk.now))

    with pytest.raises(Refusal, match="另一次导入正在写入这个题库（li 于"):
        desk.run(reading(draft("一？")))


def test_an_import_whose_items_were_moved_says_so_and_is_undone_after_they_are_back(desk: Desk) -> None:
    with desk.db.transaction() as session:
        session.add(Bank(code="more", title="别的题库", created_at=desk.now))
    before = desk.state()
    report = desk.run(reading(draft("一？"), draft("二？")))
    with desk.db.transaction() as session:
        ids = [view.item_id for view in queries.items_of_bank(session, "own")][:1]
        order = Order(Act.MOVE, bank="more")
        done = bulk.carry_out(session, bank_code="own", item_ids=ids, order=order, actor=desk.wang, now=desk.now)

    with pytest.raises(Refusal, match="有 1 道题已经移到或并入别的题库（如 more）"):
        desk.undo(report)
    with desk.db.transaction() as session:
        bulk_undo.undo(session, act_id=done.act_id or 0, actor=desk.wang, now=desk.now)
    desk.undo(report)

    assert desk.state() == before


def test_pictures_that_nobody_shows_any_more_go_too(desk: Desk) -> None:
    desk.run(reading(row(1, draft("一？"), pictures=(PICTURE,))))
    before = desk.state()

    desk.undo(desk.run(reading(row(1, draft("二？"), pictures=(PICTURE, OTHER)))))

    assert desk.state() == before


_rows = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(("A", "B", "C", "AB")),
        st.sampled_from([(), (PICTURE,), (OTHER,)]),
        st.sampled_from(["", "《规定》第四条", "厂规"]),
        st.sampled_from(["", "动火"]),
        st.sampled_from([None, Decision.KEEP, Decision.SKIP, Decision.REPLACE, Decision.REPLACE]),
    ),
    min_size=1,
    max_size=6,
)


def _file(rows: list[tuple[Any, ...]]) -> tuple[Reading, dict[int, Decision]]:
    read = [
        row(line, draft(f"第{number}题问什么？", key=key, topic=topic), pictures=pictures, clause_text=clause)
        for line, (number, key, pictures, clause, topic, _) in enumerate(rows, start=1)
    ]
    return reading(*read), {place: decision for place, (*_, decision) in enumerate(rows) if decision is not None}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.tuples(_rows, st.booleans(), st.booleans()), max_size=2), last=_rows, publish=st.booleans(), drafts=st.booleans()
)
def test_the_bank_is_the_same_before_any_import_and_after_undoing_it(
    tmp_path_factory: pytest.TempPathFactory, now: datetime, history: list[Any], last: list[Any], publish: bool, drafts: bool
) -> None:
    db = Database(new_file(tmp_path_factory.mktemp("undo")))
    desk = Desk(db, now)
    for rows, published, by_li in history:
        file, decisions = _file(rows)
        desk.run(file, desk.li if by_li else desk.wang, decisions=decisions, publish=published)
    if drafts:
        with db.reading() as session:
            codes = [view.item_code for view in queries.items_of_bank(session, "own") if view.state == "published"]
        for code in codes[:2]:
            desk.write(code, desk.wang, key="C")
    before = desk.state()

    file, decisions = _file(last)
    report = desk.run(file, decisions=decisions, publish=publish)
    if report.import_id is not None:
        desk.undo(report)

    assert desk.state() == before
    db.dispose()
