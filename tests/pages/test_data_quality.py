"""Data quality and the taking back of imports, on screen: who sees what, what an act writes, and that the reach holds in the act itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from quiz import clock
from quiz.accounts.queries import user_of_account
from quiz.db import Database
from quiz.models.organisations import Organisation, Person, QualityRuling
from quiz.organisations import queries
from quiz.organisations import service as organisations
from quiz.organisations.domain import PersonDraft
from quiz.organisations.person_merge import merge_persons
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import Reference
from quiz.organisations.roster_service import import_roster
from quiz.problems import NotFound
from quiz.ui import enterprises_existence, gate, quality_fix, quality_list
from quiz.ui.enterprises_desk import Desk
from tests.organisations import sheets
from tests.pages.conftest import DISTRICT, Open, words
from tests.pages.office_site import FOREIGN, Ids, account_of, audited, everything, ids

__all__ = ["ids"]
HERE = Reaches((Reach(district_codes=frozenset({DISTRICT})),))


@pytest.fixture
def doubtful(site: Database, ids: Ids) -> Ids:
    """In each district an enterprise without a town, and in 环翠区 one entered twice."""
    now = clock.now()
    with site.transaction() as session:
        for organisation in (ids.own, ids.foreign):
            row = session.get_one(Organisation, organisation)
            organisations.move(
                session,
                organisation_id=organisation,
                district_code=row.district_code,
                town_code=None,
                effective_on=clock.local_day(now),
                now=now,
            )
        own = session.get_one(Organisation, ids.own)
        double = organisations.add_organisation(
            session,
            draft=organisations.OrganisationDraft(
                name=own.name, registration_number="NO999999", district_code=own.district_code, sector_code=own.sector_code,
                registered_on=clock.local_day(now) - timedelta(days=500),
            ),
            now=now,
        )  # fmt: skip
        organisations.appoint(
            session, organisation_id=double.id, person=PersonDraft("本区张三", "13900000009"), role="principal",
            held_from=clock.local_day(now) - timedelta(days=90), now=now,
        )  # fmt: skip
    return ids


def stand_in(site: Database, monkeypatch: pytest.MonkeyPatch, name: str) -> Any:
    """The account as the acts see it, outside a screen."""
    monkeypatch.setattr(gate, "read_address", lambda: "10.0.0.7")
    with site.reading() as session:
        return user_of_account(session, account_of(site, name).id or 0)


# 数据质量 -------------------------------------------------------------------------------------------------------------


def test_an_office_sees_the_doubts_of_its_own_district(open_screen: Open, doubtful: Ids) -> None:
    mine, all_of_it = (open_screen("data_quality", who, check="no_town") for who in ("district", "office"))

    assert not mine.exception and not all_of_it.exception
    assert "本区甲厂" in everything(mine) and [word for word in (*FOREIGN, "荣成") if word in everything(mine)] == []
    assert "他区丙厂" in everything(all_of_it)


def test_the_overview_counts_within_reach(open_screen: Open, doubtful: Ids) -> None:
    said = words(open_screen("data_quality", "district"))

    assert "未登记镇街" in said and "同名同镇街的单位" in said
    assert [word for word in FOREIGN if word in said] == []


def test_a_foreign_finding_in_the_address_is_not_found(open_screen: Open, doubtful: Ids) -> None:
    app = open_screen("data_quality", "district", check="no_town", subject=f"organisation:{doubtful.foreign}")

    assert not app.exception
    assert "这一条已经处理" in everything(app)
    assert [word for word in FOREIGN if word in everything(app)] == []


@pytest.mark.parametrize("check", ["same_name", "no_town", "code_pending", "no_principal", "shared_phone", "impossible_days", "nonsense"])
def test_every_check_opens(open_screen: Open, doubtful: Ids, check: str) -> None:
    assert not open_screen("data_quality", "office", check=check).exception


def test_confirmed_on_screen_it_is_listed_and_on_the_trail(open_screen: Open, doubtful: Ids, site: Database) -> None:
    app = open_screen("data_quality", "district", check="no_town", subject=f"organisation:{doubtful.own}")
    app.text_input[-1].set_value("园区内企业，镇街正在商定")

    next(button for button in app.button if button.label == "确认无误").click().run()

    assert not app.exception
    with site.reading() as session:
        ruling = session.exec(select(QualityRuling)).one()
    assert (ruling.check_code, ruling.subject, ruling.reason) == ("no_town", f"organisation:{doubtful.own}", "园区内企业，镇街正在商定")
    assert [each["check"] for each in audited(site, "confirm_quality")] == ["未登记镇街"]
    assert "已确认无误" in everything(open_screen("data_quality", "district", check="no_town"))


def test_the_double_is_merged_into_the_one_that_is_kept(open_screen: Open, doubtful: Ids, site: Database) -> None:
    with site.reading() as session:
        first, double = session.exec(select(Organisation.id).where(Organisation.name == "本区甲厂有限公司").order_by("id")).all()
    app = open_screen("data_quality", "district", check="same_name", subject=f"organisation:{first}-2")
    next(field for field in app.text_input if field.label == "依据（必填）").set_value("经电话核实为同一家")

    next(button for button in app.button if button.label == "按重复登记处理").click().run()

    assert not app.exception
    with site.reading() as session:
        kept, gone = session.get_one(Organisation, first), session.get_one(Organisation, double)
    assert (kept.status, gone.status, gone.merged_into_id) == ("active", "merged", first)
    assert audited(site, "correct_duplicate")[0]["organisation"] == double


def test_a_double_beyond_reach_is_not_touched(doubtful: Ids, site: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    user = stand_in(site, monkeypatch, "district")

    with site.transaction() as session, pytest.raises(NotFound):
        quality_fix._drop_double(session, doubtful.foreign, doubtful.own, "误", user, HERE, clock.local_day(clock.now()))


def test_the_workbook_of_a_check_stays_within_reach_and_has_no_numbers(doubtful: Ids, site: Database) -> None:
    check = quality_list.BY_CODE["no_town"]
    with site.reading() as session:
        rows = quality_list.quality.findings(session, code="no_town", today=clock.local_day(clock.now()), reach=HERE, limit=None).findings

    assert len(quality_list.workbook(check, HERE, clock.local_day(clock.now()))()) > 1000
    assert {each.organisation_id for each in rows} & {doubtful.foreign} == set()


def test_merged_people_are_parted_again_on_screen(open_screen: Open, doubtful: Ids, site: Database) -> None:
    with site.transaction() as session:
        first, second = session.exec(select(Person.id).where(Person.name == "本区张三").order_by("id")).all()
        merge_persons(session, kept_id=second or 0, dropped_id=first or 0, reason="本人确认", now=clock.now())
    app = open_screen("data_quality", "office")
    next(box for box in app.selectbox if box.label == "撤销哪一次").select_index(0).run()

    next(button for button in app.button if button.key == "data_quality_unmerge_go").click().run()

    assert not app.exception
    assert len(audited(site, "undo_person_merge")) == 1


# 企业档案 -------------------------------------------------------------------------------------------------------------


def test_the_history_tells_who_what_document_and_what_it_did_to_duties(open_screen: Open, ids: Ids, site: Database) -> None:
    now = clock.now()
    with site.transaction() as session:
        organisations.change_principal(
            session, organisation_id=ids.own, person=PersonDraft("本区赵六", "13900000008"), held_from=clock.local_day(now), now=now,
            account_id=account_of(site, "district").id, document="股东会决议 3 号",
        )  # fmt: skip
        organisations.move(
            session, organisation_id=ids.own, district_code="371082", town_code=None, effective_on=clock.local_day(now), now=now
        )

    said = words(open_screen("enterprises", "office", organisation=str(ids.own)))

    for text in ("主要负责人：本区张三 → 本区赵六", "股东会决议 3 号", "安委会办公室甲", "责任关闭", "责任新开", "责任移到区市“荣成市”"):
        assert text in said


def test_a_merger_and_its_undo_from_the_desk(site: Database, ids: Ids, monkeypatch: pytest.MonkeyPatch, open_screen: Open) -> None:
    with site.transaction() as session:
        organisations.merge(
            session, organisation_id=ids.own_second, into_id=ids.own, effective_on=clock.local_day(clock.now()), now=clock.now()
        )

    merged = words(open_screen("enterprises", "district", organisation=str(ids.own_second)))
    keeper = words(open_screen("enterprises", "district", organisation=str(ids.own)))

    assert "已合并" in merged and "并入 本区甲厂" in merged
    assert "并入本单位" in keeper


def test_only_what_is_within_reach_is_offered_for_a_merger(site: Database, ids: Ids, open_screen: Open) -> None:
    app = open_screen("enterprises", "district", organisation=str(ids.own))
    next(field for field in app.text_input if field.label.startswith("并入哪一家")).set_value("厂").run()

    assert not app.exception
    assert "本区乙厂" in everything(app)
    assert [word for word in FOREIGN if word in everything(app)] == []


def test_the_desk_merges_into_nothing_beyond_its_reach(site: Database, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    user = stand_in(site, monkeypatch, "district")
    with site.reading() as session:
        desk = Desk(user, HERE, Reference.load(session), queries.organisation_view(session, ids.own), clock.local_day(clock.now()))
    with site.transaction() as session, pytest.raises(NotFound):
        enterprises_existence.merge_into(desk, session, desk.view, ids.foreign, desk.today, "合并登记通知书")


# 撤销导入 -------------------------------------------------------------------------------------------------------------


def _import(site: Database, who: str, **changes: Any) -> int:
    report = import_roster(
        site,
        data=sheets.roster(sheets.enterprise(1, **changes)),
        file_name="误传.xlsx",
        now=clock.now(),
        account_id=account_of(site, who).id,
        pause=0,
    )
    assert report.import_id is not None
    return report.import_id


def test_an_office_takes_its_own_import_back_on_screen(open_screen: Open, ids: Ids, site: Database) -> None:
    made = _import(site, "district")
    app = open_screen("import_roster", "district")
    next(button for button in app.button if button.key == f"import_roster_undo_{made}").click().run()
    assert "可以撤销" in words(app)

    next(button for button in app.button if button.key == f"import_roster_undo_confirm_{made}").click().run()

    assert not app.exception
    assert [each["removed"] for each in audited(site, "undo_roster_import")] == [1]
    assert "（已撤销）" in everything(open_screen("import_roster", "district")).replace("\\", "")


def test_an_import_of_somebody_else_is_not_even_listed(open_screen: Open, ids: Ids, site: Database) -> None:
    made = _import(site, "office", 所属区市="荣成市", 镇街=None)

    app = open_screen("import_roster", "district")

    assert [button.key for button in app.button if str(made) in str(button.key)] == []


def test_what_stands_in_the_way_is_listed_with_the_later_import(open_screen: Open, ids: Ids, site: Database) -> None:
    first = _import(site, "district")
    second = _import(site, "district", 主要负责人姓名="另一人", 手机号=sheets.phone(7), 任职日期=clock.local_day(clock.now()).isoformat())
    app = open_screen("import_roster", "district")

    next(button for button in app.button if button.key == f"import_roster_undo_{first}").click().run()

    assert "暂不能撤销" in words(app)
    assert [button.key for button in app.button if button.key == f"import_roster_undo_first_{first}_{second}"]
