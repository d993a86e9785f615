"""The shipped banks pass their review: no error, and no warning but those that docs/item-review.md gives a reason for."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from quiz.banks import files
from quiz.banks.review import RULES, WARNING
from quiz.settings import ROOT
from tests.banks.review_material import review_files

DOCUMENT = (ROOT / "docs" / "item-review.md").read_text(encoding="utf-8")
BANKS = list(files.bank_files())


def rows(heading: str) -> list[list[str]]:
    """The table below a heading, without code marks."""
    section = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def accepted(bank: str) -> set[tuple[str, str]]:
    """Item (or “—”) and rule of the warnings that may stay."""
    return {(item, rule) for code, item, rule, _ in rows("Shipped warnings") if code == bank}


@cache
def warnings(path: Path) -> set[tuple[str, str]]:
    """Item (or “—”) and rule of what the review says of a bank, cautions apart. Raises AssertionError on an error."""
    found = [finding for finding in review_files(files.read_bank(path)) if finding.code != "edition_caution"]
    assert [finding for finding in found if finding.severity != WARNING] == []
    return {(finding.item or "—", finding.code) for finding in found}


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.stem)
def test_a_shipped_bank_has_no_error_and_only_the_documented_warnings(path: Path) -> None:
    assert warnings(path) - accepted(path.stem) == set()


def test_no_line_of_the_document_is_left_for_a_warning_that_is_gone() -> None:
    gone = {path.stem: accepted(path.stem) - warnings(path) for path in BANKS}

    assert {bank: lines for bank, lines in gone.items() if lines} == {}
    assert {bank for bank, *_ in rows("Shipped warnings")} <= {path.stem for path in BANKS}


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.stem)
def test_a_caution_of_the_edition_is_told_once(path: Path) -> None:
    bank = files.read_bank(path)
    cautions = {edition.edition: edition.caution for edition in map(files.read_edition, files.standard_files())}

    told = Counter(finding.code for finding in review_files(bank))["edition_caution"]

    assert told == (1 if bank.edition and cautions[bank.edition] else 0)


def test_the_document_explains_every_rule_as_it_is() -> None:
    documented = {code: (guideline, severity) for code, _, guideline, severity, *_ in rows("Rules")}

    assert documented == {code: (rule.guideline.replace("、", ", ") or "—", rule.severity) for code, rule in RULES.items()}


def test_the_document_gives_a_reason_for_each_warning_and_names_it_once() -> None:
    listed = rows("Shipped warnings")

    assert [row for row in listed if len(row) != 4 or not re.search(r"\w", row[3]) or row[2] not in RULES] == []
    assert [row for row, count in Counter(tuple(row[:3]) for row in listed).items() if count > 1] == []
