"""Options out of whatever holds them: columns with letters, one cell with separators or labels, or the end of the stem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from quiz.exchange.program_text import program_options
from quiz.exchange.wording import half_width, tidy

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CIRCLED = {ord(sign): str(number) for number, sign in enumerate("①②③④⑤⑥⑦⑧⑨", 1)}
_PLACEHOLDERS = {"", "/", "\\", "／", "-", "--", "—", "——", "－"}
_NOTHING = ("无", "空", "没有", "None", "none", "NULL", "null", "N/A")
_NO_TEXTS = _PLACEHOLDERS | set(_NOTHING)
_WORD_AFTER = "级类型超座区栋股等字楼轮角点面相柱线站厂组项证照票货料股段端极管泵罐炉梯向侧轴排列号股、，,和与及或至~～"
"""After a letter that carries no sign these make it a part of a word: A级防火门, B超, C类火灾."""

Found = tuple[str, str]
"""Label (`A`, `3`, or empty) and text."""


class Ambiguous(Exception):
    """The options can be read in more than one way. The message says how."""


@dataclass
class OptionList:
    """Options by letter, and what each was called in the file."""

    options: dict[str, str] = field(default_factory=dict)
    letter_of: dict[str, str] = field(default_factory=dict)
    """From the label in the file, a letter or a figure, to the letter here."""
    numbered: bool = False
    repairs: list[tuple[str, str]] = field(default_factory=list)
    """Code and message of what had to be done."""


def plain_label(label: str) -> str:
    """`Ｂ` and `b` are B, `①` is 1."""
    return half_width(label).translate(_CIRCLED).strip(" .、:()[]【】").upper()


# Splitting ------------------------------------------------------------------------------------------------------------

_LETTER = "A-Na-nＡ-Ｎａ-ｎ"
_SIGNED_LABEL = r"(?:[(（\[【]\s?([LETTER])\s?[)）\]】]\s?([.．、:：])?|DIGIT([LETTER])\s?([.．、:：)）]))\s*"
_SIGNED = re.compile("(?<![A-Za-zＡ-Ｚａ-ｚ])" + _SIGNED_LABEL.replace("LETTER", _LETTER).replace("DIGIT", "(?<![0-9])"))
_SIGNED_CLOSE = re.compile("(?<![A-ZＡ-Ｚ])" + _SIGNED_LABEL.replace("LETTER", "A-NＡ-Ｎ").replace("DIGIT", ""))
"""Also right behind a figure or a unit: `A.3tB.5t`."""
_NUMBERED = re.compile(r"(?:(?<=[\s|;；*#])|^)(?:[(（]\s?(\d)\s?[)）]\s?([.．、:：])?|(\d)\s?([.．、:：)）])(?!\d))\s*|(?<!第)([①-⑨])()\s*")
_UNSIGNED = re.compile(rf"(?:(?<=[\s|;；，,。*#])|^)([A-NＡ-Ｎ])([-—]?)(?![A-Za-z0-9Ａ-Ｚ.．{_WORD_AFTER}—-])\s*")
_GLUED = re.compile(rf"(?<![A-Za-z0-9Ａ-Ｚ])([A-HＡ-Ｈ])()(?![A-Za-z0-9Ａ-Ｚ.．{_WORD_AFTER}])\s*")
_EDGES = " \t\n\r\u3000\u00a0|｜*#;；，,、"
_BREAK_BEFORE = re.compile(r"(?:^|[\s\u3000|｜*#;；。，,])$")
_LABEL_AT_START = re.compile(
    rf"\s*(?:[(（\[【]\s?([{_LETTER}\d])\s?[)）\]】]\s?[.．、:：]?|([{_LETTER}])\s?[.．、:：)）]|([{_LETTER}])\s?[-—](?=\S)|(\d)\s?[、:：)）]|(\d)[.．](?!\d)|([①-⑨]))\s*"
)
_LABEL_BEGINS = frozenset(
    " \t\n(（[【0123456789①②③④⑤⑥⑦⑧⑨" + "".join(chr(ord(sign) + shift) for sign in LETTERS[:14] for shift in (0, 32, 0xFEE0, 0xFF00))
)
_SEPARATORS = (
    "$;$", "#;#", "@;@", "|||", "###", "**", "##", "||", "$$", "@@", "&&", "~~", "^^", "<br>", "<br/>", "<br />", ";;", "；；",
    "|", "｜", "\n", "；", ";", "#", "^", "※", "\t",
)  # fmt: skip


@dataclass(frozen=True)
class _Mark:
    letter: str
    sign: str
    start: int
    end: int
    firm: bool
    """Begins a line or follows a separator."""


def _marks(pattern: re.Pattern[str], text: str) -> list[_Mark]:
    found = []
    for match in pattern.finditer(text):
        groups = [group for group in match.groups() if group]
        label, sign = plain_label(groups[0]), (groups[1] if len(groups) > 1 else "")
        firm = bool(_BREAK_BEFORE.search(text, max(0, match.start() - 1), match.start()))
        found.append(_Mark(label, half_width(sign) or ("()" if match[0].strip()[:1] in "(（[【" else ""), match.start(), match.end(), firm))
    return found


def _in_sequence(marks: list[_Mark]) -> list[_Mark]:
    if not marks:
        return []
    order = LETTERS if marks[0].letter.isalpha() else "123456789"
    taken: list[_Mark] = []
    for mark in marks:
        if len(taken) < len(order) and mark.letter == order[len(taken)]:
            taken.append(mark)
    return taken


def _labelled(text: str, *, from_start: bool) -> list[_Mark]:
    """The labels that divide the text, by the strictest reading that finds two of them; empty when none does."""
    for pattern in (_SIGNED, _SIGNED_CLOSE, _NUMBERED, _UNSIGNED, _GLUED):
        if pattern is _GLUED and not from_start:
            break
        marks = _marks(pattern, text)
        if from_start and (not marks or text[: marks[0].start].strip(_EDGES)):
            continue
        chosen = _chosen(marks)
        if pattern is _GLUED and len({mark.letter for mark in marks}) != len(marks):
            continue
        if len(chosen) >= 2 and not (from_start and text[: chosen[0].start].strip(_EDGES)):
            return chosen
    return []


def _chosen(marks: list[_Mark]) -> list[_Mark]:
    firm = [mark for mark in marks if mark.firm]
    strict, loose = _in_sequence(firm), _in_sequence(marks)
    if len(firm) > len(strict) and _is_whole(firm):
        return firm  # each label once, in another order
    if len(loose) > len(strict) and all(mark.firm or mark.sign == loose[0].sign for mark in loose):
        return loose
    if len(firm) > len(strict) >= 1 and _nearly_in_order([mark.letter for mark in firm]):
        return firm
    if len(loose) >= 2 and len(strict) < 2:
        return loose if len({mark.sign for mark in loose}) == 1 else []
    return strict


def _is_whole(marks: list[_Mark]) -> bool:
    labels = [mark.letter for mark in marks]
    order = LETTERS if labels[0].isalpha() else "123456789"
    return len(labels) > 2 and sorted(labels) == list(order[: len(labels)])


def _nearly_in_order(labels: list[str]) -> bool:
    """One label is repeated or missing, the rest stand where they should."""
    order = LETTERS if labels[0].isalpha() else "123456789"
    astray = sum(label != order[place] for place, label in enumerate(labels[: len(order)]))
    return len(labels) >= 3 and astray <= max(1, len(labels) // 4)


def _cut(text: str, marks: list[_Mark]) -> list[Found]:
    ends = [mark.start for mark in marks[1:]] + [len(text)]
    return [(mark.letter, text[mark.end : end].strip(_EDGES)) for mark, end in zip(marks, ends, strict=True)]


def split_options(text: str, *, separator: str = "", wanted: Sequence[str] = ()) -> tuple[list[Found], str]:
    """Options of one cell with their labels, and how they were divided: a separator, `labels`, or empty when they were not.

    `wanted` are letters of the answer: an option that has one of them and seems to be missing is looked for in the one before.
    """
    text = text.strip()
    if text.startswith(("[", "{")) and (found := _from_program(text)):
        return found, "json"
    marks = _labelled(text, from_start=True)
    found, how = _by_separator(text, separator, marks)
    if not found and marks:
        found, how = _cut(text, marks), "labels"
    if not found:
        wide = [part for part in re.split(r"[ \u3000\u00a0]{2,}", text) if part.strip()]
        found, how = (
            ([_own_label(part) for part in wide], "空格") if len(wide) >= 2 else ([_own_label(text)] if wanted else [("", text)], "")
        )
    found = _divided_further(found, wanted)
    if len(found) > 1:
        return found, how or "labels"
    return ([("", text)] if text else []), ""


def _by_separator(text: str, separator: str, marks: list[_Mark]) -> tuple[list[Found], str]:
    """Options between the first separator the text has, unless its labels divide it better."""
    for sign in (separator, *_SEPARATORS) if separator else _SEPARATORS:
        if sign not in text:
            continue
        parts = [part.strip(_EDGES if sign != "\n" else " \t|*#") for part in text.split(sign)]
        parts = [part for part in parts if part]
        if len(parts) < 2:
            continue
        found = [_own_label(part) for part in parts]
        labels = [label for label, _ in found if label]
        if len(marks) > len(parts) or sign in _WEAK and marks and len(labels) == len(marks) < len(parts) - 1:
            return [], ""
        if sign == "\n" and marks and labels == [mark.letter for mark in marks] and _in_sequence(marks) == marks:
            return [], ""  # lines without a label continue the option before
        if any(label and not rest for label, rest in found[:-1]):
            raise Ambiguous(f"“{sign.strip() or '换行'}”和标号对不上，看不出选项在哪里分开")
        if len(labels) < len(parts) and len(labels) in (0, 1, len(parts) - 1) and (initials := _by_initials(parts)):
            found = initials
        elif len(labels) < 2 and len(parts) > 2:  # a letter at the beginning of one text is a part of it
            found = [("", part) for part in parts]
        return _without_faulty_labels(found), sign
    return [], ""


_WEAK = ("\n", ";", "；", "#", "^", "\t")
_FAULTY_LABEL = re.compile(rf"([A-NＡ-Ｎ])\s*(?:[,，|;；/]\s*[.、]?|(?![A-Za-z0-9.．{_WORD_AFTER}]))\s*(?=\S)")


_INITIAL = re.compile(r"([A-NＡ-Ｎ])\s*[.．、:：,，|;；)）]?\s*(?=\S)")


def _by_initials(parts: list[str]) -> list[Found]:
    """Parts that begin with A, B, C … in order, whatever sign follows; `A级|B级|C级` are texts."""
    matches = [_INITIAL.match(part) for part in parts]
    letters = [plain_label(match[1]) if match else "" for match in matches]
    in_order = letters == sorted(set(letters)) and letters[0] == "A"
    in_words = any(part[1:2] in _WORD_AFTER for part in parts) and letters != list(LETTERS[: len(parts)])
    if all(letters) and not in_words and (in_order or sorted(letters) == list(LETTERS[: len(parts)]) or _nearly_in_order(letters)):
        if len({part[1:2] for part in parts}) > 1 or parts[0][1:2] not in _WORD_AFTER:
            return [
                (letter, part[match.end() :].strip(_EDGES)) for letter, part, match in zip(letters, parts, matches, strict=True) if match
            ]
        return [("", part) for part in parts]
    astray = any(letter and letter != right for letter, right in zip(letters, LETTERS, strict=False))
    if astray and sum(map(bool, letters)) > len(parts) / 2 and not any(part[1:2] in _WORD_AFTER for part in parts):
        raise Ambiguous(f"选项标号混乱（{'、'.join(letter or '无' for letter in letters)}），无法确定答案指的是哪一个")
    return []


def _without_faulty_labels(found: list[Found]) -> list[Found]:
    """Where the other options are labelled in order, `B县级` and `B，县级` in the second place are label and text as well."""
    labels = [label for label, _ in found]
    if not all(label in ("", letter) for label, letter in zip(labels, LETTERS, strict=False)) or not any(labels) or all(labels):
        return found
    mended = []
    for letter, (label, text) in zip(LETTERS, found, strict=False):
        match = None if label else _FAULTY_LABEL.match(text)
        fits = match is not None and plain_label(match[1]) == letter
        mended.append((letter, text[match.end() :].strip(_EDGES)) if match and fits else (label, text))
    return mended


def _divided_further(found: list[Found], wanted: Sequence[str]) -> list[Found]:
    """An option whose label has no sign or no separator before it is looked for inside the option before."""
    labels = [label for label, _ in found]
    if not labels or not all(label in LETTERS and label for label in labels) or labels != sorted(set(labels)) or labels[0] != "A":
        return found
    divided: list[Found] = []
    texts = dict(found)
    last = max([*labels, *(letter for letter in wanted if letter in "ABCDEFGH")])
    for letter in LETTERS[: LETTERS.index(last) + 1]:
        if letter in texts:
            divided.append((letter, texts[letter]))
            continue
        before, text = divided[-1]
        marks = list(re.finditer(_INNER.format(letter=letter, full=chr(ord(letter) + 0xFEE0)), text))
        if len(marks) == 1 and text[: marks[0].start()].strip(_EDGES):
            divided[-1] = (before, text[: marks[0].start()].strip(_EDGES))
            divided.append((letter, text[marks[0].end() :].strip(_EDGES)))
    while len(divided) > 1 and len(divided) < len(LETTERS):
        letter, (before, text) = LETTERS[len(divided)], divided[-1]
        marks = list(re.finditer(_FOLLOWING.format(letter=letter, full=chr(ord(letter) + 0xFEE0)), text))
        if before != LETTERS[len(divided) - 1] or len(marks) != 1:
            break
        divided[-1:] = [(before, text[: marks[0].start()].strip(_EDGES)), (letter, text[marks[0].end() :].strip(_EDGES))]
    if len(divided) <= LETTERS.index(divided[-1][0]) and any(_BARE_INSIDE.search(text) for _, text in divided):
        raise Ambiguous(f"选项标号只找到 {'、'.join(label for label, _ in divided)}，其余的可能混在选项文字里")
    return divided


_BARE_INSIDE = re.compile(rf"(?<![A-Za-z0-9])[B-H](?=[\u4e00-\u9fff])(?![{_WORD_AFTER}])")


_INNER = (
    r"(?<![A-Z])[{letter}{full}]\s*[.．、:：,，]\s*(?=\S)|(?<![A-Za-z0-9])[{letter}{full}](?=[\u4e00-\u9fff])(?![" + _WORD_AFTER + r"])\s*"
)


_FOLLOWING = (
    r"(?:(?<=[\u4e00-\u9fff）)])(?<![和与或及至])[{letter}{full}]\s*[.．、:：]|(?<=[.。;；])\s*[{letter}{full}]\s*[.．、:：,，]?)"
    r"(?=\s*[\u4e00-\u9fff])(?!\s*[" + _WORD_AFTER + r"])\s*"
)


def _from_program(text: str) -> list[Found]:
    found = program_options(text)
    if any(label for label, _ in found):
        return [(plain_label(label), item) for label, item in found]
    own = [_own_label(item) for _, item in found]
    return own if all(label and rest for label, rest in own) else found


def _own_label(text: str) -> Found:
    if text[:1] not in _LABEL_BEGINS:
        return "", text.strip()
    found = _LABEL_AT_START.match(text)
    if found is None:
        return "", text.strip()
    return plain_label(next(group for group in found.groups() if group)), text[found.end() :].strip(_EDGES)


_BEGINS = 6
"""How many places that look like the label A are tried, from the last one."""


def split_off_options(stem: str) -> tuple[str, list[Found]]:
    """Options that follow the stem in the same cell: the stem alone, and the options; none when there are not two."""
    marks = [mark for mark in _marks(_SIGNED, stem) if mark.start]
    begins = [mark for mark in marks if mark.letter == "A"]
    for first in reversed(begins[-_BEGINS:]):
        chosen = _chosen([mark for mark in marks if mark.start >= first.start])
        if len(chosen) >= 2 and chosen[0] is first and stem[: first.start].strip():
            return stem[: first.start].strip(), _cut(stem, chosen)
    return stem, []


# Labels ---------------------------------------------------------------------------------------------------------------


def arrange(found: list[Found]) -> OptionList:
    """Options in order under the letters A, B, C …, whatever labels they came with.

    Raises:
        Ambiguous: labels contradict each other or their columns.
    """
    result = OptionList()
    if _is_plain(found):
        result.options = dict(found)
        result.letter_of = {letter: letter for letter, _ in found}
        return result
    cleaned = [(plain_label(label), _clean(text, result)) for label, text in found]
    cleaned = _without_own_labels(cleaned, result)
    filled = [(label, text) for label, text in cleaned if text]
    while filled and filled[-1][1] in _PLACEHOLDERS and len(filled) > 2:
        result.repairs.append(("placeholder_option", f"选项 {filled[-1][0] or len(filled)} 只有“{filled[-1][1]}”，按空选项处理"))
        filled.pop()
    while len(filled) > 2 and filled[-1][1] in _NOTHING and (filled[-2][1] == filled[-1][1] or _is_truth_pair(filled[:-1])):
        result.repairs.append(("placeholder_option", f"选项 {filled[-1][0] or len(filled)} 只有“{filled[-1][1]}”，按空选项处理"))
        filled.pop()
    if len(filled) > len(LETTERS):
        raise Ambiguous(f"有 {len(filled)} 个选项，超过 {len(LETTERS)} 个")
    labels = [label for label, _ in filled]
    if labels != sorted(labels) and len(labels) > 1 and sorted(labels) == list(LETTERS[: len(labels)]):
        result.repairs.append(("options_reordered", f"选项的顺序（{'、'.join(labels)}）已按标号排好"))
        filled.sort()
        labels = sorted(labels)
    result.options = {LETTERS[place]: text for place, (_, text) in enumerate(filled)}
    result.numbered = bool(labels) and all(label.isdigit() for label in labels)
    by_place = {label: LETTERS[place] for place, label in enumerate(labels) if label}
    if result.numbered:
        result.letter_of = {LETTERS[place]: LETTERS[place] for place in range(len(labels))} | by_place
        return result
    expected = list(LETTERS[: len(labels)])
    if labels == expected or not any(labels):
        result.letter_of = dict(zip(expected, expected, strict=True))
    elif all(labels) and labels == sorted(set(labels)) and all(label in LETTERS for label in labels):
        result.letter_of = by_place
        result.repairs.append(("options_relettered", f"选项标号 {'、'.join(labels)} 不连续，已改为 {'、'.join(expected)}，答案相应调整"))
    elif _agree_but_for_one(labels, expected):
        result.letter_of = dict(zip(expected, expected, strict=True))
        seen = "、".join(label or "（无）" for label in labels)
        result.repairs.append(("option_labels", f"选项标号有重复或缺漏（{seen}），已按顺序改为 {'、'.join(expected)}"))
    else:
        raise Ambiguous(f"选项标号混乱（{'、'.join(label or '无' for label in labels)}），无法确定答案指的是哪一个")
    return result


def _is_truth_pair(filled: list[Found]) -> bool:
    """Right and wrong: no third option belongs to them."""
    texts = sorted(text for _, text in filled)
    return texts in (sorted(pair) for pair in (("对", "错"), ("正确", "错误"), ("是", "否"), ("√", "×")))


def _is_plain(found: list[Found]) -> bool:
    """Letters in order and texts with nothing to mend, as in most files."""
    return 1 < len(found) <= len(LETTERS) and all(
        label == letter and text not in _NO_TEXTS and text[:1] not in _LABEL_BEGINS and tidy(text) == (text, False)
        for letter, (label, text) in zip(LETTERS, found, strict=False)
    )


def _agree_but_for_one(labels: list[str], expected: list[str]) -> bool:
    astray = sum(bool(label) and label != right for label, right in zip(labels, expected, strict=True))
    return astray <= max(1, len(labels) // 4) and (astray == 0 or len(labels) >= 3)


def _clean(text: str, result: OptionList) -> str:
    clean, changed = tidy(text)
    if changed:
        result.repairs.append(("whitespace", "选项中的特殊空白字符已整理"))
    return clean


_ONLY_LABEL = re.compile(rf"[(（]?\s*([{_LETTER}])\s*[)）]?\s*[.．、:：]\s*|[(（]\s*([{_LETTER}])\s*[)）]\s*")


_LISTED = re.compile(r"$|[\s、，,和及与]*[(（]?[①-⑳0-9]")
"""What is left of a list of numbered statements when its first number is taken for a label."""


def _without_own_labels(found: list[Found], result: OptionList) -> list[Found]:
    """Take off the label a text repeats after its column's: `A. 停止作业` in column A; a lone label is an empty option."""
    if not any(text[:1] in _LABEL_BEGINS for _, text in found):
        return found
    found = [(label, "" if _ONLY_LABEL.fullmatch(text) else text) for label, text in found]
    texts = [(label, text) for label, text in found if text]
    own = [_own_label(text) for _, text in texts]
    if all(label.isdigit() and int(label) <= len(LETTERS) for label, _ in texts) and any(mine.isalpha() for mine, _ in own):
        found = [(LETTERS[int(label) - 1] if label.isdigit() else label, text) for label, text in found]
        texts = [(label, text) for label, text in found if text]
    labelled = sum(bool(label) for label, _ in own)
    if labelled < 2 or labelled < len(texts) - (len(texts) > 3):
        return _without_bare_letters(found, result)
    if any(label.isdigit() for label, _ in own):
        if any(label for label, _ in texts) and any(_LISTED.match(rest) for _, rest in own):
            return found  # options that are lists of statements: “①②”, “(1)(3)”
        return found if not all(label == str(place) for place, (label, _) in enumerate(own, 1)) else _stripped(found, own, result)
    mine = [letter or label for (label, _), (letter, _) in zip(texts, own, strict=True)]
    agrees = _agree_but_for_one(mine, [label for label, _ in texts])
    if any(label for label, _ in texts) and len(set(mine)) < len(mine) and not agrees:
        return found  # texts that speak of letters: “A、B两种”
    contradicting = [(label, mine) for (label, _), (mine, _) in zip(texts, own, strict=True) if label and mine and label != mine]
    if contradicting and not agrees:
        shown = "，".join(f"{label} 列写着“{mine}.”" for label, mine in contradicting[:3])
        raise Ambiguous(f"选项的列和格内标号不一致：{shown}")
    return _stripped(found, own, result)


def _stripped(found: list[Found], own: list[Found], result: OptionList) -> list[Found]:
    result.repairs.append(("label_removed", "选项文字前重复的标号已去掉"))
    rest = iter(own)
    stripped: list[Found] = []
    for label, text in found:
        if not text:
            stripped.append((label, text))
            continue
        mine, bare_text = next(rest)
        stripped.append((label or mine, bare_text if mine else text))
    return stripped


_BARE_LETTER = re.compile(rf"([A-HＡ-Ｈ])\s*(?![A-Za-z0-9Ａ-Ｚ.．{_WORD_AFTER}])(?=\S)")


def _without_bare_letters(found: list[Found], result: OptionList) -> list[Found]:
    texts = [(label, text) for label, text in found if text]
    matches = [_BARE_LETTER.match(text) for _, text in texts]
    order = LETTERS[: len(texts)]
    if len(texts) < 2 or not all(match and plain_label(match[1]) == letter for match, letter in zip(matches, order, strict=True)):
        return found
    own = [(letter, text[match.end() :].strip()) for letter, match, (_, text) in zip(order, matches, texts, strict=True) if match]
    return _stripped(found, own, result)
