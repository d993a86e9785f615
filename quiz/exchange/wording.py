"""Text as it stands in messy files, made clean: odd blanks, numbering glued to the stem, tags, answers inside brackets."""

from __future__ import annotations

import re

from quiz.exchange.kinds import NOTHING, Stated, stated_type

EMPTY_BRACKETS = "（　）"
_OUTER = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff\u2002\u2003\u2009\u202f"
_INVISIBLE = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_SPACES = "\u00a0\u3000\t\u2000-\u200a\u202f\u205f"
_ODD = re.compile(f"[\r{_INVISIBLE}{_SPACES}\u2028\u2029\x85]")
_ODD_PIECE = re.compile(
    f"(?P<brackets>[（(【\\[][ {_SPACES}]*[)）】\\]])|(?P<invisible>[{_INVISIBLE}])|(?P<space>[{_SPACES}])|[\u2028\u2029\x85]"
)
_FULL_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20, 0x3002: 0x2E}


def tidy(text: str) -> tuple[str, bool]:
    """The text without odd blanks and invisible characters, and whether more than its outer blanks had to change."""
    text = text.strip(_OUTER)
    if not _ODD.search(text):
        return text, False
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    is_table = sum("\t" in line for line in text.split("\n")) > 1

    def mended(match: re.Match[str]) -> str:
        if match["brackets"]:
            return match[0] if not re.search("[^（(【\\[)）】\\] \u3000]", match[0]) else EMPTY_BRACKETS
        if match["invisible"]:
            return ""
        if match["space"]:
            return "\t" if is_table and match[0] == "\t" else " "
        return "\n"

    clean = _ODD_PIECE.sub(mended, text)
    return clean, clean != text


_ANY_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000\u3002]")


def half_width(text: str) -> str:
    """Full-width letters, figures and signs as their half-width twins; the full stop of Chinese as a dot."""
    if not _ANY_FULL_WIDTH.search(text):
        return text
    return text.translate(_FULL_WIDTH)


_ONLY_SIGNS = re.compile(r"[\s,.;:!?'\"()\[\]<>、。《》“”‘’【】（）·…—_\-]+")


def bare(text: str) -> str:
    """What two texts have in common that differ only in blanks, width, case and punctuation."""
    plain = half_width(text)
    return (_ONLY_SIGNS.sub("", plain) or plain.strip()).lower()


_NUMBERING = re.compile(
    r"""第\s*\d{1,4}\s*题\s*[：:、.．,，]?\s*
    | [（(【\[]\s*\d{1,3}\s*[)）】\]]\s*[、.．:：]?\s*(?=\S)
    | (?P<listed>\d{1,4})\s*、\s*
    | \d{1,4}\s*[.．]\s*(?:(?!\d)|(?=(?:19|20)\d\d\s*年)|(?<=\s))
    | \d{1,3}\s*[)）:：，](?!\d)\s*
    """,
    re.VERBOSE,
)
_KNOWN_NUMBER = re.compile(r"\s*[.．、:：)）,，]\s*(?=\S)|\s+(?=\S)|(?=[^\d\s年月日%％])")
_NEXT_NUMBER = re.compile(r"(\d{1,4})\s*([、和与及至～~-]?)")
_LABELLED_STEM = re.compile(r"(?:题目|题干|试题|问题)\s*[：:]\s*(?=\S)")


def without_number(stem: str, *, number: str = "") -> tuple[str, bool]:
    """The stem without the number glued to it. `2023年`, `3.5米` and `1、2、3号楼` are no numbering, unless `number` says so."""
    if number.isdigit() and stem.startswith(number):
        found = _KNOWN_NUMBER.match(stem, len(number))
        if found:
            return stem[found.end() :], True
    if not (stem[:1].isdigit() or stem[:1] in "第（([【题试问"):
        return stem, False
    found = _NUMBERING.match(stem)
    if found is None:
        found = _LABELLED_STEM.match(stem)
        return (stem[found.end() :], True) if found else (stem, False)
    if found["listed"]:
        after = _NEXT_NUMBER.match(stem, found.end())
        if after and (after[2] or int(after[1]) == int(found["listed"]) + 1):
            return stem, False
    return stem[found.end() :], True


_TAG_BEFORE = re.compile(r"[【\[（(]\s*([^】\])）【\[（(]{2,14}?)\s*[】\])）]\s*[：:、]?\s*(?=\S)")
_TAG_AFTER = re.compile(r"[【\[（(]\s*([^】\])）【\[（(]{2,8}?)\s*[】\])）]\s*([。.？?：:]?)$")
_TAG_WORDS = re.compile(
    r"(?:单选|多选|单项选择|多项选择|不定项选择|不定项|判断|填空|是非|简答|问答|论述|排序|计算)题?(?:[，,、]?\s*\d+(?:\.\d+)?\s*分)?"
)


def without_tag(stem: str) -> tuple[str, Stated]:
    """The stem without a tag such as `【多选题】` before or `（多选）` after it, and what the tag says."""
    if stem[:1] in "【[（(":
        found = _TAG_BEFORE.match(stem)
        if found and _TAG_WORDS.fullmatch(found[1]):
            return stem[found.end() :], stated_type(found[1])
    if stem[-2:].strip("。.？?：: ")[-1:] in ("】", "]", "）", ")"):
        found = _TAG_AFTER.search(stem)
        if found and found.start() and _TAG_WORDS.fullmatch(found[1]):
            return (stem[: found.start()].rstrip() + found[2]), stated_type(found[1])
    return stem, NOTHING


_ANSWER = r"[A-HＡ-Ｈ](?:[\s、,，;；]*[A-HＡ-Ｈ])*|[TＴ√×✓✔✗✘╳]|对|错|正确|错误"
_ANSWER_IN_BRACKETS = re.compile(rf"[（(\[【](?<![A-Za-z0-9].)\s*({_ANSWER})\s*[)）\]】](?!\s*(?:类|级|型|区|座|栋))")


def answer_in_stem(stem: str) -> tuple[str, str, bool] | None:
    """The stem with empty brackets, the answer that stood in them, and whether they close the stem; None when there is none, or several."""
    if not ("）" in stem or ")" in stem or "】" in stem or "]" in stem):
        return None
    found = list(_ANSWER_IN_BRACKETS.finditer(stem))
    if len(found) != 1:
        return None
    start, end = found[0].span()
    return stem[:start] + EMPTY_BRACKETS + stem[end:], found[0][1], not stem[end:].strip(" 。.？?！!；;：:")
