"""Moodle XML: the whole of Moodle's question bank; kinds that Ankao cannot hold are refused by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import unquote

from quiz.banks.question import BLANK
from quiz.exchange import structured, xml_tree
from quiz.exchange.categories import topic_of
from quiz.exchange.domain import Format, Place, Reading, ReadRow, Remark, Severity
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.markup_text import from_html, looks_like_html
from quiz.exchange.readers.cloze import cloze_values
from quiz.exchange.readers.gift import without_wildcards
from quiz.exchange.readers.weights import note_uneven, right_ones
from quiz.exchange.structured import LETTERS, Entry, Values
from quiz.exchange.xml_tree import Element
from quiz.problems import Invalid

_UNSUPPORTED = {
    "essay": "问答题（essay）", "calculated": "公式计算题（calculated）", "calculatedmulti": "公式计算选择题（calculatedmulti）",
    "calculatedsimple": "公式计算题（calculatedsimple）", "gapselect": "选词填空题（gapselect）", "ddwtos": "拖放填空题（ddwtos）",
    "ddimageortext": "图上拖放题（ddimageortext）", "ddmarker": "图上标记题（ddmarker）", "random": "随机抽题（random）",
    "randomsamatch": "随机配对题（randomsamatch）", "stack": "STACK 数学题（stack）", "coderunner": "编程题（coderunner）",
    "regexp": "正则表达式填空题（regexp）", "gapfill": "选词填空题（gapfill）", "recordrtc": "录音录像题（recordrtc）",
}  # fmt: skip
_FILE_NOTES = {
    "names_dropped": "{} 道题在 Moodle 里的名称没有保留，编号由题库给出。",
    "feedback_dropped": "{} 道题的答对、答错提示没有保留（解析和各选项的说明保留）。",
    "hints_dropped": "{} 道题的分步提示没有保留。",
    "score_dropped": "{} 道题的分值没有保留，分值由试卷规定。",
}

_NOTE_OF = {
    "name": "names_dropped", "correctfeedback": "feedback_dropped", "partiallycorrectfeedback": "feedback_dropped",
    "incorrectfeedback": "feedback_dropped", "hint": "hints_dropped", "defaultgrade": "score_dropped",
}  # fmt: skip


def read(data: bytes, *, name: str = "") -> Reading:
    """Every question element with its fate; categories are skipped and become topics.

    Raises:
        Invalid: no XML, or not Moodle's.
    """
    root = xml_tree.parse(data)
    if root.tag == "question":
        questions = [root]
    elif root.tag == "quiz":
        questions = list(root)
    else:
        raise Invalid("这个 XML 不是 Moodle 题库（根元素不是 quiz）。请确认导出时选择的格式。", code="unknown_xml")
    rows, topic, notes = [], "", Counter[str]()
    for element in questions:
        place = Place(line=xml_tree.line_of(element))
        kind = (element.get("type") or "").strip()
        if element.tag != "question":
            rows.append(structured.skipped(place, "not_a_question", f"不是题目的元素 {str(element.tag)[:40]}", xml_tree.text_of(element)))
        elif kind == "category":
            path = element.findtext("category/text") or element.findtext("category") or ""
            topic = topic_of(from_html(path).text)
            rows.append(structured.skipped(place, "category", "分类，作为后面各题的主题", path))
        else:
            rows.append(_row(element, kind, place, topic))
            if rows[-1].draft is not None:
                notes.update(_left_out(element))
    remarks = tuple(Remark(Severity.INFO, code, _FILE_NOTES[code].format(count)) for code, count in sorted(notes.items()))
    return Reading(Format.MOODLE_XML, tuple(rows), remarks)


def _left_out(element: Element) -> set[str]:
    """What the question had that items have no place for."""
    found = set()
    for child in element:
        note = _NOTE_OF.get(str(child.tag))
        if note is None:
            continue
        text = child.text if child.tag == "defaultgrade" else child.findtext("text")
        text = (text or "").strip()
        if text and not (child.tag == "defaultgrade" and text.rstrip("0").rstrip(".") == "1"):
            found.add(note)
    return found


def _excerpt(element: Element) -> str:
    """The beginning of the question's text, or else its name."""
    question = element.find("questiontext")
    text = question.findtext("text") if question is not None else None
    return excerpt_of(from_html((text or element.findtext("name/text") or "")[:300]).text)


def _row(element: Element, kind: str, place: Place, topic: str) -> ReadRow:
    excerpt = _excerpt(element)
    if kind == "description":
        return structured.skipped(place, "not_a_question", "说明文字（description），不是题目", excerpt)

    def build(entry: Entry) -> Values:
        return _Question(element, entry).values(kind) | {"topic": topic}

    return structured.settle(place, excerpt, build)


class _Question:
    """One question element."""

    def __init__(self, element: Element, entry: Entry) -> None:
        self.element = element
        self.entry = entry

    def values(self, kind: str) -> Values:
        reader = _KINDS.get(kind)
        if reader is None:
            self._refuse_kind(kind)
        tags = [(tag.findtext("text") or "").strip() for tag in self.element.iterfind("tags/tag")]
        values = structured.side_values(self.entry, [tag for tag in tags if tag]) if tags else {}
        return values | reader(self) | {"explanation": self._prose("generalfeedback", "explanation")}

    def _refuse_kind(self, kind: str) -> NoReturn:
        self.entry.judgement.kind_unsupported(_UNSUPPORTED.get(kind, f"Moodle 题型 {kind[:40]}" if kind else "没有写明题型的题目"))

    # Texts ------------------------------------------------------------------------------------------------------------

    def _prose(self, name: str, where: str = "stem") -> str:
        element = self.element.find(name)
        return "" if element is None else self._text(element, where)

    def _text(self, element: Element, where: str = "stem") -> str:
        """Plain text of an element with a `text` inside, as its format says."""
        raw = element.findtext("text")
        if raw is None:
            raw = element.text or ""
        kind = element.get("format") or self._inherited()
        if kind == "plain_text":
            return raw.strip()
        if kind == "markdown" or not raw.strip():
            if "![" in raw or looks_like_html(raw):
                self.entry.judgement.note("markdown_kept", "Markdown 标记按文字保留")
            return raw.strip()
        if "<" in raw and "img" in raw.lower():
            self.entry.find_picture = lambda source: _file_in(element, source)
        return self.entry.html(raw, where, keep_lines=kind == "moodle_auto_format")

    def _inherited(self) -> str:
        questiontext = self.element.find("questiontext")
        return (questiontext.get("format") if questiontext is not None else None) or "html"

    def _stem(self) -> str:
        text = self._prose("questiontext")
        old = self.element.findtext("image_base64")
        if old and old.strip():
            self.entry.find_picture = lambda _: structured.decode_base64(old)
            self.entry.html("<img src='image'>")
        elif (self.element.findtext("image") or "").strip():
            self.entry.find_picture = structured.no_pictures
            self.entry.html(f"<img src='{(self.element.findtext('image') or '').strip()[:60]}'>")
        return self.entry.stem(text)

    def _answers(self) -> list[tuple[Element, float]]:
        found = []
        for answer in self.element.iterfind("answer"):
            share = answer.get("fraction") or answer.findtext("fraction") or "0"
            try:
                found.append((answer, float(share)))
            except ValueError:
                self.entry.judgement.refuse("item_format", f"分值“{share[:20]}”不是数", at="answer", action="请重新导出")
        return found

    def _feedback(self, answer: Element) -> str:
        feedback = answer.find("feedback")
        return "" if feedback is None else self._text(feedback, "explanation")

    # Kinds ------------------------------------------------------------------------------------------------------------

    def choice(self) -> Values:
        stem, answers = self._stem(), self._answers()
        multiple = (self.element.findtext("single") or "true").strip().lower() in ("false", "0")
        shares = [share for _, share in answers]
        right = right_ones(self.entry.judgement, shares, multiple=multiple)
        if multiple:
            note_uneven(self.entry.judgement, [shares[place] for place in right])
        texts = [self._text(answer, LETTERS[min(place, 25)]) for place, (answer, _) in enumerate(answers)]
        reasons = {place: self._feedback(answer) for place, (answer, _) in enumerate(answers)}
        return structured.choice(self.entry, stem, texts, right, multiple=multiple, rationales=reasons)

    def true_false(self) -> Values:
        stem = self._stem()
        truths = {(answer.findtext("text") or "").strip().lower(): (answer, share) for answer, share in self._answers()}
        if set(truths) != {"true", "false"} or sorted(share > 0 for _, share in truths.values()) != [False, True]:
            self.entry.judgement.refuse("missing_answer", "判断题没有标明对错", at="answer", action="请在 Moodle 中改正后重新导出")
        right = truths["true"][1] > 0
        wrong_one, right_one = truths[str(not right).lower()][0], truths[str(right).lower()][0]
        return structured.true_false(stem, right=right, if_wrong=self._feedback(wrong_one), if_right=self._feedback(right_one))

    def _full(self) -> list[Element]:
        """Answers with full marks, without the catch-all that only carries feedback."""
        answers = self._answers()
        if any((answer.findtext("feedback/text") or "").strip() for answer, _ in answers):
            self.entry.judgement.note("feedback_dropped", "各答案的反馈没有保留")
        partial = [(answer.findtext("text") or "").strip() for answer, share in answers if 0 < share < 99.99]
        if partial:
            message = f"只得部分分的答案没有保留：{'、'.join(partial)[:80]}"
            self.entry.judgement.repair("partial_credit_dropped", message, at="answer", severity=Severity.WARNING)
        return [answer for answer, share in answers if share >= 99.99]

    def blank(self) -> Values:
        stem = self._stem()
        if (self.element.findtext("usecase") or "0").strip() in ("1", "true"):
            self.entry.judgement.note("case_ignored", "原题区分大小写，安考的填空题不区分", at="answer")
        texts = [(answer.findtext("text") or "").strip() for answer in self._full()]
        stem = re.sub("(?<!_)_{5}(?!_)", BLANK, stem)  # how Moodle marks a missing word
        return structured.blank(self.entry, stem, [without_wildcards(self.entry, texts)])

    def numeric(self) -> Values:
        stem, full = self._stem(), self._full()
        if len(full) != 1:
            message = f"计算题有 {len(full)} 个满分答案，安考只能保存一个"
            self.entry.judgement.refuse("figure_expected", message, at="answer", action="请只留一个答案，可写误差")
        units = [((unit.findtext("multiplier") or "1").strip(), (unit.findtext("unit_name") or "").strip())
                 for unit in self.element.iterfind("units/unit")]  # fmt: skip
        base = next((name for multiplier, name in units if structured.figure(multiplier) and float(multiplier) == 1), "")
        if len(units) > 1:
            others = "、".join(name for _, name in units if name != base)
            self.entry.judgement.repair("units_dropped", f"只保留单位“{base}”，其他单位没有保留：{others[:60]}", at="answer")
        value = (full[0].findtext("text") or full[0].text or "").strip()
        return structured.numeric(self.entry, stem, value, tolerance=(full[0].findtext("tolerance") or "").strip(), unit=base)

    def matching(self) -> Values:
        stem, pairs, others = self._stem(), [], []
        for sub in self.element.iterfind("subquestion"):
            right = sub.find("answer")
            prompt, text = self._text(sub), "" if right is None else (right.findtext("text") or "").strip()
            if prompt:
                pairs.append((prompt, text))
            elif text:
                others.append(text)
        return structured.matching(self.entry, stem, pairs, others)

    def ordering(self) -> Values:
        stem, answers = self._stem(), self._answers()
        texts = [self._text(answer) for answer, _ in answers]
        count = structured.figure(self.element.findtext("selectcount") or "")
        if (self.element.findtext("selecttype") or "").strip() not in ("", "0", "ALL") and count and 0 < float(count) < len(texts):
            self.entry.judgement.repair("selection_dropped", f"原题每次只取 {count} 项来排，安考每次全部排", at="options")
        return structured.ordering(self.entry, stem, texts)

    def cloze(self) -> Values:
        questiontext = self.element.find("questiontext")
        raw = "" if questiontext is None else questiontext.findtext("text") or ""
        element = self.element if questiontext is None else questiontext
        self.entry.find_picture = lambda source: _file_in(element, source)
        return cloze_values(self.entry, raw)


_KINDS: dict[str, Callable[[_Question], Values]] = {
    "multichoice": _Question.choice,
    "truefalse": _Question.true_false,
    "shortanswer": _Question.blank,
    "numerical": _Question.numeric,
    "matching": _Question.matching,
    "match": _Question.matching,
    "ordering": _Question.ordering,
    "cloze": _Question.cloze,
    "multianswer": _Question.cloze,
}


def _file_in(element: Element, source: str) -> bytes | None:
    """The file that a picture's address names, embedded beside the text."""
    name = unquote(re.sub(r"^@@PLUGINFILE@@/|\?.*$", "", source)).rsplit("/", 1)[-1]
    for file in element.iterfind("file"):
        if file.get("name") == name:
            return structured.decode_base64(file.text or "")
    return None
