"""Every figure of a document is the snapshot's, and the snapshot's is the command's."""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from docx import Document as open_docx
from sqlalchemy import update
from sqlmodel import Session, col

from quiz.certificates import service as certificates
from quiz.coverage import queries, service
from quiz.coverage.domain import Counts
from quiz.coverage.service import faults_of
from quiz.models.coverage import Snapshot
from quiz.models.organisations import Organisation, Post
from quiz.models.training import Programme
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import NotFound, Refusal
from quiz.reports import dossiers, ledger, notice, street_lists, year
from quiz.reports.render.docx import title_lines, to_docx
from quiz.reports.render.pdf import to_pdf
from quiz.reports.structure import Document, Paragraph, Table
from quiz.settings import settings
from quiz.training import service as training
from tests import factories
from tests.reports.conftest import Campaign

CITY = Reaches.everything()
WENDENG = Reaches((Reach(district_codes=frozenset({"371003"})),))
THEN, DAY = date(2026, 11, 1), date(2026, 11, 23)
HEAD = {"addressees": "各区市安委会", "signed_by": "市安委会办公室", "signed_on": DAY}


def words(document: Document) -> str:
    blocks = [document.title, document.opening]
    for section in (*document.sections, *document.annexes):
        blocks.append(section.heading)
        for block in section.blocks:
            if isinstance(block, Paragraph):
                blocks.append(block.text)
            elif isinstance(block, Table):
                blocks += ["|".join(row) for row in (block.columns, *block.rows)]
    return "\n".join(blocks)


@pytest.fixture
def taken(campaign: Campaign, session: Session, now: datetime) -> service.SnapshotView:
    return service.snapshot(session, programme_code=campaign.code, as_of=DAY, now=now)


def test_a_notice_says_what_the_command_says(campaign: Campaign, session: Session, taken: service.SnapshotView, now: datetime) -> None:
    earlier = service.snapshot(session, programme_code=campaign.code, as_of=THEN, now=now)
    said = words(notice.notice(taken, earlier=earlier, **HEAD))  # type: ignore[arg-type]
    figures = queries.coverage(session, programme_code=campaign.code, as_of=DAY, by="region")

    assert (figures.total.due, figures.total.completed, figures.total.exempt) == (5, 2, 1)
    assert "全市应训企业5家（另经批准核减1家，不计入应训），已完成2家，企业覆盖率40.0%" in said
    assert "未完成3家，其中已逾期3家" in said
    assert f"与上次通报（统计时点2026-11-01，快照{earlier.number}）相比，新增完成1家，覆盖率由20.0%变为40.0%" in said
    for group in figures.groups:
        counts = group.counts
        row = f"{group.label}|{counts.due}|{counts.trained}|{counts.examined}|{counts.completed}|{counts.uncovered}|{counts.exempt}"
        assert row in said
    assert "参加过考试但未合格的1家，占33.3%" in said and "没有登记主要负责人的1家，占33.3%" in said
    assert "|乙公司|" in said and "甲公司" not in said and "13906310" not in said


def test_documents_of_a_programme_without_a_paper_show_no_figures_of_one(campaign: Campaign, session: Session, now: datetime) -> None:
    programme_id = factories.programme(session, code="hours-only", opens_on=date(2026, 10, 1), due_on=date(2026, 12, 1))
    session.execute(update(Programme).where(col(Programme.id) == programme_id).values(paper_id=None, hours_rule="fixed", hours_fixed=2.0))
    session.expire_all()
    training.open_programme(session, programme_id=programme_id, today=DAY)
    view = service.snapshot(session, programme_code="hours-only", as_of=DAY, now=now)

    said = words(notice.notice(view, **HEAD))  # type: ignore[arg-type]
    book = openpyxl.load_workbook(io.BytesIO(ledger.ledger_xlsx(view, exported_at=now)))
    heads = [cell.value for cell in book["分区市"][1]]
    overview = {row[0].value: row[1].value for row in book["概况"].iter_rows(min_row=3)}

    assert [word for word in ("参加考试", "已参考", "考试合格", "补考") if word in said] == []
    assert "已参训0人，本专项不设考试，完成全部要求0人" in said
    assert heads == ["序号", "区市", "应训企业", "已参训", "已完成", "未完成", "核减", "覆盖率"]
    assert (overview["考试"], "　考试合格" in overview) == ("—（本专项不设考试）", False)
    assert faults_of(view) == []


def test_a_notice_of_a_finished_programme_has_no_problems_to_name(campaign: Campaign, session: Session, now: datetime) -> None:
    for firm in ("乙公司", "丁公司"):
        campaign.sits(firm, date(2026, 11, 12), 95)
    session.execute(
        update(Organisation).where(col(Organisation.name) == "戊公司").values(status="deregistered", closed_on=date(2026, 8, 1))
    )
    training.synchronise(session, programme_id=campaign.programme, organisation_ids=None, today=DAY)
    view = service.snapshot(session, programme_code=campaign.code, as_of=DAY, now=now)
    document = notice.notice(view, **HEAD)  # type: ignore[arg-type]

    assert "应训企业已全部完成" in words(document) and document.annexes == ()


def test_a_notice_names_who_shares_a_place_and_asks_only_what_is_needed(campaign: Campaign, session: Session, now: datetime) -> None:
    for firm in ("乙公司", "丁公司"):
        campaign.sits(firm, date(2026, 11, 12), 95)
    said = words(notice.notice(service.snapshot(session, programme_code=campaign.code, as_of=DAY, now=now), **HEAD))  # type: ignore[arg-type]

    assert "文登区覆盖率最高，为100.0%；环翠区最低，为66.7%，尚有1家未完成。" in said
    assert "分类帮扶" not in said and "（二）核准底数。1家企业没有登记主要负责人" in said


def test_several_who_share_a_place_are_all_meant(taken: service.SnapshotView) -> None:
    whole, none = asdict(Counts(due=1, completed=1)), asdict(Counts(due=2, completed=0))
    groups = [{"key": name, "label": f"{name}区", **(whole if name in "甲乙丙丁" else none)} for name in "甲乙丙丁戊己"]
    view = replace(taken, figures={**taken.figures, "by": {**taken.figures["by"], "region": groups}})

    said = words(notice.notice(view, **HEAD))  # type: ignore[arg-type]

    assert "各区市中，丁区等4个覆盖率最高，均为100.0%；己区、戊区最低，均为0.0%，尚有4家未完成。" in said


def test_a_signature_and_a_short_table_are_not_torn_from_what_they_belong_to(taken: service.SnapshotView) -> None:
    letter = open_docx(io.BytesIO(to_docx(notice.notice(taken, **HEAD))))  # type: ignore[arg-type]
    texts = [paragraph.text for paragraph in letter.paragraphs]
    signed = texts.index("市安委会办公室")

    assert all(paragraph.paragraph_format.keep_with_next for paragraph in letter.paragraphs[signed - 4 : signed + 1])
    kept = [[cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells] for row in letter.tables[0].rows]
    assert all(all(row) for row in kept[:-1]) and not any(kept[-1])


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("关于煤矿培训完成情况的通报", ("关于煤矿培训完成情况的通报",)),
        (
            "关于使用燃气的餐饮企业主要负责人全覆盖培训完成情况的通报",
            ("关于使用燃气的餐饮企业主要负责人", "全覆盖培训完成情况的通报"),
        ),
        ("一份没有可以断开之处的长长长长长长长长标题的通报", ("一份没有可以断开之处的长长长长长长长长标题的通报",)),
    ],
)
def test_a_long_title_breaks_after_a_whole_expression(title: str, lines: tuple[str, ...]) -> None:
    assert title_lines(title) == lines


def test_what_was_published_stays_when_names_and_scores_change(campaign: Campaign, session: Session, taken: service.SnapshotView) -> None:
    before = words(notice.notice(taken, **HEAD))  # type: ignore[arg-type]
    session.execute(update(Organisation).values(name=Organisation.name + "（更名）"))
    campaign.sits("丁公司", date(2026, 11, 12), 95)

    kept = service.read_snapshot(session, snapshot_id=taken.id)

    assert words(notice.notice(kept, **HEAD)) == before  # type: ignore[arg-type]
    assert faults_of(kept) == []


def test_a_snapshot_that_was_touched_is_found_out(session: Session, taken: service.SnapshotView) -> None:
    row = session.get_one(Snapshot, taken.id)
    row.figures = {**row.figures, "total": {**row.figures["total"], "completed": 5}}
    session.flush()

    faults = faults_of(service.read_snapshot(session, snapshot_id=taken.id))

    assert len(faults) == 2 and "校验值" in faults[0] and "合计" in faults[1]


def test_a_snapshot_of_before_there_were_lists_makes_no_documents(session: Session, taken: service.SnapshotView, now: datetime) -> None:
    row = session.get_one(Snapshot, taken.id)
    row.figures = {name: value for name, value in row.figures.items() if name not in ("uncovered", "programme")}
    session.flush()
    old = service.read_snapshot(session, snapshot_id=taken.id)

    with pytest.raises(Refusal, match="重新固化"):
        notice.notice(old, **HEAD)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="重新固化"):
        ledger.ledger_xlsx(old, exported_at=now)


def test_only_an_earlier_one_is_compared_with(taken: service.SnapshotView) -> None:
    with pytest.raises(Refusal):
        notice.notice(taken, earlier=taken, **HEAD)  # type: ignore[arg-type]


def test_the_letter_opens_in_word_with_its_tables_source_and_picture(taken: service.SnapshotView) -> None:
    document = notice.notice(taken, **HEAD)  # type: ignore[arg-type]
    word = open_docx(io.BytesIO(to_docx(document)))

    assert word.paragraphs[0].text == "关于主要负责人全覆盖培训完成情况的通报"
    tables = [[tuple(cell.text for cell in row.cells) for row in table.rows] for table in word.tables]
    assert tables == [[block.columns, *block.rows] for block in document.blocks if isinstance(block, Table)]
    assert len(word.inline_shapes) == 1
    assert taken.number in "".join(paragraph.text for paragraph in word.sections[0].footer.paragraphs)


def test_hostile_names_stay_names(campaign: Campaign, session: Session, now: datetime) -> None:
    session.execute(
        update(Organisation).where(col(Organisation.name) == "乙公司").values(name='=HYPERLINK("http://x")<b>&\x07#pagebreak()')
    )
    view = service.snapshot(session, programme_code=campaign.code, as_of=DAY, now=now)
    word = open_docx(io.BytesIO(to_docx(notice.notice(view, **HEAD))))  # type: ignore[arg-type]
    book = openpyxl.load_workbook(io.BytesIO(ledger.ledger_xlsx(view, exported_at=now)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]

    assert any("=HYPERLINK" in cell.text for table in word.tables for row in table.rows for cell in row.cells)
    assert not any(cell.data_type == "f" for cell in cells)
    dossier = dossiers.enterprise_dossier(session, organisation_id=campaign.firms["乙公司"], reach=CITY, now=now)
    assert to_pdf(dossier).startswith(b"%PDF-")


def test_what_a_former_principal_does_elsewhere_is_not_in_the_enterprises_file(campaign: Campaign, session: Session, now: datetime) -> None:
    left = date(2026, 10, 20)
    session.execute(update(Post).where(col(Post.organisation_id) == campaign.firms["甲公司"]).values(held_to=left))
    campaign.sits("甲公司", left + timedelta(days=5), 55)

    firm = dossiers.enterprise_dossier(session, organisation_id=campaign.firms["甲公司"], reach=CITY, now=now)
    person = dossiers.person_dossier(session, person_id=campaign.people["甲公司"], reach=CITY, now=now)

    assert ("90 / 100" in str(firm), "55 / 100" in str(firm)) == (True, False)
    assert "55 / 100" in str(person)


def test_the_ledger_holds_the_commands_figures_frozen_filtered_and_charted(
    campaign: Campaign, session: Session, taken: service.SnapshotView, now: datetime
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(ledger.ledger_xlsx(taken, exported_at=now)))

    assert book.sheetnames == ["概况", "分区市", "分镇街", "分行业", "分部门", "未完成名单"]
    for name, by in (("分区市", "region"), ("分镇街", "town"), ("分行业", "sector"), ("分部门", "department")):
        sheet = book[name]
        groups = queries.coverage(session, programme_code=campaign.code, as_of=DAY, by=by).groups  # type: ignore[arg-type]
        rows = [row[1:9] for row in sheet.iter_rows(min_row=2, max_row=1 + len(groups), values_only=True)]
        assert rows == [
            (g.label, g.counts.due, g.counts.trained, g.counts.examined, g.counts.passed, g.counts.completed, g.counts.uncovered, g.counts.exempt)
            for g in groups
        ]  # fmt: skip
        assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref and len(sheet._charts) == 1
        assert any(taken.number in str(cell) for row in sheet.values for cell in row)
    listed = [row[1] for row in book["未完成名单"].iter_rows(min_row=2, max_row=4, values_only=True)]
    assert sorted(listed) == sorted(["乙公司", "丁公司", "戊公司"])


def test_each_street_gets_its_own_list_and_a_district_only_its_own_streets(
    session: Session, taken: service.SnapshotView, now: datetime
) -> None:
    counted = street_lists.street_counts(session, taken, reach=CITY)
    own = street_lists.street_counts(session, taken, reach=WENDENG)
    whole = street_lists.street_package(session, taken, reach=CITY, full_phones=False, exported_at=now)
    theirs = street_lists.street_package(session, taken, reach=WENDENG, full_phones=True, exported_at=now)

    assert sum(counted.values()) == 3 and list(own.values()) == [1]
    packages = [zipfile.ZipFile(io.BytesIO(data)) for data in (whole, theirs)]
    assert [len(package.namelist()) for package in packages] == [3, 1]
    texts = [
        "\n".join(
            str(cell) for name in package.namelist() for row in openpyxl.load_workbook(io.BytesIO(package.read(name))).active.values for cell in row
        )
        for package in packages
    ]  # fmt: skip
    assert "139****" in texts[0] and "13906310" not in texts[0] and "乙公司" in texts[0]
    assert "13906310003" in texts[1] and "丁公司" in texts[1] and "乙公司" not in texts[1]
    with pytest.raises(Refusal):
        street_lists.street_package(session, taken, reach=Reaches(), full_phones=True, exported_at=now)


def test_files_hold_posts_duties_attempts_and_certificates_within_reach(
    campaign: Campaign, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("ANKAO_SECRET_FILE", f"{tmp_path}/secret.key")
    settings.cache_clear()
    certificates.issue_due(session, now=now)
    firm = dossiers.enterprise_dossier(session, organisation_id=campaign.firms["丙公司"], reach=WENDENG, now=now)
    person = dossiers.person_dossier(session, person_id=campaign.people["丙公司"], reach=WENDENG, now=now)

    for found in (firm, person):
        cells = [
            cell for section in found.sections for block in section.blocks if isinstance(block, Table) for row in block.rows for cell in row
        ]
        assert "2026-11-09 完成" in cells and "80 / 100" in cells and any(cell.startswith("AK2026-") for cell in cells)
        assert to_pdf(found).startswith(b"%PDF-")
    assert "13906310002" not in str(person)
    with pytest.raises(NotFound):
        dossiers.enterprise_dossier(session, organisation_id=campaign.firms["甲公司"], reach=WENDENG, now=now)
    with pytest.raises(NotFound):
        dossiers.person_dossier(session, person_id=campaign.people["甲公司"], reach=WENDENG, now=now)


def test_the_year_adds_up_what_its_snapshots_say(campaign: Campaign, session: Session, taken: service.SnapshotView) -> None:
    facts = year.year_facts(session, year=2026)
    assert year.programmes_of(session, year=2026) == ["all"] and year.programmes_of(session, year=2027) == []
    said = words(year.year_summary([taken], facts, year=2026, addressees="", signed_by="办公室", signed_on=DAY))

    assert (facts.attempts, facts.candidates, facts.passed) == (3, 3, 2)
    assert "应训企业合计5家次，已完成2家次，占40.0%" in said
    assert "交卷3人次，参加考试3人，其中至少一次合格2人，占66.7%" in said
    with pytest.raises(Refusal):
        year.year_summary([], facts, year=2025, addressees="", signed_by="办公室", signed_on=DAY)
