"""Rosters and banks from the command line: counts that add up, reasons for what is refused, one JSON object on standard output."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from quiz.db import Database
from quiz.models.accounts import AuditEvent
from quiz.models.organisations import Organisation
from tests.cli.console import Console
from tests.organisations import sheets

COUNTS = ("rows", "created", "updated", "unchanged", "refused", "skipped")
KEYS = ["file", "sheets", *COUNTS, "dry_run", "changes", "problems"]


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: report[name] for name in COUNTS if report[name]}


def test_a_template_filled_in_is_previewed_imported_and_imported_again(own_town: Console) -> None:
    template, filled = own_town.folder / "模板.xlsx", own_town.folder / "名册.xlsx"
    filled.write_bytes(sheets.roster(*(sheets.enterprise(number) for number in range(3))))

    written = own_town.run("roster", "template", str(template))
    untouched = own_town.run("roster", "import", str(template), "--json")
    preview = own_town.run("roster", "import", str(filled), "--dry-run", "--json")
    first = own_town.run("roster", "import", str(filled), "--json")
    again = own_town.run("roster", "import", str(filled), "--json")

    assert (written.code, untouched.code, preview.code, first.code, again.code) == (0, 0, 0, 0, 0)
    assert counts(untouched.json) == {"rows": untouched.json["rows"], "skipped": untouched.json["rows"]}  # the example rows
    assert counts(preview.json) == counts(first.json) == {"rows": 3, "created": 3}
    assert counts(again.json) == {"rows": 3, "unchanged": 3}
    assert list(first.json) == KEYS
    assert [done.json["dry_run"] for done in (preview, first)] == [True, False]
    assert _imports_on_the_trail(own_town) == [("命令行", "模板.xlsx", 0), ("命令行", "名册.xlsx", 3), ("命令行", "名册.xlsx", 0)]


def test_refused_rows_are_told_and_the_others_go_in(own_town: Console) -> None:
    file = own_town.folder / "roster.xlsx"
    wrong_code = sheets.enterprise(2, 统一社会信用代码="91371000MA00000000")
    file.write_bytes(sheets.roster(sheets.enterprise(1), wrong_code, sheets.enterprise(3, 所属区市="芝罘区")))

    done = own_town.run("roster", "import", str(file), "--json")

    assert done.reason == "有 2 行被拒绝，其余各行已导入。\n"
    assert counts(done.json) == {"rows": 3, "created": 1, "refused": 2}
    errors = [problem for problem in done.json["problems"] if problem["severity"] == "error"]
    assert {(problem["sheet"], problem["cell"]) for problem in errors} == {("名册", "B3"), ("名册", "C4")}
    assert all(problem["message"] and problem["action"] for problem in errors)
    assert _organisations(own_town, "威海测试") == 1


def test_without_json_the_same_is_said_in_words(own_town: Console) -> None:
    file = own_town.folder / "roster.xlsx"
    file.write_bytes(sheets.roster(sheets.enterprise(1), sheets.enterprise(2, 手机号="123")))

    done = own_town.run("roster", "import", str(file), "--dry-run")

    assert "roster.xlsx：共 2 行，新增" in done.out and "（预览，未写入）" in done.out
    assert "名册 I3" in done.out
    assert _organisations(own_town, "威海测试") == 0


@pytest.mark.parametrize("content", [b"", b"nothing like a workbook", None])
def test_what_is_no_roster_is_refused_with_a_reason(town_console: Console, content: bytes | None) -> None:
    file = town_console.folder / "broken.xlsx"
    file.unlink(missing_ok=True)
    if content is not None:
        file.write_bytes(content)

    done = town_console.run("roster", "import", str(file), "--json")

    assert done.json["error"]["message"] == done.reason.strip()


def test_a_template_that_cannot_be_written_is_a_reason(town_console: Console) -> None:
    assert "不能读写" in town_console.run("roster", "template", str(town_console.folder / "no/such/folder/t.xlsx")).reason


def test_every_shipped_bank_covers_all_its_clauses_and_can_be_checked(town_console: Console) -> None:
    listed = town_console.run("bank", "list", "--json")

    banks = listed.json["banks"]
    assert (listed.code, list(listed.json)) == (0, ["banks"])
    assert all(list(bank) == ["code", "title", "items", "clauses", "clauses_covered"] for bank in banks)
    assert {"trade-industry", "confined-space", "work-safety-law", "shandong-work-safety-regulation"} <= {bank["code"] for bank in banks}
    assert [bank["code"] for bank in banks if bank["clauses"] != bank["clauses_covered"] or not bank["clauses"]] == []
    assert sum(bank["items"] for bank in banks) >= 200
    for bank in banks[::10]:  # every bank's items are judged in tests/banks
        checked = town_console.run("bank", "check", bank["code"], "--json")
        assert (checked.code, checked.json["errors"], checked.json["items"]) == (0, 0, bank["items"]), checked.out
        assert list(checked.json) == ["bank", "items", "errors", "warnings", "findings"]


def test_an_unknown_bank_is_refused(town_console: Console) -> None:
    assert "bank list" in town_console.run("bank", "check", "no-such-bank").reason


def _imports_on_the_trail(console: Console) -> list[tuple[str, str, int]]:
    with Database(console.environment["ANKAO_DATABASE_URL"]).reading() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.action == "import_roster").order_by(AuditEvent.id))  # type: ignore[arg-type]
        return [(row.account, row.subject, row.detail["created"]) for row in rows]


def _organisations(console: Console, name: str) -> int:
    with Database(console.environment["ANKAO_DATABASE_URL"]).reading() as session:
        return len(session.scalars(select(Organisation.id).where(Organisation.name.startswith(name))).all())  # type: ignore[call-overload,attr-defined]
