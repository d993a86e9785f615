"""The review's rules on one item by itself. Each answers with what it found. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from quiz.banks import review_wording as wording
from quiz.banks.queries import VersionView
from quiz.banks.review_guidelines import Finding, found
from quiz.vocabulary import EditionStatus, ItemType

LONGER_KEY = 1.5
"""How many times as long as the longest wrong option the shortest right one must be to catch the eye …"""
LONGER_KEY_BY = 5
"""… and by how many characters at least: 一氧化碳 beside 氧气 tells nothing."""
CLANG = 5
"""Characters in a row that the key shares with the stem, and how many more than any wrong option does."""


@dataclass(frozen=True)
class EditionFact:
    """What the review needs to know of an edition that is cited."""

    standard: str
    status: EditionStatus


@dataclass(frozen=True)
class Known:
    """What there is to be cited and named. Empty tables are not held against an item."""

    editions: Mapping[str, EditionFact] = field(default_factory=dict)
    sectors: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sides:
    """The options of a choice item, the right ones and the wrong ones apart."""

    right: dict[str, str]
    wrong: dict[str, str]

    @classmethod
    def of(cls, item: VersionView) -> Sides:
        return cls(
            {key: text for key, text in item.options if key in item.key}, {key: text for key, text in item.options if key not in item.key}
        )


def review_item(item: VersionView, known: Known) -> list[Finding]:
    """All findings about one item."""
    messages = [*_basis(item, known), *_content(item)]
    if item.type is ItemType.TRUE_FALSE:
        messages += _true_false(item)
    elif item.type.is_choice:
        sides = Sides.of(item)
        messages += (finding for rule in _CHOICE_RULES for finding in rule(item, sides))
    return [found(code, message, item=item.item_code) for code, message in messages]


Messages = Iterator[tuple[str, str]]
"""Code of the rule, and what was seen."""


def _basis(item: VersionView, known: Known) -> Messages:
    if not item.clauses:
        yield "no_clause", "没有标注依据条款。"
    for clause in item.clauses:
        if not clause.in_force:
            fact = known.editions.get(clause.edition_code)
            status = fact.status.label if fact else "不是现行有效"
            yield "clause_not_in_force", f"所依据的{clause.ref}属于{clause.edition_title}（{clause.edition_code}），该版本{status}。"
        elif not clause.assessable:
            yield "clause_not_assessable", f"所依据的{clause.ref}不得出题（未核实或属于背景信息）。"
    yield from _changed_from(item, known)
    if known.sectors and (strange := sorted(set(item.sectors or ()) - known.sectors)):
        yield "sector_unknown", f"行业领域代码 {'、'.join(strange)} 不在系统之中。"
    if not item.roles:
        yield "no_roles", "没有注明适用岗位。"


def _changed_from(item: VersionView, known: Known) -> Messages:
    standards = {known.editions[clause.edition_code].standard for clause in item.clauses if clause.edition_code in known.editions}
    for clause in item.changed_from:
        fact = known.editions.get(clause.edition_code)
        if clause.in_force or (fact and fact.status is not EditionStatus.SUPERSEDED):
            yield "changed_from_wrong", f"旧版条款{clause.ref}所在的 {clause.edition_code} 没有被替代。"
        elif fact and fact.standard not in standards:
            yield "changed_from_wrong", f"旧版条款{clause.ref}所在的 {clause.edition_code} 不是同一标准的旧版。"


def _content(item: VersionView) -> Messages:
    letters = {key for key, _ in item.options}
    if item.type.is_choice and (not item.key or not item.key <= letters):
        yield "key_outside", f"答案 {''.join(sorted(item.key)) or '（空）'} 不在选项 {''.join(sorted(letters))} 之中。"
    if not item.explanation.strip():
        yield "no_explanation", "没有解析。"
    if _asks_negatively(item.stem) and "【" not in item.stem:
        yield "negative_stem", "题干是否定问法，没有醒目标记。"


def _asks_negatively(stem: str) -> bool:
    """Whether the question itself is put in the negative: not the situation it tells, and not a fault that it then asks to judge."""
    sentence = re.split(r"[。；]", re.sub(r"（[^）]*）|[？?]", "", stem.strip().rstrip("。")))[-1]
    question = next((part for part in reversed(sentence.split("，")) if re.search(r"[哪何]|什么", part)), sentence)
    match = re.search(r"(下列|哪|何)[^，]{0,12}(不属于|不正确|不符合|不包括|不构成|不应|错误的)", question)
    after = sentence[sentence.index(question) + match.end() :] if match else ""
    return bool(match) and not re.search(r"构成|属于|判定", after)


def _true_false(item: VersionView) -> Messages:
    claim = wording.without_exception(item.stem)
    if claim and any(text == "错误" for key, text in item.options if key in item.key):
        yield "absolute_words", f"判断题题干用了“{claim}”，答案是错误。"


def _rationales(item: VersionView, sides: Sides) -> Messages:
    missing = sorted(key for key in sides.wrong if not item.rationales.get(key, "").strip())
    if missing:
        yield "no_rationale", f"选项 {'、'.join(missing)} 没有说明为什么不对。"


def _all_of_the_above(item: VersionView, sides: Sides) -> Messages:
    for key, text in item.options:
        if re.search(r"以上(都|均|全|皆)(对|是|正确|不对|不是)", text):
            yield "all_of_the_above", f"选项 {key} 是“{text}”。"


def _duplicates(item: VersionView, sides: Sides) -> Messages:
    plain = {key: wording.plain(text) for key, text in item.options}
    for text, count in Counter(plain.values()).items():
        if count > 1:
            letters = "、".join(key for key in plain if plain[key] == text)
            yield "duplicate_options", f"选项 {letters} 去掉空格和标点后完全相同。"


def _overlaps(item: VersionView, sides: Sides) -> Messages:
    for key, text in item.options:
        for other, longer in item.options:
            if other != key and wording.is_part(text, longer):
                yield "overlapping_options", f"选项 {other}“{longer}”包含了选项 {key}“{text}”。"
    if re.search(r"罚|拘留|刑", " ".join((item.stem, *sides.right.values()))):
        return  # a band of the law is quoted as it stands: “5万元以下” and “10万元以下” are different answers
    for key, text in sides.right.items():
        mine = wording.figures(text)
        for other, wider in sides.wrong.items():
            theirs = wording.figures(wider)
            if mine and theirs and mine.lies_in(theirs):
                yield "overlapping_options", f"正确项 {key}“{text}”成立时，选项 {other}“{wider}”也成立。"


def _key_length(item: VersionView, sides: Sides) -> Messages:
    if not sides.right or not sides.wrong:
        return
    shortest, longest = min(map(len, sides.right.values())), max(map(len, sides.wrong.values()))
    if shortest >= LONGER_KEY * longest and shortest >= longest + LONGER_KEY_BY:
        yield "key_length", f"正确项至少 {shortest} 个字，最长的错项只有 {longest} 个字。"


def _absolute_words(item: VersionView, sides: Sides) -> Messages:
    right = {key: words for key, text in sides.right.items() if (words := wording.without_exception(text))}
    wrong = {key: words for key, text in sides.wrong.items() if (words := wording.without_exception(text))}
    if len(wrong) >= 2 and not right:
        yield "absolute_words", f"错项 {_quoted(wrong)}用了绝对化的词，正确项没有用。"
    elif right and right.keys() == sides.right.keys() and not wrong:
        yield "absolute_words", f"正确项 {_quoted(right)}用了绝对化的词，错项都没有用。"


def _quoted(words: Mapping[str, str]) -> str:
    return "、".join(f"{key}“{text}”" for key, text in words.items())


def _clang(item: VersionView, sides: Sides) -> Messages:
    if item.type is not ItemType.SINGLE or not sides.right or not sides.wrong:
        return
    stem, wrong = wording.plain(item.stem), [wording.plain(text) for text in sides.wrong.values()]
    for key, text in sides.right.items():
        shared = wording.longest_shared(wording.plain(text), stem)
        others = max(len(wording.longest_shared(each, stem)) for each in wrong)
        if len(shared) - others >= CLANG and not wording.shares_words(shared, wrong, length=3):
            yield "clang", f"只有正确项 {key} 重复了题干的“{shared}”。"


_CHOICE_RULES: tuple[Callable[[VersionView, Sides], Messages], ...] = (
    _rationales,
    _all_of_the_above,
    _duplicates,
    _overlaps,
    _key_length,
    _absolute_words,
    _clang,
)
