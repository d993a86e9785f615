"""Duplicates and conflicts inside a file and against the bank, and what decisions make of them."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.exchange.domain import Fate
from quiz.exchange.plan import Clash, Decision, Known, free_codes, plain, plan_import
from tests.exchange.material import draft, reading

ALARM = draft("厨房里的可燃气体报警装置应当装在哪里，由谁每天检查？")
HOSE = draft("连接燃气灶的软管长度不得超过多少米？")


def known(*items: object) -> list[Known]:
    return [Known(n, 100 + n, f"q-{n:04}", item) for n, item in enumerate(items, start=1)]  # type: ignore[arg-type]


def clashes(plan: object) -> list[tuple[str, int, int | None, str | None]]:
    return [(p.clash.value, p.row, p.other_row, p.known.code if p.known else None) for p in plan.pairs]  # type: ignore[attr-defined]


def test_what_the_bank_has_already_is_skipped_whatever_the_order_of_its_options() -> None:
    turned = draft(ALARM.stem + " ", key="C", options=("丙", "乙", "甲"))
    plan = plan_import(reading(turned, HOSE), known(ALARM))

    assert clashes(plan) == [("same", 0, None, "q-0001")]
    assert [(row.fate, [remark.code for remark in row.remarks]) for row in plan.rows] == [
        (Fate.SKIPPED, ["already_in_bank"]),
        (Fate.ACCEPTED, []),
    ]


def test_the_same_stem_with_another_key_is_listed_and_kept_unless_somebody_decides_otherwise() -> None:
    other = draft(ALARM.stem, key="B")
    file = reading(other)
    undecided = plan_import(file, known(ALARM))
    skipped = plan_import(file, known(ALARM), {0: Decision.SKIP})
    replaced = plan_import(file, known(ALARM), {0: Decision.REPLACE})

    assert clashes(undecided) == [("conflict", 0, None, "q-0001")]
    assert [remark.code for remark in undecided.result.problems] == ["conflict"]
    assert [plan.result.counts[Fate.ACCEPTED] for plan in (undecided, skipped, replaced)] == [1, 0, 1]
    assert (undecided.replaces(0), replaced.replaces(0)) == (None, known(ALARM)[0])


def test_conflicts_inside_the_file_name_both_rows() -> None:
    plan = plan_import(reading(ALARM, HOSE, draft(ALARM.stem, key="B")), [])

    assert clashes(plan) == [("conflict", 2, 0, None)]
    assert "第 1 行" in plan.result.problems[0].message and plan.result.problems[0].code == "conflict_in_file"


def test_near_duplicates_are_listed_with_how_near() -> None:
    near = draft("厨房里的可燃气体报警装置应该装在哪里，由谁每天检查？")
    plan = plan_import(reading(near, HOSE), known(ALARM))

    assert clashes(plan) == [("near", 0, None, "q-0001")]
    assert plan.pairs[0].likeness > 90
    assert [clash.clash for clash in plan_import(reading(ALARM, near), []).pairs] == [Clash.NEAR]


def test_the_sum_of_fates_is_the_number_of_rows_whatever_is_decided() -> None:
    file = reading(ALARM, HOSE, draft(ALARM.stem, key="B"))
    for decision in Decision:
        plan = plan_import(file, known(ALARM), dict.fromkeys(range(3), decision))
        assert sum(plan.result.counts.values()) == len(file.rows) == len(plan.rows)


def test_items_that_share_only_their_boilerplate_are_not_called_alike() -> None:
    items = [
        draft(f"某厂第 {n} 号车间的{name}每隔多少天检查一次，谁负责记录？") for n, name in enumerate(["行车", "锅炉", "电梯", "叉车"] * 30)
    ]
    plan = plan_import(reading(*items), [])

    assert all(pair.likeness >= 85 for pair in plan.pairs)
    assert len(plan.rows) == 120


@pytest.mark.parametrize(
    ("taken", "wanted", "given_"),
    [
        ([], ["", ""], ["q-0001", "q-0002"]),
        (["q-0007"], ["", "x-1", "x-1"], ["q-0008", "x-1", "q-0009"]),
        (["a"], ["a", "b c", "题"], ["q-0001", "q-0002", "q-0003"]),
    ],
)
def test_codes_are_the_files_own_where_they_are_free(taken: list[str], wanted: list[str], given_: list[str]) -> None:
    assert free_codes(taken, wanted) == given_


@given(st.lists(st.sampled_from(["", "a", "b", "q-0001", "题目"])), st.sets(st.sampled_from(["a", "q-0001", "q-0002"])))
def test_codes_never_repeat(wanted: list[str], taken: set[str]) -> None:
    codes = free_codes(taken, wanted)

    assert len(codes) == len(wanted) == len(set(codes)) and not set(codes) & taken


def test_plain_text_has_only_letters_and_figures_whatever_their_width() -> None:
    every_sign = [chr(code) for code in range(0x10000)]

    assert plain("Ａ级防火门，（1.5 小时）：②、ⅳ") == "a级防火门15小时2iv"
    assert [plain(sign) for sign in every_sign] == [
        re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", sign).lower()) for sign in every_sign
    ]
