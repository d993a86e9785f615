"""Names written to break a document: in pdf and Word they are text, in a workbook no formula, in a package no path."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from docx import Document as read_docx
from sqlalchemy import update
from sqlmodel import Session, col

from quiz import clock
from quiz.accounts.audit import SYSTEM
from quiz.certificates import printing
from quiz.certificates import queries as certificates
from quiz.certificates import service as issuing
from quiz.classes import institutions, printed, registration
from quiz.classes import service as classes
from quiz.classes.reach import ClassReach
from quiz.classes.service import ClassDraft, LessonDraft, SiteDraft
from quiz.classes.sheet_people import read_line
from quiz.classes.sheet_reader import SheetRow
from quiz.coverage import service as coverage
from quiz.coverage.uncovered import Filters
from quiz.db import Database
from quiz.models.organisations import Organisation, Person
from quiz.models.training import Duty, Programme
from quiz.organisations.identifiers import tidy_text
from quiz.organisations.quality_checks import BY_CODE
from quiz.problems import Invalid
from quiz.reports import dossiers, ledger, notice, street_lists
from quiz.reports.render.docx import to_docx
from quiz.reports.render.pdf import to_pdf
from quiz.training import exemption_papers
from quiz.training.exemption_papers import Upload, tidy_name
from quiz.training.exemption_queries import ExemptionFilter
from quiz.training.queries import programme
from quiz.ui import calls_view, certificates_view, exemptions_list, quality_list
from quiz.vocabulary import SiteKind
from tests.pages.conftest import made_site, site
from tests.pages.office_site import PROGRAMME, Ids, ids
from tests.security.test_hostile_text import EVERYTHING, FORMULAS, formulas_in

__all__ = ["ids", "made_site", "site"]

TYPST = '#read("/etc/passwd") #sys.inputs $1/0$ @key <key> \\ *b* _i_ `c` #eval("1") // /* ]]) #panic() "} {'
ODD = "甲\x0b乙\x1b丙\ufffe丁\uffff戊\u202e己\u2028庚\x85辛"
"""What no XML may hold, and what turns the reading direction round."""


def call_everything(session: Session, text: str) -> None:
    session.execute(update(Organisation).values(name=text[:118], address=text, remark=text))
    session.execute(update(Person).values(name=text[:55]))
    session.execute(update(Programme).where(col(Programme.code) == PROGRAMME).values(title=text[:118], basis=text))


def pages(database: Database, ids: Ids) -> dict[str, bytes]:
    """Every document that is set, not calculated."""
    now = clock.now()
    today = clock.local_day(now)
    with database.transaction() as session:
        session.execute(update(Duty).where(col(Duty.person_id) == ids.zhang).values(completed_on=today, passed_on=today))
        issuing.issue_due(session, now=now)
        mine = certificates.certificates_of(session, person_id=ids.zhang, today=today)
        view = coverage.snapshot(session, programme_code=PROGRAMME, as_of=today, now=now)
        letter = notice.notice(view, addressees=TYPST, signed_by=TYPST, signed_on=today)
        return {
            "certificate": printing.certificate_pdf(mine[0], base_url=f"https://ankao.example/{TYPST}"),
            "enterprise": to_pdf(dossiers.enterprise_dossier(session, organisation_id=ids.own, reach=EVERYTHING, now=now)),
            "person": to_pdf(dossiers.person_dossier(session, person_id=ids.zhang, reach=EVERYTHING, now=now)),
            "letter": to_docx(letter),
            "ledger": ledger.ledger_xlsx(view, exported_at=now),
            "streets": street_lists.street_package(session, view, reach=EVERYTHING, full_phones=False, exported_at=now),
        }


@pytest.mark.parametrize("text", [TYPST, ODD])
def test_no_name_breaks_a_document_or_is_read_as_its_language(site: Database, ids: Ids, text: str) -> None:
    with site.transaction() as session:
        call_everything(session, text)

    made = pages(site, ids)

    assert all(made[name].startswith(b"%PDF-") for name in ("certificate", "enterprise", "person"))
    assert not [name for name, data in made.items() if b"root:x:" in data]
    word = read_docx(io.BytesIO(made["letter"]))
    written = "\n".join(cell.text for table in word.tables for row in table.rows for cell in row.cells) + "\n".join(
        each.text for each in word.paragraphs
    )
    assert ('#read("/etc/passwd")' if text is TYPST else "乙") in written
    assert text is ODD or formulas_in(made["ledger"]) == []


def test_names_enter_without_what_no_file_can_hold() -> None:
    assert tidy_text(ODD.replace("\u2028", "").replace("\x85", "")) == "甲乙丙丁戊己庚辛"
    assert tidy_text("甲\ud800乙\u2066丙") == "甲乙丙"


def test_no_list_of_the_new_screens_holds_a_formula(site: Database, ids: Ids) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for text in (FORMULAS[0], FORMULAS[3], FORMULAS[6]):
        with site.transaction() as session:
            call_everything(session, text)
        for name, data in lists(site, ids, text).items():
            found[name, text] = formulas_in(data)

    assert {place: cells for place, cells in found.items() if cells} == {}
    assert len(found) == 3 * 8


def lists(database: Database, ids: Ids, text: str) -> dict[str, bytes]:
    now = clock.now()
    today = clock.local_day(now)
    with database.transaction() as session:
        wanted = programme(session, code=PROGRAMME)
        number = a_class(session, ids, wanted.id, text, today)
        view = coverage.snapshot(session, programme_code=PROGRAMME, as_of=today, now=now)
        package = zipfile.ZipFile(
            io.BytesIO(street_lists.street_package(session, view, reach=EVERYTHING, full_phones=False, exported_at=now))
        )
        book = ledger.ledger_xlsx(view, exported_at=now)
        desk = ClassReach.everything()
        sheets = printed.sign_in_sheets(session, session_id=number, desk=desk, day=today, organiser=text, now=now)
        people = printed.attendance_list(session, session_id=number, desk=desk, now=now)
    asked = calls_view.Question(wanted, Filters(), text)
    return {
        "ledger": book,
        "streets": package.read(package.namelist()[0]),
        "sign-in sheets": sheets,
        "attendance": people,
        "calls": calls_view.workbook(asked, EVERYTHING, today, full_phones=False)(),
        "certificates": certificates_view._ledger(certificates.Filters(), EVERYTHING, today)(),
        "quality": quality_list.workbook(BY_CODE["code_pending"], EVERYTHING, today)(),
        "exemptions": exemptions_list.workbook(EVERYTHING, ExemptionFilter()),
    }


def a_class(session: Session, ids: Ids, programme_id: int, text: str, day: date) -> int:
    """A session everything of which is called so, with one person on its list."""
    begin = clock.start_of_day(day) + timedelta(hours=9)
    stamp: dict[str, Any] = {"desk": ClassReach.everything(), "actor": SYSTEM, "now": begin - timedelta(days=1)}
    number = classes.create(session, draft=ClassDraft(f"{text}班", programme_id), **stamp)
    place = SiteDraft(f"{text}课堂", SiteKind.MAIN, text, None, text[:20], text[:20])
    room = classes.add_site(session, session_id=number, draft=place, **stamp)
    classes.put_lessons(session, session_id=number, lessons=[LessonDraft(begin, begin + timedelta(hours=2), text, text[:20])], **stamp)
    classes.announce(session, session_id=number, **stamp)
    registration.register(session, site_id=room, person_ids=[ids.zhang], **stamp)
    return number


def test_a_sheet_that_goes_from_hand_to_hand_shows_no_whole_telephone_and_reads_back(site: Database, ids: Ids) -> None:
    today = clock.local_day(clock.now())
    desk, now = ClassReach.everything(), clock.now()
    with site.transaction() as session:
        number = a_class(session, ids, programme(session, code=PROGRAMME).id, "全市", today)
        made = [
            printed.sign_in_sheets(session, session_id=number, desk=desk, day=today, organiser="市安委会办公室", now=now),
            printed.attendance_list(session, session_id=number, desk=desk, now=now),
        ]

    for data in made:
        text = "\n".join(str(cell) for sheet in openpyxl.load_workbook(io.BytesIO(data)) for row in sheet.values for cell in row)
        assert "139****0001" in text and "13900000001" not in text
    row = SheetRow("签到表", 5, {"name": 1, "phone": 3}, {"name": "本区张三", "phone": "139****0001"}, True)
    assert (read_line(row, today=today).phone, read_line(row, today=today).findings) == (None, ())


@pytest.mark.parametrize("name", ["../..\\evil", "/abs C:\\x\u202egnp.exe\x1b"])
def test_no_name_leads_out_of_a_package(site: Database, ids: Ids, name: str) -> None:
    with site.transaction() as session:
        call_everything(session, name)
        session.execute(update(Duty).values(completed_on=clock.local_day(clock.now()), passed_on=clock.local_day(clock.now())))
        issuing.issue_due(session, now=clock.now())

    today = clock.local_day(clock.now())
    package = zipfile.ZipFile(io.BytesIO(certificates_view._package(certificates.Filters(), EVERYTHING, today, "https://ankao.example")()))

    assert len(package.namelist()) == 5
    assert [each for each in package.namelist() if set(each) & set("/\\:\x00\u202e") or each.startswith(".")] == []


# 上传的文件 -----------------------------------------------------------------------------------------------------------

RUNS = {
    "页面": b"<!doctype html><script>alert(1)</script>",
    "图": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "程序": b"MZ\x90\x00",
    "脚本": b"#!/bin/sh\n",
    "压缩包": b"PK\x03\x04",
    "宏": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "空": b"",
    "藏在后面的 PDF": b"<html>%PDF-1.4",
}


def test_a_paper_is_what_its_first_bytes_say_and_nothing_that_runs(site: Database) -> None:
    def exemption(name: str, data: bytes) -> Callable[[Session], Any]:
        return lambda session: exemption_papers.keep(session, upload=Upload(name, data), uploaded_by=1, now=clock.now())

    def institution(name: str, data: bytes) -> Callable[[Session], Any]:
        return lambda session: institutions._keep(session, (name, data), SYSTEM, clock.now())

    kept = []
    for word, data in RUNS.items():
        for make in (exemption, institution):
            try:
                with site.transaction() as session:
                    make(f"{word}.pdf", data)(session)
                kept.append((word, make.__name__))
            except Invalid:
                continue

    assert kept == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x.pdf", "x.pdf"),
        ("a\\b.PDF", "b.pdf"),
        ("核实表\u202efdp.exe", "核实表fdp.exe.pdf"),
        ('a"\r\nSet-Cookie: x.png', "aSet-Cookie x.pdf"),
        ("", "附件.pdf"),
        (".pdf", "pdf.pdf"),
        ("x" * 300, "x" * 120 + ".pdf"),
    ],
)
def test_a_papers_name_is_a_name(given: str, kept: str) -> None:
    assert tidy_name(given, "pdf") == kept
