"""What a line of a question document is by its looks: a number, an option, an answer, a heading, a page number. Pure.

Signs are looked for in the *shape* of a line, a copy of the same length in which full-width letters, figures and brackets are half-width;
so places found in the shape are places in the line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SHAPE = (
    {0xFF01 + offset: 0x21 + offset for offset in range(94)}
    | {ord(blank): " " for blank in "\u3000\u00a0\u2002\u2003\u2009\u202f\u2007\u2008\u205f\u200b\ufeff\u200c\u200d\u2060"}
    | {ord(sign): "[" for sign in "【〔［"}
    | {ord(sign): "]" for sign in "】〕］"}
    | {ord(sign): "√" for sign in "✓✔☑✅"}
    | {ord(sign): "×" for sign in "✗✘✕✖╳☒❌"}
)


def shape_of(text: str) -> str:
    """The line with full-width signs as their half-width twins, character by character."""
    return text if text.isascii() else text.translate(_SHAPE)


# Numbers --------------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"""\s{0,40}(?:\(\s{0,6}(?P<mark>[A-La-l][A-La-l\s,、]{0,20}|√|×|对|错|正确|错误)?\s{0,6}\)\s{0,6}(?=\(?\d))?
    (?:(?P<word>第\s?(?P<di>\d{1,4})\s?[题道](?:\s|[.、:,])*)
    |(?P<tag>[\[(](?:题[目干]?|试题|问题)\s?(?P<titled>\d{1,4})[\])]\s{0,6}[:.、]?)
    |(?P<title>(?:题目?|试题|问题|Q|No\.?|T)\s?(?P<headed>\d{1,4})\s{0,3}[.、:)])
    |(?P<round>\(\s?(?P<in_round>\d{1,4})\s?\)\s{0,6}[.、:]?)
    |(?P<square>\[\s?(?P<in_square>\d{1,4})\s?\]\s{0,6}[.、:]?)
    |(?P<plain>(?P<bare>\d{1,4})\s{0,6}(?P<sep>[.、:)](?!\d)|[.、:)](?=\d)|,(?!\d)|。|\s|(?=[\u4e00-\u9fff《“"(\[])))
    )\s{0,40}""",
    re.VERBOSE,
)
_YEAR_NEXT = re.compile(r"(?:19|20)\d\d\s?[年版]")


@dataclass(frozen=True)
class Number:
    """A number at the beginning of a line."""

    value: int
    style: str
    """`plain` (`1.` `1、` `1)`), `round` (`(1)`), `square`, `word` (`第1题`, `题目1`): numbers of one style count each other."""
    end: int
    mark: str = ""
    """An answer in brackets before the number: `( A ) 1.`"""
    doubtful: bool = False
    """Could as well be a decimal number: `2.5米`."""
    faint: bool = False
    """No sign between number and text."""


def number_at(shape: str) -> Number | None:
    """The number a line begins with."""
    head = shape.lstrip()[:1]
    if not (head.isdigit() or head in "第题试问([QNT"):
        return None
    found = _NUMBER.match(shape)
    if found is None:
        return None
    mark = (found["mark"] or "").strip()
    if found["plain"]:
        sep = found["sep"]
        glued = sep in (".", "、", ":", ")") and shape[found.end("sep") : found.end("sep") + 1].isdigit()
        if glued and sep == ":":
            return None
        doubtful = glued and sep == "." and not _YEAR_NEXT.match(shape, found.end("sep"))
        return Number(int(found["bare"]), "plain", found.end(), mark, doubtful, not sep.strip())
    for group, value in (("round", "in_round"), ("square", "in_square"), ("word", "di"), ("tag", "titled"), ("title", "headed")):
        if found[group]:
            return Number(int(found[value]), group if group in ("round", "square") else "word", found.end(), mark)
    return None


# Tags -----------------------------------------------------------------------------------------------------------------

_FIELDS = {
    "ignored": "我的答案|你的答案|考生答案|学生答案|学员答案|作答|您的答案|本题得分|得分|我的得分|能力水平|能力层次|认知层次|认知水平",
    "options": "备选答案|备选项|选项|候选项|答案选项",
    "whole": "整题解析|全题解析|案例解析",
    "explanation": "答案解析|试题解析|题目解析|详细解析|参考解析|解析|详解|解题思路|答题解析|解答|分析|点评|思路点拨|explanation|rationale",
    "answer": "正确答案|参考答案|标准答案|本题答案|试题答案|正确选项|答案为|答案是|答案|correct ?answer|answer|ans",
    "difficulty": "难度系数|难易程度|难易度|难度等级|难度",
    "topic": "知识点|考核点|考查点|知识要点|考点",
    "clause": "法规依据|法律依据|命题依据|出题依据|答题依据|参考依据|依据条款|试题依据|依据|出处|题目来源|试题来源|来源|条款",
    "chapter": "所属章节|章节|所属模块",
    "type": "试题类型|题目类型|试题题型|题型",
    "score": "本题分值|分值|分数",
    "stem": "试题内容|题目内容|题干|题目|试题",
    "code": "试题编号|题目编号|试题编码|题号",
}
_SPACED = {word: field_name for field_name, words in _FIELDS.items() for word in words.split("|")}
_WORDS = "|".join(
    r"[ ]{0,3}".join(re.escape(sign) for sign in word) if not word[0].isascii() else word for word in sorted(_SPACED, key=len, reverse=True)
)
_TAG = re.compile(
    rf"\[\s?(?P<boxed>{_WORDS})\s?\d{{0,4}}\s?(?:\]\s{{0,3}}[::]?|:(?=[^\]]{{0,200}}\]))"
    rf"|(?:(?<![\w“\"《])|(?<=[A-L0-9]))(?P<said>{_WORDS})\s{{0,4}}:"
    r"|(?P<glued>(?:正确|参考|标准)?答案)\s?:\s?(?=[A-L]{1,8}(?![A-Za-z])|√|×|正确|错误|对|错)",
    re.IGNORECASE,
)
_TAG_AT_START = re.compile(
    r"\s{0,40}[(\[]?\s?(?P<said>答案|正确答案|参考答案|标准答案)\s{0,8}(?:[是为]\s{0,3})?"
    r"(?=[A-L](?![A-Za-z])|[A-L]{2,8}\b|√|×|正确|错误|对\b|错\b)"
    r"|\s{0,40}(?P<reply>答)\s{0,3}[:.、]"
)
_ONLY_AT_START = frozenset(["stem", "code", "score", "chapter"])
"""Fields whose words stand in running text too."""


@dataclass(frozen=True)
class Tag:
    """A word that says what follows: `答案：`, `【解析】`."""

    field: str
    start: int
    end: int


def tags_in(shape: str) -> list[Tag]:
    """Tags of the line in order. Inside running text only those with a colon or in brackets count."""
    if ":" not in shape and "]" not in shape and "答" not in shape:
        return []
    found: list[Tag] = []
    first = _TAG_AT_START.match(shape)
    if first:
        found.append(Tag("answer", first.start(), first.end()))
    for match in _TAG.finditer(shape, found[0].end if found else 0):
        word = re.sub(r"\s+", "", match["boxed"] or match["said"] or match["glued"]).lower()
        field_name = _SPACED.get(word) or _SPACED[re.sub("correct", "correct ", word)]
        start = match.start()
        if not match["boxed"] and start and shape[start - 1] in "([":
            start -= 1
        elif not match["boxed"] and field_name in _ONLY_AT_START and shape[:start].strip() and "\t" not in shape[:start]:
            continue
        found.append(Tag(field_name, start, match.end()))
    return found


def stretches(tags: Sequence[Tag], end: int) -> list[tuple[Tag, int]]:
    """Each tag with the end of what it heads."""
    return list(zip(tags, [*(tag.start for tag in tags[1:]), end], strict=True)) if tags else []


# Headings -------------------------------------------------------------------------------------------------------------

_KIND = (
    r"(?:单项?|多项?|不定项|单项或多项|是非|判断|对错|正误)?选择(?:是非)?(?:题|部分)?|单选题?|多选题?|不定项选?题?|(?:是非)?判断(?:正误|对错|说明|改错)?题?|是非题"
    r"|填空题?|简答题?|简述题|问答题?|论述题?|辨析题?|名词解释题?|改错题?|计算题?|排序题?|配对题?|匹配题?|连线题?|搭配题?|综合(?:分析|应用)?题|(?:综合)?案例(?:分析|选择)?题?"
    r"|(?:情景|情境|材料|事故)(?:分析|案例)?题|分析题|应用题|实操题|操作题|作图题|共用题干题?|[AX][1-4]?型题"
)
_ORDINAL = (
    r"(?:第?\s?[一二三四五六七八九十]{1,3}\s?(?:部分|大题|篇)?|\(\s?[一二三四五六七八九十]{1,3}\s?\)|[IVX]{1,4}|(?:part|PART|Part)\s?\d)"
)
_SECTION = re.compile(
    rf"\s{{0,40}}[\[<#*]{{0,3}}\s?(?P<ordinal>{_ORDINAL}|\d{{1,2}}(?=\s?[、.]))?[\s、.,:]{{0,6}}(?P<title>[\u4e00-\u9fff]{{0,12}}?[\s(—-]{{0,3}})??"
    rf"(?P<kind>{_KIND})(?P<rest>.{{0,300}})$",
    re.DOTALL,
)
_SECTION_REST = re.compile(
    r"[\])>*#\s]{0,6}(?:答案(?:及解析|解析|与解析)?|参考答案|部分)?[\])\s]{0,4}(?:$|[(\[:。,，、;—-].*|(?:本大题|本题|每小?题|每题|共|满分|\d{1,4}\s?[题道分个]|请|下列|以下|在|将|从|答对|正确的?|对的|[12ABTF]\s?[、.=:]?\s?[对错√×正]).*)",
    re.DOTALL,
)
_OTHER_SECTION = re.compile(
    r"\s{0,40}(?P<ordinal>[一二三四五六七八九十]{1,3})\s?[、.,:]\s{0,4}(?P<kind>[\u4e00-\u9fff、]{2,8}题)\s{0,6}(?P<rest>[(\[].{0,20}[分题].{0,80})$"
)
"""A section of a kind nobody listed: `五、综合设计题（共15分）`."""
_HEADING_WORD = re.compile("[题选]|判断|填空|案例|简答|解释")
_ORDINALS = {sign: value for value, sign in enumerate("一二三四五六七八九", 1)}


@dataclass(frozen=True)
class Heading:
    """A section heading: `一、单项选择题（每题2分，共40分）`."""

    ordinal: int | None
    kind: str
    """The words for the question type, empty when the heading names none."""
    rest: str
    """What follows the words for the type."""
    rest_at: int = 0
    is_key: bool = False
    """Heads a part of the key: `一、单选题答案`."""


def ordinal_of(text: str) -> int | None:
    """`第三部分`, `（十二）` and `3` as figures."""
    plain = re.sub(r"[^一二三四五六七八九十\d]", "", text)
    if plain.isdigit():
        return int(plain)
    if not plain:
        return None
    tens, _, ones = plain.partition("十") if "十" in plain else ("", "", plain)
    value = (_ORDINALS.get(tens, 1) * 10 if "十" in plain else 0) + _ORDINALS.get(ones, 0)
    return value or None


def heading_at(shape: str) -> Heading | None:
    """The section heading a line is."""
    if len(shape) > 320 or not _HEADING_WORD.search(shape):
        return None
    found = _SECTION.match(shape)
    if found is None or not _SECTION_REST.fullmatch(found["rest"]):
        other = _OTHER_SECTION.match(shape)
        return Heading(ordinal_of(other["ordinal"]), other["kind"], other["rest"], other.end("kind")) if other else None
    ordinal, kind, rest = found["ordinal"], found["kind"], found["rest"]
    bracketed = shape.lstrip()[:1] in "[<"
    if found["title"] and not (ordinal or len(shape.strip()) <= 24):
        return None
    if not ordinal and not bracketed and not kind.endswith(("题", "部分", "解释", "选择", "判断", "填空")):
        return None
    if (
        ordinal
        and ordinal.isdigit()
        and (found["title"] or "答案" in rest or re.search(r"[。?]\s*$|[(]\s*[)]", rest) or not kind.endswith("题"))
    ):
        return None
    if bracketed and not ordinal and "]" in rest and rest.split("]", 1)[1].strip(" :"):
        return None  # a tag before a stem: 【单选题】下列…
    if re.search(r"\(\s*\)|_{2,}|\?\s*$", rest):
        return None
    return Heading(ordinal_of(ordinal or ""), _kind_word(kind), rest, found.end("kind"), "答案" in rest[:8])


def _kind_word(kind: str) -> str:
    return kind.removesuffix("部分") if kind.endswith("部分") else kind


_ORDINAL_ONLY = re.compile(
    r"\s{0,40}(?P<ordinal>[一二三四五六七八九十]{1,3}|\([一二三四五六七八九十]{1,3}\))[、.:,\s]{1,4}(?P<rest>.*)$", re.DOTALL
)
_CHAPTER = re.compile(
    r"\s{0,40}(?:第\s?[一二三四五六七八九十百\d]{1,5}\s?[章节篇讲编单元]|(?:模块|项目|专题|章节)\s?[一二三四五六七八九十\d]{1,3}|附录)(?!题|条).{0,60}$"
)
_PART = re.compile(r"\s{0,40}第\s?[一二三四五六七八九十\d]{1,3}\s?部分.{0,40}$")
_PAGE = re.compile(
    r"\s*(?:第\s?\d{1,4}\s?页(?:\s?[,/共(]?\s{0,3}共?\s?\d{1,4}\s?页\)?)?|[-—–~·]{1,3}\s?\d{1,4}\s?[-—–~·]{1,3}|\d{1,4}\s?/\s?\d{1,4}|\d{1,4}"
    r"|[pP]age\s?\d{1,4}(?:\s?of\s?\d{1,4})?|[Pp]\.?\s?\d{1,4})\s*"
)
_KEY_HEADING = re.compile(
    r"\s{0,40}[\[(—-]{0,4}\s?(?:附[:、]?)?\s?(?P<title>[^:。?]{0,30}?)(?:参考|标准|正确|试题|试卷|题库)?答\s{0,6}案(?:[与及和]?(?:解析|详解|评分标准|评分要点|提示|部分|速查表?|表|汇总|页))?\s?[\])—-]{0,4}\s{0,3}:?\s*(?P<rest>.*)$",
    re.DOTALL,
)
_TITLE_WORDS = re.compile(r"题库|试题|试卷|考试|测试|测验|练习|复习|竞赛|培训|答题|知识问答|汇编|大全|考核")
_INSTRUCTION = re.compile(
    r"考生|答题卡|答题纸|答题前|本试卷|本卷|考试时间|考试时长|满分|注意事项|监考|闭卷|开卷|密封线|准考证|作答无效|作答要求|草稿纸|阅卷|评卷|姓\s{0,6}名|工\s{0,4}号|单\s{0,4}位[:_]|部\s{0,4}门[:_]|得\s{0,4}分[:_]|请在.{0,30}(?:填写|填涂|作答|选择)"
)


def ordinal_only(shape: str) -> tuple[int | None, int] | None:
    """`一、` before something that is no type: the ordinal, and where the rest begins."""
    found = _ORDINAL_ONLY.match(shape)
    return (ordinal_of(found["ordinal"]), found.start("rest")) if found else None


def is_chapter(shape: str) -> bool:
    """`第一章 …`, `第二部分 …`: a heading that names no question type."""
    if len(shape) > 80 or shape.lstrip()[:1] not in "第模项专章附" or not _CHAPTER.match(shape) and not _PART.match(shape):
        return False
    return not re.search(r"[。?;]\s*$|\(\s*\)|_{2,}|规定|[,，]", shape)


_SIGNS_ONLY = re.compile(r"[\s\-—–=~#·•…@|+<>^*.。?？]{1,300}")


def divides(shape: str) -> bool:
    """A line of signs that only divides what is above from what is below: `------`, `@@@`, `* * *`."""
    return bool(_SIGNS_ONLY.fullmatch(shape)) and len(shape.strip()) >= 3


def says_nothing(shape: str) -> bool:
    """A stray sign where an answer or an explanation is already complete, such as a `?` that was once a symbol."""
    return bool(_SIGNS_ONLY.fullmatch(shape))


def is_page_number(shape: str) -> bool:
    return len(shape) <= 40 and bool(_PAGE.fullmatch(shape))


def key_heading_at(shape: str) -> tuple[str, int] | None:
    """The heading of a key: what stands before the word, and where anything after it begins."""
    if "答" not in shape[:60]:
        return None
    found = _KEY_HEADING.match(shape)
    return (found["title"].strip(), found.start("rest")) if found else None


def is_instruction(shape: str) -> bool:
    return bool(_INSTRUCTION.search(shape))


def is_title(shape: str) -> bool:
    """A line that names the document: short, about questions, and no sentence."""
    plain = shape.strip()
    return len(plain) <= 50 and bool(_TITLE_WORDS.search(plain)) and not re.search(r"[。?;]$|\(\s*\)|_{2,}|[:,]", plain)


# Inside a stem --------------------------------------------------------------------------------------------------------

LETTERS_IN_BRACKETS = re.compile(
    r"[(\[]\s{0,20}([A-La-l](?:[\s,、;和]{0,3}[A-La-l]){0,11})\s{0,20}[)\]](?!\s?[类级型组区座栋])|_{1,20}\s{0,8}([A-L]{1,8})\s{0,8}_{1,20}"
)
TRUTH_IN_BRACKETS = re.compile(r"[(\[]\s{0,20}(√|×|对|错|正确|错误|不正确|T|F|Y|N|x|X|V|是|否|True|False|TRUE|FALSE)\s{0,20}[)\]]")
EMPTY_BRACKETS = re.compile(r"\([\s_]{0,40}\)|\[\s{0,40}\]")
UNDERLINES = re.compile(r"_{2,}")
_ASKING = re.compile(r"\?\s{0,40}$|(?:简述|试述|什么是|如何|为什么|请问|论述|阐述|列举|说明|简要|谈谈|解释)")
_BARE_MARK = re.compile(r"[。.)\s]\s{0,10}[√×]\s*$")


def evidence_of(shape: str) -> int:
    """How much a line looks like a stem by itself: 2 it holds an answer, 1 it has a place for one or asks, 0 neither."""
    if ("(" in shape or "[" in shape or "_" in shape) and (TRUTH_IN_BRACKETS.search(shape) or LETTERS_IN_BRACKETS.search(shape)):
        return 2
    if shape.rstrip()[-1:] in "√×" and _BARE_MARK.search(shape):
        return 2
    return 1 if EMPTY_BRACKETS.search(shape) or UNDERLINES.search(shape) or _ASKING.search(shape) else 0
