"""Blueprint → form: what every draw promises, for any pool and any blueprint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quiz.papers.domain import Blueprint, FormItem, PoolItem, PoolTooSmall, Section, assemble_form
from quiz.vocabulary import ItemKind, ItemType

BANKS = ("gas", "fire")
GROUPS = ("冶金", "粉尘防爆", "有限空间")


def item(version: int, *, bank: str = "gas", kind: ItemType = ItemType.SINGLE, groups: Sequence[str] = (), clause: str = "c1") -> PoolItem:
    options = ("A", "B") if kind is ItemType.TRUE_FALSE else ("A", "B", "C", "D")
    return PoolItem(version, bank, f"i{version}", kind, ItemKind.KNOWLEDGE, frozenset(groups), clause, options)


def section(count: int, **conditions: object) -> Section:
    return Section.model_validate({"count": count, "points": 5, "banks": BANKS} | conditions)


def blueprint(*sections: Section) -> Blueprint:
    return Blueprint(sections=sections)


pools = st.lists(
    st.builds(
        lambda bank, kind, groups, clause: (bank, kind, groups, clause),
        st.sampled_from(BANKS),
        st.sampled_from([kind for kind in ItemType if kind.is_choice]),
        st.frozensets(st.sampled_from(GROUPS), max_size=2),
        st.sampled_from(("c1", "c2", "c3", "c4")),
    ),
    max_size=9,
).map(
    lambda rows: [
        PoolItem(n, b, f"i{n}", t, ItemKind.KNOWLEDGE, g, c, ("A", "B") if t is ItemType.TRUE_FALSE else ("A", "B", "C", "D"))
        for n, (b, t, g, c) in enumerate(rows, 1)
    ]
)
sections = st.builds(
    lambda count, banks, groups, types: section(count, banks=banks, groups=groups, types=types),
    st.integers(1, 3),
    st.sampled_from((BANKS, ("gas",), ("fire",))),
    st.sampled_from(((), ("冶金",), ("粉尘防爆", "有限空间"))),
    st.sampled_from(((), (ItemType.SINGLE,), (ItemType.MULTIPLE, ItemType.TRUE_FALSE))),
)
blueprints = st.lists(sections, min_size=1, max_size=3).map(lambda found: Blueprint(sections=tuple(found)))
seeds = st.integers(0, 2**63 - 1)


def draw(pool: Sequence[PoolItem], plan: Blueprint, seed: int, **shuffling: bool) -> tuple[FormItem, ...] | None:
    try:
        return assemble_form(pool, plan, seed=seed, **shuffling)
    except PoolTooSmall:
        return None


def seats(plan: Blueprint) -> list[Section]:
    """One entry for each item a section asks for."""
    return [each for each in plan.sections for _ in range(each.count)]


def some_form_exists(pool: Sequence[PoolItem], plan: Blueprint) -> bool:
    """By trying everything: seat after seat, any item that is still free."""

    def fill(rest: Sequence[Section], free: frozenset[PoolItem]) -> bool:
        return not rest or any(fill(rest[1:], free - {each}) for each in free if rest[0].accepts(each))

    return fill(sorted(seats(plan), key=lambda seat: sum(seat.accepts(each) for each in pool)), frozenset(pool))


@given(pools, blueprints, seeds)
def test_the_same_seed_gives_the_same_form_whatever_the_order_of_the_pool(pool: list[PoolItem], plan: Blueprint, seed: int) -> None:
    assert draw(pool, plan, seed) == draw(pool[::-1], plan, seed)


@given(pools, blueprints, seeds)
def test_no_item_stands_twice_in_a_form(pool: list[PoolItem], plan: Blueprint, seed: int) -> None:
    form = draw(pool, plan, seed) or ()

    assert len({each.version for each in form}) == len(form)


@given(pools, blueprints, seeds)
def test_each_section_gets_its_count_of_items_it_accepts(pool: list[PoolItem], plan: Blueprint, seed: int) -> None:
    by_version = {each.version: each for each in pool}
    form = draw(pool, plan, seed, shuffle_items=False)
    if form is None:
        return

    assert len(form) == plan.count
    assert all(seat.accepts(by_version[each.version]) for seat, each in zip(seats(plan), form, strict=True))


@settings(max_examples=200)
@given(pools, blueprints, seeds)
def test_a_form_is_found_exactly_when_one_exists(pool: list[PoolItem], plan: Blueprint, seed: int) -> None:
    assert (draw(pool, plan, seed) is not None) == some_form_exists(pool, plan)


@given(pools, blueprints, seeds)
def test_options_are_turned_round_but_never_lost_and_true_false_stays_in_order(pool: list[PoolItem], plan: Blueprint, seed: int) -> None:
    by_version = {each.version: each for each in pool}

    for each in draw(pool, plan, seed) or ():
        source = by_version[each.version]
        assert sorted(each.options) == sorted(source.options)
        if source.type is ItemType.TRUE_FALSE:
            assert each.options == source.options


@given(pools, blueprints, seeds)
def test_without_shuffling_options_and_sections_keep_their_order(pool: list[PoolItem], plan: Blueprint, seed: int) -> None:
    by_version = {each.version: each for each in pool}
    form = draw(pool, plan, seed, shuffle_items=False, shuffle_options=False) or ()

    assert all(each.options == by_version[each.version].options for each in form)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.integers(1, 12), seeds)
def test_a_form_takes_a_second_item_of_a_clause_only_when_every_other_clause_is_used_as_often(
    clauses: list[int], count: int, seed: int
) -> None:
    pool = [item(n, clause=f"c{clause}") for n, clause in enumerate(clauses, 1)]
    count = min(count, len(pool))
    available = Counter(each.clause for each in pool)
    by_version = {each.version: each.clause for each in pool}

    used = Counter(by_version[each.version] for each in assemble_form(pool, blueprint(section(count)), seed=seed))

    most = max(used.values())
    assert all(used[clause] >= min(most - 1, available[clause]) for clause in available)


def test_a_section_that_a_greedy_draw_would_starve_gets_its_item_by_exchange() -> None:
    pool = [item(1, groups=("冶金",)), item(2)]
    plan = blueprint(section(1), section(1, groups=("冶金",)))

    forms = {tuple(each.version for each in assemble_form(pool, plan, seed=seed, shuffle_items=False)) for seed in range(20)}

    assert forms == {(2, 1)}


def test_a_long_chain_of_exchanges_is_found() -> None:
    """Section k accepts items k and k+1 only; the last one accepts the last item only: each must give way to the next."""
    length = 150
    pool = [item(n, groups=(f"g{n}",)) for n in range(1, length + 1)]
    chain = [section(1, groups=(f"g{n}", f"g{n + 1}")) for n in range(1, length)]
    plan = blueprint(*chain, section(1, groups=("g1",)))

    form = assemble_form(pool, plan, seed=7, shuffle_items=False)

    assert [each.version for each in form] == [*range(2, length + 1), 1]


def test_a_pool_that_is_too_small_names_the_section_and_what_there_is() -> None:
    pool = [item(1), item(2), item(3, kind=ItemType.MULTIPLE)]
    plan = blueprint(section(2, types=(ItemType.SINGLE,)), section(3, types=(ItemType.MULTIPLE,)))

    with pytest.raises(PoolTooSmall) as refused:
        assemble_form(pool, plan, seed=1)

    assert [(each.section, each.wanted, each.available) for each in refused.value.shortages] == [(2, 3, 1)]
    assert refused.value.message == (
        "题库题量不足：第 2 部分需要 3 道题，题库中符合条件且未被其他部分占用的只有 1 道。请减少题数或放宽条件。"
    )


def test_points_and_must_be_right_travel_with_the_item() -> None:
    plan = blueprint(section(1, types=(ItemType.SINGLE,), points=2.5, must_be_right=True), section(1, types=(ItemType.MULTIPLE,), points=4))

    form = assemble_form([item(1), item(2, kind=ItemType.MULTIPLE)], plan, seed=3, shuffle_items=False, shuffle_options=False)

    assert form == (FormItem(1, ("A", "B", "C", "D"), 2.5, True), FormItem(2, ("A", "B", "C", "D"), 4.0, False))
    assert [FormItem.from_json(each.as_json()) for each in form] == list(form)


def test_a_blueprint_counts_questions_points_and_must_be_right_items() -> None:
    plan = blueprint(section(30, points=3.33), section(2, points=0.05, must_be_right=True))

    assert (plan.count, plan.max_score, plan.must_be_right, plan.banks) == (32, 100.0, 2, frozenset(BANKS))


@pytest.mark.parametrize("wrong", [{"count": 0}, {"points": 0}, {"banks": ()}, {"colour": "red"}, {"types": ("essay",)}])
def test_a_section_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        section(**({"count": 1} | wrong))  # type: ignore[arg-type]


def typed(kind: ItemType, options: str = "ABCD", *parts: tuple[ItemType, str]) -> PoolItem:
    found = tuple((type_, tuple(letters)) for type_, letters in parts)
    return PoolItem(1, "gas", "i1", kind, ItemKind.KNOWLEDGE, frozenset(), "c1", tuple(options), found)


@pytest.mark.parametrize("kind", [ItemType.ORDERING, ItemType.MATCHING])
def test_what_is_to_be_put_in_order_is_shuffled_even_where_options_are_not(kind: ItemType) -> None:
    orders = {draw([typed(kind)], blueprint(section(1)), seed, shuffle_options=False)[0].options for seed in range(200)}  # type: ignore[index]

    assert len(orders) == 24  # the written order too: never to show it would tell as much


@given(seeds, st.booleans())
def test_a_case_keeps_the_options_of_its_parts_apart(seed: int, shuffle: bool) -> None:
    case = typed(
        ItemType.CASE, "", (ItemType.SINGLE, "ABC"), (ItemType.TRUE_FALSE, "AB"), (ItemType.NUMERIC, ""), (ItemType.ORDERING, "ABC")
    )

    form = draw([case], blueprint(section(1)), seed, shuffle_options=shuffle)

    assert form is not None and form == draw([case], blueprint(section(1)), seed, shuffle_options=shuffle)
    options = form[0].options
    assert [each[0] for each in options] == list("11122444")
    assert options[3:5] == ("2:A", "2:B")
    assert sorted(options) == ["1:A", "1:B", "1:C", "2:A", "2:B", "4:A", "4:B", "4:C"]
    assert shuffle or options[:3] == ("1:A", "1:B", "1:C")
