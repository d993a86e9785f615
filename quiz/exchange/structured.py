"""One question of a format that says plainly what is what, on its way to a row: texts, pictures, and the rules of each type."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from string import ascii_uppercase

from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.banks.question import ALTERNATIVE, BLANK, decimal_of
from quiz.exchange.answers import says_truth_plainly, truth_of
from quiz.exchange.domain import Fate, Picture, Place, RawQuestion, ReadRow, Remark, Severity
from quiz.exchange.judge import LONGEST_EXPLANATION, LONGEST_OPTION, LONGEST_STEM, LONGEST_TOPIC, RIGHT_OR_WRONG
from quiz.exchange.judgement import Judgement, Refused, excerpt_of
from quiz.exchange.markup_text import Plain, from_html
from quiz.exchange.side_fields import values_of
from quiz.vocabulary import ItemType

LETTERS = ascii_uppercase
MAX_PICTURE = 10 * 2**20
MAX_MARKUP = 4 * 2**20
_DATA_ADDRESS = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)?[^,]{0,80};base64,", re.IGNORECASE)
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)  # fmt: skip
FindPicture = Callable[[str], bytes | None]
Values = dict[str, object]


def no_pictures(_: str) -> bytes | None:
    """For formats that carry none."""
    return None


@dataclass
class Entry:
    """A question while it is read: what was noticed, and the pictures its texts show."""

    judgement: Judgement
    find_picture: FindPicture = no_pictures
    pictures: list[Picture] = field(default_factory=list)
    clause_text: str = ""

    def html(self, text: str, where: str = "stem", *, keep_lines: bool = False) -> str:
        """Plain text of an HTML fragment; its pictures are kept for `where`."""
        if len(text) > MAX_MARKUP and len(re.sub(r"base64,[A-Za-z0-9+/=\s]{1,}", "", text)) > MAX_MARKUP:
            self.judgement.refuse("too_long", "题目文字过长", action="请缩短，或拆成几题")
        return self.plain(from_html(text, keep_lines=keep_lines), where)

    def plain(self, plain: Plain, where: str = "stem") -> str:
        """Take over what markup came to: pictures, and remarks on what was left out."""
        if plain.dropped:
            message = f"已去掉不是文字的内容：{'、'.join(sorted(set(plain.dropped)))}"
            self.judgement.repair("markup_dropped", message, severity=Severity.WARNING)
        if plain.unsupported:
            names = "、".join(dict.fromkeys(plain.unsupported))
            code = "formula_unsupported" if "公式" in names else "media_unsupported"
            self.judgement.refuse(code, f"题目里有{names}，不能转成文字", action="请改写成文字或图片")
        for source in plain.images:
            self._keep(source, where)
        return plain.text

    def _keep(self, source: str, where: str) -> None:
        data = _embedded(source) if source.startswith("data:") else self.find_picture(source)
        shown = source[:60] if not source.startswith("data:") else "内嵌图片"
        if data is None:
            message = f"题目里的图片“{shown}”不在文件中"
            if where == "explanation":
                self.judgement.repair("picture_missing", f"解析里的图片“{shown}”不在文件中，已略去", severity=Severity.WARNING)
                return
            self.judgement.refuse("picture_missing", message, action="请把图片放进文件后重新导出，或改为文字描述")
        kind = media_type_of(data)
        if kind is None or len(data) > MAX_PICTURE:
            reason = f"超过 {MAX_PICTURE // 2**20} MB" if kind else "不是 PNG、JPEG、GIF、WebP 或 BMP 图片"
            self.judgement.refuse("picture_unsupported", f"图片“{shown}”{reason}", action="请换成 PNG 或 JPEG 图片")
        picture = Picture(data, kind, where)
        if picture not in self.pictures:
            self.pictures.append(picture)

    def has_picture(self, where: str) -> bool:
        return any(picture.where == where for picture in self.pictures)

    def stem(self, text: str) -> str:
        """The stem, or words in its place where there is only a picture; refused without either."""
        if text:
            return text
        if not self.has_picture("stem"):
            self.judgement.refuse("no_stem", "没有题干", action="请补写题干")
        self.judgement.repair("picture_stem", "题干只有图片，文字写成“见图”")
        return "见图"


def _embedded(source: str) -> bytes | None:
    match = _DATA_ADDRESS.match(source)
    return decode_base64(source[match.end() :]) if match else None


def decode_base64(text: str) -> bytes | None:
    """The bytes, or None where it is no base64 or too much of it."""
    if len(text) > 2 * MAX_PICTURE:
        return b"\0" * (MAX_PICTURE + 1)
    try:
        return base64.b64decode("".join(text.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def media_type_of(data: bytes) -> str | None:
    """By the first bytes; a name may lie. None for anything a browser could run."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def settle(place: Place, excerpt: str, build: Callable[[Entry], Values], *, find_picture: FindPicture = no_pictures) -> ReadRow:
    """The row a question comes to. `build` gives the values of its draft, or refuses."""
    judgement = Judgement(RawQuestion(place))
    entry = Entry(judgement, find_picture)
    try:
        draft = _drafted(entry, build(entry))
    except Refused as refusal:
        remarks = (*judgement.remarks, refusal.remark)
        return ReadRow(place, Fate.REFUSED, None, remarks, tuple(entry.pictures), entry.clause_text, excerpt_of(excerpt))
    fate = Fate.REPAIRED if judgement.repaired else Fate.ACCEPTED
    return ReadRow(place, fate, draft, tuple(judgement.remarks), tuple(entry.pictures), entry.clause_text, excerpt_of(draft.stem))


def skipped(place: Place, code: str, message: str, excerpt: str = "") -> ReadRow:
    """The row of something that is no question."""
    return ReadRow(place, Fate.SKIPPED, None, (Remark(Severity.INFO, code, message, "", place),), excerpt=excerpt_of(excerpt))


def refused(place: Place, code: str, message: str, action: str = "", excerpt: str = "") -> ReadRow:
    """The row of something that cannot even be taken apart."""
    return ReadRow(place, Fate.REFUSED, None, (Remark(Severity.ERROR, code, message, action, place),), excerpt=excerpt_of(excerpt))


def _drafted(entry: Entry, values: Values) -> ItemDraft:
    judgement = entry.judgement
    for name, longest, label in (("stem", LONGEST_STEM, "题干"), ("explanation", LONGEST_EXPLANATION, "解析")):
        length = len(str(values.get(name, "")))
        if length > longest:
            judgement.refuse("too_long", f"{label}有 {length} 字，超过 {longest} 字", at=name, action="请缩短，或拆成几题")
    topic = str(values.get("topic", ""))
    if len(topic) > LONGEST_TOPIC:
        values["topic"] = topic[:LONGEST_TOPIC]
        judgement.repair("topic_shortened", f"主题超过 {LONGEST_TOPIC} 字，只保留前面", severity=Severity.WARNING)
    try:
        return ItemDraft.model_validate({"code": ""} | values)
    except ValidationError as problem:
        reason = problem.errors()[0]["msg"].removeprefix("Value error, ")
        judgement.refuse("item_format", f"不合题目的规则：{reason}", action="请对照题型的要求改正")


def side_values(entry: Entry, labels: Sequence[str]) -> Values:
    """Side fields from labels or tags; those nobody knows are named."""
    values, unknown = values_of(labels)
    if unknown:
        entry.judgement.note("tags_dropped", f"标签没有保留：{'、'.join(unknown)[:80]}")
    return values


# What each type asks for ----------------------------------------------------------------------------------------------


def choice(
    entry: Entry, stem: str, texts: Sequence[str], right: Sequence[int], *, multiple: bool, rationales: Mapping[int, str] | None = None
) -> Values:
    """A choice among options, in the order of the file; a pair of right and wrong is a true-or-false item."""
    judgement = entry.judgement
    options = _options(entry, texts)
    if not right:
        judgement.refuse("missing_answer", "没有标出正确选项", at="answer", action="请标出正确选项")
    if not multiple and len(right) > 1:
        shown = "".join(LETTERS[place] for place in right)
        message = f"单选题标了几个正确选项：{shown}"
        judgement.refuse("several_answers_for_single", message, at="answer", action="请只留一个，或改成多选题")
    reasons = {LETTERS[place]: text for place, text in sorted((rationales or {}).items()) if text}
    truths = [truth_of(text) if says_truth_plainly(text) else None for text in texts] if len(texts) == 2 else []
    if not multiple and sorted(truths, key=str) == [False, True]:
        if list(options.values()) != list(RIGHT_OR_WRONG.values()):
            judgement.repair("type_inferred", f"选项是“{texts[0]}”和“{texts[1]}”，按判断题读取", at="type")
        order = {LETTERS[place]: "A" if truth else "B" for place, truth in enumerate(truths)}
        reasons = {order[letter]: text for letter, text in reasons.items()}
        return {"type": ItemType.TRUE_FALSE, "stem": stem, "options": dict(RIGHT_OR_WRONG), "key": [order[LETTERS[right[0]]]],
                "rationales": reasons}  # fmt: skip
    key = [LETTERS[place] for place in sorted(set(right))]
    kind = ItemType.MULTIPLE if multiple else ItemType.SINGLE
    return {"type": kind, "stem": stem, "options": options, "key": key, "rationales": reasons}


def true_false(stem: str, *, right: bool, if_wrong: str = "", if_right: str = "") -> Values:
    """A statement that is right or wrong, with what is said of either answer."""
    key, other = ("A", "B") if right else ("B", "A")
    reasons = {letter: text for letter, text in sorted({other: if_wrong, key: if_right}.items()) if text}
    return {"type": ItemType.TRUE_FALSE, "stem": stem, "options": dict(RIGHT_OR_WRONG), "key": [key], "rationales": reasons}


def _options(entry: Entry, texts: Sequence[str]) -> dict[str, str]:
    judgement = entry.judgement
    if len(texts) < 2:
        judgement.refuse("too_few_options", f"只有 {len(texts)} 个选项", at="options", action="请补写选项")
    if len(texts) > len(LETTERS):
        judgement.refuse("too_many_options", f"有 {len(texts)} 个选项，最多 {len(LETTERS)} 个", at="options", action="请减少选项")
    options: dict[str, str] = {}
    for letter, text in zip(LETTERS, texts, strict=False):
        if not text and entry.has_picture(letter):
            judgement.repair("picture_option", "选项只有图片，文字写成“见图”加选项字母", at="options")
            text = f"见图{letter}"
        if not text:
            judgement.refuse("empty_option", f"选项 {letter} 没有内容", at="options", action="请补写或删去这个选项")
        if len(text) > LONGEST_OPTION:
            judgement.refuse("too_long", f"选项 {letter} 有 {len(text)} 字，超过 {LONGEST_OPTION} 字", at="options", action="请缩短")
        twin = next((known for known, other in options.items() if other == text), None)
        if twin:
            judgement.refuse(
                "duplicate_option", f"选项 {twin} 和 {letter} 文字相同：{text[:30]}", at="options", action="请改正其中一个选项"
            )
        options[letter] = text
    return options


def figure(text: str) -> str | None:
    """The same number as Ankao writes it (`.5` → `0.5`, `1e3` → `1000`), or None where it is no decimal number."""
    text = text.strip()
    if decimal_of(text) is not None:
        return text
    if len(text) > 40 or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", text):
        return None
    try:
        plain = format(Decimal(text), "f")
    except InvalidOperation:
        return None
    return plain if decimal_of(plain) is not None else None


def numeric(entry: Entry, stem: str, value: str, *, tolerance: str = "", unit: str = "") -> Values:
    """A figure, exact or with a tolerance both ways."""
    number = figure(value)
    margin = figure(tolerance) if tolerance.strip() else ""
    if number is None:
        shown = value.strip()[:40]
        entry.judgement.refuse("figure_expected", f"计算题的答案“{shown}”不是一个确定的数", at="answer", action="请填一个数")
    if margin is None or margin.startswith("-"):
        message = f"误差“{tolerance.strip()[:40]}”不是一个不小于 0 的数"
        entry.judgement.refuse("figure_expected", message, at="tolerance", action="请填不小于 0 的数")
    if len(unit) > 20:
        entry.judgement.refuse("figure_expected", f"单位“{unit[:40]}”超过 20 个字", at="answer", action="请只填单位")
    exact = not margin or Decimal(margin) == 0
    return {"type": ItemType.NUMERIC, "stem": stem, "key": [number], "tolerance": "" if exact else margin, "unit": unit}


def between(low: str, high: str) -> tuple[str, str] | None:
    """Middle and tolerance of a range, exactly; None where the ends are no numbers in order."""
    first, last = figure(low), figure(high)
    if first is None or last is None or Decimal(first) > Decimal(last):
        return None
    middle, margin = (Decimal(first) + Decimal(last)) / 2, (Decimal(last) - Decimal(first)) / 2
    return format(middle, "f"), format(margin, "f")


def blank(entry: Entry, stem: str, answers: Sequence[Sequence[str]]) -> Values:
    """Blanks to fill, each with the texts that are accepted; a stem without a mark gets its one blank at the end."""
    judgement = entry.judgement
    stem = re.sub("_{3,}", BLANK, stem) if len(answers) == 1 and stem.count(BLANK) != 1 else stem
    if len(answers) == 1 and BLANK not in stem:
        stem += BLANK
    if stem.count(BLANK) != len(answers):
        message = f"题干有 {stem.count(BLANK)} 个空，答案有 {len(answers)} 个"
        judgement.refuse("blank_count", message, at="answer", action="请让答案与空一一对应")
    key = []
    for texts in answers:
        accepted = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
        if not accepted:
            judgement.refuse("missing_answer", "有一个空没有答案", at="answer", action="请补上每个空的答案")
        if any(ALTERNATIVE in text for text in accepted):
            judgement.refuse("answer_has_bar", f"填空题的答案里有“{ALTERNATIVE}”，安考用它分隔不同写法", at="answer", action="请改写答案")
        if len(joined := ALTERNATIVE.join(accepted)) > LONGEST_OPTION:
            judgement.refuse("too_long", f"一个空的答案共 {len(joined)} 字，超过 {LONGEST_OPTION} 字", at="answer", action="请减少写法")
        key.append(joined)
    return {"type": ItemType.BLANK, "stem": stem, "key": key}


def matching(entry: Entry, stem: str, pairs: Sequence[tuple[str, str]], others: Sequence[str] = (), *, shown: Sequence[str] = ()) -> Values:
    """Prompts and what each is matched with. Unless the file has a right column of its own (`shown`) it is sorted by its texts:
    in the order of the prompts it would give the answers away.
    """
    texts = shown or sorted({answer for _, answer in pairs} | set(others))
    options = _options(entry, texts)
    letter_of = {text: letter for letter, text in options.items()}
    prompts = check_prompts(entry, [prompt for prompt, _ in pairs])
    key = [f"{number}{letter_of[answer]}" for number, (_, answer) in zip(prompts, pairs, strict=True)]
    return {"type": ItemType.MATCHING, "stem": stem, "options": options, "prompts": prompts, "key": key}


def check_prompts(entry: Entry, texts: Sequence[str]) -> dict[str, str]:
    """The left column by number; refused where it is too short, too long, blank or repeated."""
    if len(texts) < 2:
        entry.judgement.refuse("too_few_options", f"配对题左列只有 {len(texts)} 项", at="options", action="请补写左列")
    if len(texts) > 99:
        entry.judgement.refuse("too_many_options", f"配对题左列有 {len(texts)} 项，最多 99 项", at="options", action="请拆成几题")
    if not all(texts):
        entry.judgement.refuse("empty_option", "配对题左列有一项没有内容", at="options", action="请补写或删去")
    if len(set(texts)) != len(texts):
        entry.judgement.refuse("duplicate_option", "配对题左列有两项文字相同", at="options", action="请改正其中一项")
    return {str(number): text for number, text in enumerate(texts, 1)}


def ordering(entry: Entry, stem: str, in_order: Sequence[str], *, shown: Sequence[str] = ()) -> Values:
    """Texts in their right order. Unless the file shows them in another (`shown`) the options are sorted by their texts:
    in the right order they would give the answer away.
    """
    options = _options(entry, shown or sorted(in_order))
    letter_of = {text: letter for letter, text in options.items()}
    return {"type": ItemType.ORDERING, "stem": stem, "options": options, "key": [letter_of[text] for text in in_order]}
