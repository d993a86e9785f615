"""Workbooks that open clean, and snapshots that say later what was known."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from quiz.coverage import queries as coverage
from quiz.coverage import service
from quiz.coverage.domain import Counts
from quiz.coverage.export import coverage_xlsx, uncovered_xlsx
from tests import factories
from tests.coverage.campaign import LATER, Campaign


@pytest.fixture
def campaign(session: Session) -> Campaign:
    factories.reference(session)
    done, waiting = factories.person(session, name="已过"), factories.person(session, name="@未过", phone="13812341234")
    factories.post(session, organisation_id=factories.organisation(session, name="甲厂"), person_id=done)
    factories.post(session, organisation_id=factories.organisation(session, name="=1+1厂"), person_id=waiting)
    campaign = Campaign(session).open()
    campaign.hand_in(done, on=date(2026, 9, 5), score=90)
    return campaign


def test_workbook_says_what_the_rate_means_and_lists_the_uncovered(campaign: Campaign, now: datetime) -> None:
    asked: dict[str, Any] = {"programme_code": campaign.code, "as_of": LATER}
    session, target = campaign.session, BytesIO()

    coverage_xlsx(
        coverage.coverage(session, **asked), target,
        by_region=coverage.coverage(session, by="region", **asked), by_sector=coverage.coverage(session, by="sector", **asked),
        uncovered=coverage.uncovered(session, limit=None, **asked), exported_at=now, snapshot_number="000001-abc",
    )  # fmt: skip

    book = load_workbook(target)
    assert book.sheetnames == ["概况", "分区域", "分行业", "未覆盖名单"]
    facts = {row[0]: row[1] for row in book["概况"].iter_rows(min_row=3, values_only=True)}
    assert facts["分子：已完成企业数"] == "1"
    assert facts["分母：应训企业数（不含核减）"] == "2"
    assert facts["完成判定口径"] == "B 指定参训人合格"
    assert (facts["统计时点"], facts["导出时间"], facts["快照号"]) == ("2026-11-23", "2026-11-23 09:00", "000001-abc")
    assert [row[:3] for row in book["分区域"].iter_rows(values_only=True)] == [
        ("区市", "应训企业数", "已参训"), ("环翠区", 2, 1), ("合计", 2, 1),
    ]  # fmt: skip
    assert (book["分区域"].freeze_panes, book["分区域"].auto_filter.ref) == ("A2", "A1:I3")


def test_cells_are_text_and_never_formulas(campaign: Campaign, now: datetime) -> None:
    target = BytesIO()

    uncovered_xlsx(coverage.uncovered(campaign.session, programme_code=campaign.code, as_of=LATER), target, exported_at=now)

    sheet = load_workbook(target)["未覆盖名单"]
    name, code, holder, phone = (sheet.cell(2, column) for column in (2, 3, 8, 9))
    assert [(cell.value, cell.data_type) for cell in (name, code, holder, phone)] == [
        ("=1+1厂", "s"), ("待补码", "s"), ("@未过", "s"), ("138****1234", "s"),
    ]  # fmt: skip
    assert code.number_format == "@"


def test_snapshot_keeps_what_was_known_and_can_be_counted_again(campaign: Campaign, now: datetime) -> None:
    session = campaign.session
    taken = service.snapshot(session, programme_code=campaign.code, as_of=LATER, now=now)

    waiting = coverage.uncovered(session, programme_code=campaign.code, as_of=LATER).rows[0]
    assert waiting.person_id is not None
    campaign.hand_in(waiting.person_id, on=date(2026, 9, 9), score=90)

    kept = service.read_snapshot(session, snapshot_id=taken.id)
    assert kept == taken
    assert service.total_of(kept.figures) == Counts(due=2, trained=1, examined=1, passed=1, completed=1)
    assert kept.figures["total"]["rate"] == 0.5
    assert campaign.total().rate == 1.0
