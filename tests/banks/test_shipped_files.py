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
        columns = set(ItemDraft.model_fields) - {
            "rationales",
            "changed_from",
            "sectors",
            "unit",
            "tolerance",
            "prompts",
            "parts",
            "pictures",
        }

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
        assert min(types[kind] for kind in ItemType if kind.is_choice) > 0

    def test_no_stem_twice_and_no_all_of_the_above(self, path: Path) -> None:
        items = files.read_bank(path).items
        stems = Counter(item.stem.strip() for item in items)

        assert [stem for stem, count in stems.items() if count > 1] == []
        assert [item.code for item in items if any(re.search("以上(都|均|皆)", text) for text in item.options.values())] == []


CHANGES = [(path.stem, item) for path in BANKS for item in files.read_bank(path).items if item.changed_from]
SECTORS = {row["code"] for row in yaml.safe_load((files.ROOT / "quiz/organisations/data/sectors.yaml").read_text(encoding="utf-8"))}


def test_twelve_hundred_items_and_every_edition_in_force_with_a_bank_of_its_own() -> None:
    banks = list(map(files.read_bank, BANKS))
    tested = {bank.edition for bank in banks}
    in_force = {
        edition.edition
        for edition in map(files.read_edition, EDITIONS)
        if edition.status is EditionStatus.IN_FORCE and any(clause.assessable for clause in edition.clauses)
    }

    assert sum(len(bank.items) for bank in banks) >= 1200
    assert tested == in_force


def test_a_superseded_edition_serves_only_to_ask_what_has_changed() -> None:
    superseded = {edition.edition: edition for edition in map(files.read_edition, EDITIONS) if edition.status is EditionStatus.SUPERSEDED}
    editions = {edition.edition: edition for edition in map(files.read_edition, EDITIONS)}
    wrong = []
    for bank, item in CHANGES:
        now = editions[item.clauses[0].partition("/")[0]]
        before = {editions[clause.partition("/")[0]].edition for clause in item.changed_from}
        known = {clause.id for code in before for clause in editions[code].clauses}
        if before != {now.supersedes} or not before <= set(superseded) or not set(item.changed_from) <= known:
            wrong.append((bank, item.code))

    assert wrong == []
    assert {bank for bank, _ in CHANGES} == {"coal-mine", "major-fire-hazard"}


@pytest.mark.parametrize("path", BANKS, ids=name)
def test_sectors_are_those_of_the_roster(path: Path) -> None:
    bank = files.read_bank(path)

    assert set(bank.sectors) <= SECTORS
    assert {item.code: item.sectors for item in bank.items if item.sectors is not None and not set(item.sectors) <= SECTORS} == {}


PROGRAMMES = {
    "coal": ["coal-mine"],
    "non-coal mines": ["non-coal-mine"],
    "confined space": ["confined-space", "trade-industry"],
    "hospitals' fire safety": ["medical", "hospital-fire-ws308", "hospital-fire-nine-rules", "major-fire-hazard"],
    "gas-using restaurants": ["catering-gas", "city-gas", "urban-gas", "weihai-gas", "shandong-gas"],
    "the principal's duties": ["work-safety-law", "shandong-work-safety-regulation"],
}
"""Banks that the five programmes of 2024, and the principal's duties in law, draw on."""


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_three_in_five_items_of_a_programme_are_situations_or_acts(programme: str) -> None:
    items = [item for code in PROGRAMMES[programme] for item in files.read_bank(files.FOLDER / "items" / f"{code}.yaml").items]

    assert sum(item.kind is not ItemKind.KNOWLEDGE for item in items) / len(items) >= 0.60


CARDS = list(files.card_files())
FIGURE = re.compile(r"\d+(?:\.\d+)?")


@pytest.mark.parametrize("path", CARDS, ids=name)
def test_a_card_states_no_figure_that_its_clause_does_not_have(path: Path) -> None:
    cards = files.read_cards(path)
    clauses = {clause.id: clause for clause in files.read_edition(files.FOLDER / "standards" / f"{cards.edition}.yaml").clauses}
    invented = {}
    for card in cards.cards:
        own = set(FIGURE.findall(clauses[card.clause].text + clauses[card.clause].ref + clauses[card.clause].heading))
        said = set(FIGURE.findall(" ".join([card.says, card.why, *card.on_site, *card.mistakes])))
        if said - own:
            invented[card.clause] = said - own

    assert invented == {}


def test_every_clause_of_the_five_programmes_has_a_card() -> None:
    carded = {card.clause for path in CARDS for card in files.read_cards(path).cards}
    banks = [code for programme, codes in PROGRAMMES.items() if programme != "the principal's duties" for code in codes]
    wanted = {
        clause.id
        for code in banks
        for clause in clauses_of(files.read_bank(files.FOLDER / "items" / f"{code}.yaml")).values()
        if clause.assessable
    }

    assert sorted(wanted - carded) == []
