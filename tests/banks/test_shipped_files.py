"""Every shipped file of question_banks/ is a test case: what its README promises holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from quiz.banks import files
from quiz.banks.files import BankDraft, CardDraft, CardsDraft, ClauseDraft, EditionDraft, ItemDraft
from quiz.vocabulary import EditionStatus, ItemKind, ItemType

EDITIONS = list(files.standard_files())
BANKS = list(files.bank_files())
README = (files.FOLDER / "README.md").read_text(encoding="utf-8")
SHIPPED = {"confined-space", "shandong-work-safety-regulation", "trade-industry", "work-safety-law"}


def name(path: Path) -> str:
    return path.stem


def raw(path: Path) -> dict[str, Any]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def clauses_of(bank: BankDraft) -> dict[str, ClauseDraft]:
    assert bank.edition is not None
    return {clause.id: clause for clause in files.read_edition(files.FOLDER / "standards" / f"{bank.edition}.yaml").clauses}


def documented(heading: str) -> set[str]:
    """Field names in the table under a heading of the README."""
    section = README.split(f"## `{heading}", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {found for cell in cells for found in re.findall(r"`([^`]+)`", cell)}


def test_the_four_banks_of_the_main_job_hold_at_least_two_hundred_items() -> None:
    assert {name(path) for path in BANKS} >= SHIPPED
    assert sum(len(files.read_bank(path).items) for path in BANKS if name(path) in SHIPPED) >= 200


def test_every_documented_column_exists_and_every_column_is_documented() -> None:
    edition = set(EditionDraft.model_fields) - {"clauses"} | {f"clauses[].{field}" for field in ClauseDraft.model_fields}
    bank = set(BankDraft.model_fields) - {"items"} | {f"items[].{field}" for field in ItemDraft.model_fields}

    assert documented("standards/") == edition
    assert documented("items/") == bank
    assert documented("cards/") == set(CardsDraft.model_fields) - {"cards"} | {f"cards[].{field}" for field in CardDraft.model_fields}


@pytest.mark.parametrize("path", EDITIONS, ids=name)
def test_an_edition_is_well_formed(path: Path) -> None:
    edition = files.read_edition(path)

    assert edition.edition == name(path)
    assert [clause.id for clause in edition.clauses if Counter(each.id for each in edition.clauses)[clause.id] > 1] == []
    assert [clause.id for clause in edition.clauses if not clause.id.startswith(f"{edition.edition}/")] == []
    assert [clause.id for clause in edition.clauses if not all((clause.ref, clause.group, clause.heading, clause.text))] == []
    assert edition.title and edition.issuer
    assert all({"id", "ref", "group", "heading", "text", "assessable"} <= set(clause) for clause in raw(path)["clauses"])


def test_an_edition_that_another_one_replaces_is_marked_so() -> None:
    editions = {edition.edition: edition for edition in map(files.read_edition, EDITIONS)}
    replaced = {edition.supersedes for edition in editions.values() if edition.supersedes in editions}

    assert [code for code in replaced if editions[code].status is not EditionStatus.SUPERSEDED] == []


@pytest.mark.parametrize("path", BANKS, ids=name)
class TestBank:
    """What holds for each bank."""

    def test_it_is_complete(self, path: Path) -> None:
        bank = files.read_bank(path)
        columns = set(ItemDraft.model_fields) - {"rationales", "changed_from", "sectors"}

        assert (bank.bank, bool(bank.title), bool(bank.description)) == (name(path), True, True)
        assert [item["code"] for item in raw(path)["items"] if not columns <= set(item)] == []
        assert [item.code for item in bank.items if not (item.clauses and item.topic and item.roles and item.explanation)] == []

    def test_every_item_cites_assessable_clauses_of_its_edition(self, path: Path) -> None:
        bank = files.read_bank(path)
        assessable = {clause.id for clause in clauses_of(bank).values() if clause.assessable}

        assert {item.code: set(item.clauses) - assessable for item in bank.items if not set(item.clauses) <= assessable} == {}

    def test_every_assessable_clause_has_an_item(self, path: Path) -> None:
        bank = files.read_bank(path)
        cited = {clause for item in bank.items for clause in item.clauses}

        assert [clause.id for clause in clauses_of(bank).values() if clause.assessable and clause.id not in cited] == []

    def test_options_keys_and_reasons_fit_the_type(self, path: Path) -> None:
        wrong = []
        for item in files.read_bank(path).items:
            distractors = set(item.options) - set(item.key)
            if item.type is ItemType.TRUE_FALSE:
                fits = item.options == {"A": "正确", "B": "错误"} and len(item.key) == 1 and not item.rationales
            else:
                letters = list("ABCDEF"[: len(item.options)])
                several = len(item.key) >= 2 if item.type is ItemType.MULTIPLE else len(item.key) == 1
                reasoned = set(item.rationales) == distractors and all(text.strip() for text in item.rationales.values())
                fits = list(item.options) == letters and len(letters) >= 4 and several and reasoned
            if not fits:
                wrong.append(item.code)
        assert wrong == []

    def test_keys_are_balanced_and_not_to_be_guessed(self, path: Path) -> None:
        items = files.read_bank(path).items
        singles = [item for item in items if item.type is ItemType.SINGLE]
        places = Counter(item.key[0] for item in singles)
        longest = sum(
            len(item.options[item.key[0]]) > max(len(text) for key, text in item.options.items() if key not in item.key) for item in singles
        )
        judged = Counter(item.key[0] for item in items if item.type is ItemType.TRUE_FALSE)

        chance = 1.5 / len(singles)  # in a small bank one item more or less says nothing
        assert {key: 0.15 - chance <= places[key] / len(singles) <= 0.35 + chance for key in "ABCD"} == dict.fromkeys("ABCD", True)
        assert longest / len(singles) <= 0.30
        assert abs(judged["A"] - judged["B"]) <= max(1, 0.4 * judged.total())

    def test_a_third_are_situations_and_few_are_true_or_false(self, path: Path) -> None:
        items = files.read_bank(path).items
        kinds, types = Counter(item.kind for item in items), Counter(item.type for item in items)

        assert kinds[ItemKind.SCENARIO] / len(items) >= 0.33
        assert types[ItemType.TRUE_FALSE] / len(items) <= 0.20
        assert min(types[kind] for kind in ItemType) > 0

    def test_no_stem_twice_and_no_all_of_the_above(self, path: Path) -> None:
        items = files.read_bank(path).items
        stems = Counter(item.stem.strip() for item in items)

        assert [stem for stem, count in stems.items() if count > 1] == []
        assert [item.code for item in items if any(re.search("以上(都|均|皆)", text) for text in item.options.values())] == []
