"""The review's rules between items, and on a bank as a whole. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz import fuzz, process

from quiz.banks import review_wording as wording
from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.review_guidelines import Finding, found
from quiz.vocabulary import ItemKind, ItemType

ALIKE = 82
"""Of 100: two items whose stem and options are at least as alike ask the same again."""
GIVEN_AWAY = 10
"""Characters of another item's key, word for word in a stem, that are no accident."""
LONGEST_KEY_SHARE = 0.4
"""Of single-choice items, how many may have the key as their one longest option before length gives it away."""
KEY_POSITION_SHARE = (0.12, 0.40)
"""Share of single-choice keys that one position may hold."""
SINGLES_FOR_BALANCE = 20
"""Fewer single-choice items than this say nothing about positions and lengths."""
TRUE_FALSE_SHARE = 0.25
APPLIED_SHARE = 0.6
ITEMS_FOR_SHARE = 10
"""A bank of no more items than this is too small for shares of kinds."""


def between(items: Sequence[VersionView]) -> list[Finding]:
    """Findings about two items at a time."""
    return [*_same_stems(items), *_near_duplicates(items), *_given_away(items)]


def _same_stems(items: Sequence[VersionView]) -> Iterator[Finding]:
    by_stem: dict[str, list[str]] = defaultdict(list)
    for item in items:
        by_stem[wording.plain(item.stem)].append(item.item_code)
    for codes in by_stem.values():
        for code in codes if len(codes) > 1 else ():
            others = "、".join(other for other in codes if other != code)
            yield found("same_stem", f"题干与本题库的 {others} 相同。", item=code)


def _near_duplicates(items: Sequence[VersionView]) -> Iterator[Finding]:
    """An item on what changed tells both editions, so it may resemble the items on each; it is compared with its like only."""
    for changed in (False, True):
        group = [item for item in items if item.asks_what_changed is changed]
        stems = [wording.plain(item.stem) for item in group]
        texts = [stem + _options(item) for stem, item in zip(stems, group, strict=True)]
        scores = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=ALIKE, workers=1, dtype=np.uint8)
        for first, second in zip(*np.nonzero(np.triu(scores, k=1)), strict=True):
            if stems[first] != stems[second]:
                one, other = group[first], group[second]
                message = f"与 {one.item_code} 的题干和选项有 {scores[first, second]}% 相同。"
                yield found("near_duplicate", message, item=other.item_code)


def _options(item: VersionView) -> str:
    """Their order does not make another item; 正确 and 错误 make none at all."""
    return "" if item.type is ItemType.TRUE_FALSE else "".join(sorted(wording.plain(text) for _, text in item.options))


def _given_away(items: Sequence[VersionView]) -> Iterator[Finding]:
    by_clause: dict[str, list[tuple[VersionView, str]]] = defaultdict(list)
    for item in items:
        for clause in item.clauses:
            by_clause[clause.id].append((item, wording.plain(item.stem)))
    for item in items:
        keys = _keys(item)
        neighbours = {other.item_code: (other, stem) for clause in item.clauses for other, stem in by_clause[clause.id]}
        neighbours.pop(item.item_code, None)
        for other, stem in neighbours.values():
            told = [text for text in keys if len(text) >= GIVEN_AWAY and text in stem]
            if told and len(told) * 2 > len(keys):
                yield found("gives_away", f"题干原样写出了 {item.item_code} 的正确项“{'”“'.join(told)}”。", item=other.item_code)


def _keys(item: VersionView) -> list[str]:
    """The right options, but for what its own stem says already."""
    if item.type is ItemType.TRUE_FALSE:
        return []
    stem = wording.plain(item.stem)
    return [text for key, raw in item.options if key in item.key and (text := wording.plain(raw)) not in stem]


def on_bank(items: Sequence[VersionView], clauses: Sequence[ClauseView]) -> list[Finding]:
    """Findings about clauses and shares; they name no item."""
    return [*_clauses(items, clauses), *_kinds(items), *_balance([item for item in items if item.type is ItemType.SINGLE])]


def _clauses(items: Sequence[VersionView], clauses: Sequence[ClauseView]) -> Iterator[Finding]:
    tested: Counter[str] = Counter()
    scenarios: Counter[str] = Counter()
    for item in items:
        ids = {clause.id for clause in item.clauses}
        tested.update(ids)
        if item.kind is ItemKind.SCENARIO:
            scenarios.update(ids)
    for clause in clauses:
        if not clause.assessable:
            continue
        if not tested[clause.id]:
            yield found("clause_uncovered", f"{clause.ref}（{clause.heading}）还没有题。")
        elif (figure := wording.threshold(clause.text)) and (tested[clause.id] < 2 or not scenarios[clause.id]):
            held = f"只有 {tested[clause.id]} 道题，其中情景题 {scenarios[clause.id]} 道"
            yield found("clause_thin", f"{clause.ref}（{clause.heading}）里有“{figure}”，{held}。")


def _kinds(items: Sequence[VersionView]) -> Iterator[Finding]:
    if len(items) <= ITEMS_FOR_SHARE:
        return
    judged = sum(item.type is ItemType.TRUE_FALSE for item in items) / len(items)
    if judged > TRUE_FALSE_SHARE:
        yield found("true_false_share", f"判断题占 {judged:.0%}，超过 {TRUE_FALSE_SHARE:.0%}。")
    applied = sum(item.kind is not ItemKind.KNOWLEDGE for item in items) / len(items)
    if applied < APPLIED_SHARE:
        yield found("applied_share", f"情景题和应用题占 {applied:.0%}，不到 {APPLIED_SHARE:.0%}。")


def _balance(singles: Sequence[VersionView]) -> Iterator[Finding]:
    sound = [item for item in singles if item.key and item.key <= {key for key, _ in item.options}]
    if len(sound) < SINGLES_FOR_BALANCE:
        return
    positions = Counter([key in item.key for key, _ in item.options].index(True) for item in sound)
    low, high = KEY_POSITION_SHARE
    for position in range(4):
        share = positions[position] / len(sound)
        if not low <= share <= high:
            yield found("key_position", f"单选题答案为 {chr(ord('A') + position)} 的占 {share:.0%}，应在 {low:.0%} 与 {high:.0%} 之间。")
    longest = sum(_key_is_longest(item) for item in sound) / len(sound)
    if longest > LONGEST_KEY_SHARE:
        yield found("key_longest", f"{longest:.0%} 的单选题正确项最长，超过 {LONGEST_KEY_SHARE:.0%}。")


def _key_is_longest(item: VersionView) -> bool:
    right = max(len(text) for key, text in item.options if key in item.key)
    return right > max((len(text) for key, text in item.options if key not in item.key), default=0)
