"""GIFT, Moodle's text format: questions divided by blank lines, answers in braces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quiz.banks.question import BLANK
from quiz.exchange import structured
from quiz.exchange.categories import topic_of
from quiz.exchange.decoding import decoded
from quiz.exchange.domain import Format, Place, Reading, ReadRow, Remark, Severity
from quiz.exchange.markup_text import looks_like_html, without_forbidden
from quiz.exchange.readers.weights import note_uneven, right_ones
from quiz.exchange.structured import Entry, Values

_ESCAPED = re.compile(r"\\([\\:#={}~n])")
_SIGNS = "\\:#={}~n"
_HIDDEN = {sign: chr(place) for place, sign in enumerate(_SIGNS, 1)}
"""Escaped signs stand as control characters, which no text holds, until the question is taken apart."""
_SHOWN = str.maketrans({hidden: "\n" if sign == "n" else sign for sign, hidden in _HIDDEN.items()})
_HIDDEN_SIGN = re.compile("[\x01-\x08]")
_TITLE = re.compile(r"::(.*?)::", re.DOTALL)
_FORMAT = re.compile(r"\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_TAG = re.compile(r"\[(id|tag):((?:\\.|[^\]\\])*)\]")
_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
_WRAPPED = re.compile(r"[ \t]*\n[ \t]*")
_TRUTHS = {"T": True, "TRUE": True, "F": False, "FALSE": False}


@dataclass
class _Block:
    """Lines up to a blank one."""

    line: int
    lines: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    topic: str = ""
    joined: bool = False
    """A blank line inside its braces was passed over."""


@dataclass(frozen=True)
class _Answer:
    """One answer in the braces, as written."""

    sign: str
    weight: float | None
    text: str
    feedback: str


def read(data: bytes, *, name: str = "") -> Reading:
    """Every question of the file with its fate; comments are no questions, categories are skipped and become topics."""
    text = decoded(data)
    clean = without_forbidden(text)
    rows: list[ReadRow] = []
    named = 0
    for block in _blocks(clean):
        found, has_name = _rows(block)
        rows += found
        named += has_name
    remarks = []
    if clean != text:
        remarks.append(Remark(Severity.WARNING, "control_characters", "文件中的不可见控制字符已去掉。"))
    if named:
        remarks.append(Remark(Severity.INFO, "names_dropped", f"{named} 道题在 GIFT 里的名称没有保留，编号由题库给出。"))
    return Reading(Format.GIFT, tuple(rows), tuple(remarks))


# Blocks ---------------------------------------------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[_Block]:
    """Questions and category lines, each with the line it begins on."""
    lines = text.split("\n")
    block, topic, depth = _Block(0), "", 0
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if bare.startswith("//"):
            block.labels += [match[2].replace("\\]", "]") for match in _TAG.finditer(bare) if match[1] == "tag"]
            continue
        if bare.startswith("$CATEGORY:"):
            yield from _finished(block)
            topic = topic_of(bare.removeprefix("$CATEGORY:"))
            yield _Block(number, [bare])
            block, depth = _Block(0, topic=topic), 0
        elif bare:
            if not block.lines:
                block.line, block.topic = number, topic
            block.lines.append(line)
            depth += _depth(line)
        elif depth > 0 and _closes_later(lines, number):
            block.lines.append("")
            block.joined = True
        else:
            yield from _finished(block)
            block, depth = _Block(0, topic=topic), 0
    yield from _finished(block)


def _finished(block: _Block) -> Iterator[_Block]:
    if block.lines:
        yield block


def _depth(line: str) -> int:
    if "\\" in line:
        line = _ESCAPED.sub("", line)
    return line.count("{") - line.count("}")


def _closes_later(lines: Sequence[str], at: int) -> bool:
    """Does the next paragraph close the braces before it opens others?"""
    for line in lines[at : at + 60]:
        plain = _ESCAPED.sub("", line)
        for sign in plain:
            if sign in "{}":
                return sign == "}"
    return False


def _shown(text: str) -> str:
    """The text with its escaped signs back."""
    return text.translate(_SHOWN) if _HIDDEN_SIGN.search(text) else text


def _rows(block: _Block) -> tuple[list[ReadRow], int]:
    """The rows of a block: one question, or several that stand without a blank line between them."""
    place = Place(line=block.line)
    first = block.lines[0].strip()
    if first.startswith("$CATEGORY:"):
        return [structured.skipped(place, "category", "分类，作为后面各题的主题", first)], 0
    text = _ESCAPED.sub(lambda match: _HIDDEN[match[1]], "\n".join(block.lines))
    rows, named, at = [], 0, 0
    pieces = _pieces(text)
    for piece in pieces:
        line = block.line + text.count("\n", 0, at + len(piece) - len(piece.lstrip()))
        rows.append(_row(piece, Place(line=line), block, separated=len(pieces) == 1))
        named += piece.lstrip().startswith("::")
        at += len(piece)
    return rows, named


def _pieces(text: str) -> list[str]:
    """The block divided behind each `}` that ends a line and is followed by another question."""
    if text.count("{") < 2:
        return [text]
    pieces = re.split(r"(?<=})(?=[ \t]*\n)", text)
    whole = [piece for piece in pieces if piece.strip()]
    if len(whole) > 1 and all(piece.count("{") == 1 == piece.count("}") for piece in whole):
        return [piece for piece in pieces if piece.strip()]
    return [text]


# One question ---------------------------------------------------------------------------------------------------------


def _row(text: str, place: Place, block: _Block, *, separated: bool) -> ReadRow:
    text = text.strip()
    opens, closes = text.find("{"), text.find("}")
    shown = _shown(text[:200])
    if opens < 0 and closes < 0:
        return structured.skipped(place, "not_a_question", "没有答案的说明文字，不是题目", shown)
    if opens < 0 or closes < opens:
        message = "答案的花括号没有配对" if opens >= 0 or closes >= 0 else ""
        return structured.refused(place, "unclosed_braces", f"第 {place.line} 行开始的题目：{message}", "请补上缺少的 { 或 }", shown)
    if text.count("{") > 1 or text.count("}") > 1:
        message = "一道题里有几处花括号，看不出哪一处是答案"
        return structured.refused(place, "several_answer_blocks", message, "请拆成几题，或在文字里的花括号前加反斜杠", shown)

    def build(entry: Entry) -> Values:
        if block.joined:
            entry.judgement.repair("blank_line_in_answers", "花括号里有空行，已合为一题")
        if not separated:
            entry.judgement.repair("missing_blank_line", "两题之间没有空行，已分开")
        values = _Question(entry, text[:opens], text[opens + 1 : closes], text[closes + 1 :]).values()
        return {"topic": block.topic} | structured.side_values(entry, block.labels) | values

    return structured.settle(place, shown, build)


class _Question:
    """The text before, between and behind the braces."""

    def __init__(self, entry: Entry, before: str, body: str, after: str) -> None:
        self.entry = entry
        self.format = ""
        title = _TITLE.match(before.lstrip())
        if title:
            before = before.lstrip()[title.end() :]
        if after.strip():
            before += BLANK + after.rstrip()
        match = _FORMAT.match(before.lstrip())
        if match:
            self.format = match[1].lower()
            before = before.lstrip()[match.end() :]
        cut = body.rfind("####")
        self.general = body[cut + 4 :] if cut >= 0 else ""
        self.body = (body[:cut] if cut >= 0 else body).strip()
        self.stem_text = before

    def values(self) -> Values:
        body, judgement = self.body, self.entry.judgement
        if not body:
            judgement.kind_unsupported("问答题（花括号里没有答案）")
        if body.startswith(">"):
            judgement.kind_unsupported("GIFT 扩展写法的排序题")
        stem = self.entry.stem(self._text(self.stem_text))
        truth = _TRUTHS.get(body.split("#", 1)[0].strip().upper())
        if truth is not None:
            notes = [self._text(note) for note in body.split("#")[1:3]] + ["", ""]
            values = structured.true_false(stem, right=truth, if_wrong=notes[0], if_right=notes[1])
        elif body.startswith("#"):
            values = self._numeric(stem)
        elif "~" in body:
            values = self._choice(stem)
        elif "=" in body and "->" in body:
            values = self._matching(stem)
        else:
            values = self._blank(stem)
        return values | {"explanation": self._text(self.general, "explanation")}

    def _text(self, text: str, where: str = "stem") -> str:
        """The text as its format says: marked as HTML, plain, or Moodle's own, which may hold both."""
        text = text.strip()
        match = _FORMAT.match(text) if text.startswith("[") else None
        kind = match[1].lower() if match else self.format
        text = text[match.end() :] if match else text
        if kind != "html" and "\n" in text:
            text = _WRAPPED.sub("\n", text.strip())
        text = _shown(text)
        if kind == "html":
            return self.entry.html(text, where)
        if kind == "markdown" and re.search(r"[*_`#\[\]]", text):
            self.entry.judgement.note("markdown_kept", "Markdown 标记按文字保留")
        if kind in ("", "moodle") and looks_like_html(text):
            if not kind:
                self.entry.judgement.repair("html_stripped", "没有标明是网页格式，但文字里有网页标记，已转成文字")
            return self.entry.html(text, where, keep_lines=True)
        return text.strip()

    def _answers(self, text: str, signs: str) -> list[_Answer]:
        pieces = re.split(f"([{signs}])", text)
        found = []
        if pieces[0].strip():
            if len(pieces) > 1:
                self.entry.judgement.refuse(
                    "ambiguous_options", "花括号里第一个答案前没有 = 或 ~", at="options", action="请给每个答案加上 = 或 ~"
                )
            self.entry.judgement.repair("missing_equals", "花括号里的答案前没有等号，按正确答案读取", at="answer")
            pieces = ["", "=", pieces[0]]
        for sign, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            piece = piece.strip()
            weight = _WEIGHT.match(piece)
            piece = piece[weight.end() :] if weight else piece
            answer, _, feedback = piece.partition("#")
            found.append(_Answer(sign, float(weight[1]) if weight else None, answer, feedback))
        return found

    def _choice(self, stem: str) -> Values:
        answers = self._answers(self.body, "~=")
        shares = [100.0 if answer.sign == "=" and answer.weight is None else answer.weight or 0.0 for answer in answers]
        multiple = not any(answer.sign == "=" for answer in answers) or max(shares) < 100
        if multiple and any(answer.sign == "=" for answer in answers):
            self.entry.judgement.repair("several_answers_for_single", "正确答案各占一部分分值，按多选题读取", at="type")
        right = right_ones(self.entry.judgement, shares, multiple=multiple)
        if multiple:
            note_uneven(self.entry.judgement, [shares[place] for place in right])
        texts = [self._text(answer.text, structured.LETTERS[min(place, 25)]) for place, answer in enumerate(answers)]
        reasons = {place: self._text(answer.feedback, "explanation") for place, answer in enumerate(answers)}
        return structured.choice(self.entry, stem, texts, right, multiple=multiple, rationales=reasons)

    def _matching(self, stem: str) -> Values:
        pairs, others = [], []
        for answer in self._answers(self.body, "="):
            prompt, arrow, text = (answer.text + ("#" + answer.feedback if answer.feedback else "")).partition("->")
            if not arrow:
                self.entry.judgement.refuse(
                    "missing_answer", f"配对“{prompt.strip()[:30]}”没有写 ->", at="answer", action="请写成 左 -> 右"
                )
            left, right = self._text(prompt), self._text(text)
            if left:
                pairs.append((left, right))
            else:
                others.append(right)
        return structured.matching(self.entry, stem, pairs, others)

    def _full(self, answers: Sequence[_Answer]) -> list[_Answer]:
        """Answers with full marks; what earns a part of them cannot be held."""
        if any(answer.feedback.strip() for answer in answers):
            self.entry.judgement.note("feedback_dropped", "各答案的反馈没有保留")
        full = [answer for answer in answers if answer.sign == "=" and (answer.weight is None or answer.weight >= 100)]
        partial = [_shown(answer.text.strip()) for answer in answers if answer.weight is not None and 0 < answer.weight < 100]
        if partial:
            message = f"只得部分分的答案没有保留：{'、'.join(partial)[:80]}"
            self.entry.judgement.repair("partial_credit_dropped", message, at="answer", severity=Severity.WARNING)
        return full

    def _numeric(self, stem: str) -> Values:
        body = self.body[1:].strip()
        answers = self._answers(body if "=" in body else f"={body}", "=~")
        full = self._full(answers)
        if len(full) != 1:
            message = f"计算题有 {len(full)} 个满分答案，安考只能保存一个"
            self.entry.judgement.refuse("figure_expected", message, at="answer", action="请只留一个答案，可写误差")
        text = _shown(full[0].text).strip()
        low, dots, high = text.partition("..")
        if dots:
            ends = structured.between(low, high)
            if ends is None:
                self.entry.judgement.refuse("figure_expected", f"范围“{text[:40]}”不是两个数", at="answer", action="请写成 1..5")
            return structured.numeric(self.entry, stem, ends[0], tolerance=ends[1])
        value, _, tolerance = text.partition(":")
        return structured.numeric(self.entry, stem, value, tolerance=tolerance)

    def _blank(self, stem: str) -> Values:
        full = self._full(self._answers(self.body, "="))
        texts = [self._text(answer.text) for answer in full]
        return structured.blank(self.entry, stem, [without_wildcards(self.entry, texts)])


def without_wildcards(entry: Entry, texts: Sequence[str]) -> list[str]:
    """Accepted texts of a short answer; a star that stands for anything cannot be held, an escaped one is a star."""
    kept = []
    for text in texts:
        if "*" in text.replace("\\*", ""):
            message = f"答案“{text[:40]}”用 * 代表任意文字，安考只收确定的答案"
            entry.judgement.refuse("wildcard_answer", message, at="answer", action="请写出可接受的答案")
        kept.append(text.replace("\\*", "*"))
    return kept
