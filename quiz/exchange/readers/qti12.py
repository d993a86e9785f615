"""One item of QTI 1.2, as Canvas, Blackboard and others write it: presentation, response processing, feedback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from quiz.banks.question import BLANK
from quiz.exchange import structured, xml_tree
from quiz.exchange.domain import Place, ReadRow
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.markup_text import Plain, looks_like_html
from quiz.exchange.readers.qti2_body import read_body
from quiz.exchange.readers.qti12_scoring import conditions, figure_wanted, texts_wanted
from quiz.exchange.structured import LETTERS, Entry, FindPicture, Values
from quiz.exchange.xml_tree import Element

_KIND_FIELDS = ("question_type", "bbmd_questiontype", "qmd_itemtype", "cc_profile")
_UNSUPPORTED = {
    "essay_question": "问答题（essay）", "essay": "问答题（essay）",
    "file_upload_question": "上传文件题（file upload）", "file upload": "上传文件题（file upload）",
    "calculated_question": "公式计算题（calculated）", "calculated": "公式计算题（calculated）", "multiple_dropdowns_question": "下拉选择题（dropdowns）",
    "hot spot": "热区题（hot spot）", "either/or": "二选一题（either/or）", "quiz bowl": "抢答题（quiz bowl）", "opinion scale": "量表题（opinion scale）",
    "jumbled sentence": "词语重组题（jumbled sentence）", "short response": "问答题（short response）", "cc.essay.v0p1": "问答题（essay）",
    "cc.pattern_match.v0p1": "模式匹配题（pattern match）",
}  # fmt: skip
_GENERAL = ("general_fb", "general", "solution", "hint")
_OUTCOMES = ("correct_fb", "general_incorrect_fb", "incorrect_fb", "correct", "incorrect", "general_correct_fb", "general_correct")


def row(item: Element, place: Place, find_picture: FindPicture) -> ReadRow:
    """The row of one item, names without prefix."""
    presentation = item.find("presentation")
    kinds = {value.strip().lower() for value in _metadata(item, _KIND_FIELDS)}
    excerpt = excerpt_of(xml_tree.text_of(presentation)[:3000]) or item.get("title") or item.get("ident") or ""
    if presentation is None or "text_only_question" in kinds:
        return structured.skipped(place, "not_a_question", "没有作答部分，不是题目", excerpt)

    def build(entry: Entry) -> Values:
        return _Item(entry, item, presentation, kinds).values()

    return structured.settle(place, excerpt, build, find_picture=find_picture)


def _metadata(item: Element, names: Sequence[str]) -> Iterator[str]:
    for field in item.iter("qtimetadatafield"):
        if (field.findtext("fieldlabel") or "").strip() in names:
            yield field.findtext("fieldentry") or ""
    for name in names:
        for element in item.iter(name):
            yield element.text or ""


class _Item:
    """An item with its responses in the order of the presentation."""

    def __init__(self, entry: Entry, item: Element, presentation: Element, kinds: set[str]) -> None:
        self.entry = entry
        self.item = item
        self.kinds = kinds
        self.presentation = presentation
        self.responses = [each for each in presentation.iter() if isinstance(each.tag, str) and each.tag.startswith("response_")
                          and each.tag in ("response_lid", "response_str", "response_num", "response_grp", "response_xy")]  # fmt: skip
        self.conditions = conditions(item)

    def values(self) -> Values:
        judgement = self.entry.judgement
        named = next((_UNSUPPORTED[kind] for kind in sorted(self.kinds) if kind in _UNSUPPORTED), "")
        if named:
            judgement.kind_unsupported(named)
        strange = [
            each.tag
            for each in self.presentation.iter("render_hotspot", "render_slider", "render_extension", "response_xy", "response_grp")
        ]
        if strange:
            judgement.kind_unsupported(f"QTI 1.2 的 {strange[0]}")
        if not self.responses:
            judgement.kind_unsupported("没有作答方式的题目")
        if "matching" in self.kinds and any(len(set(each.iter("response_label"))) < 2 for each in self.responses):
            judgement.kind_unsupported("Blackboard 配对题（matching）")
        values = self._reader()(self)
        values["stem"] = "\n".join([*self._shared_material(), str(values["stem"])])
        return values | {"explanation": self._explanation()}

    def _reader(self) -> Callable[[_Item], Values]:
        tags = {each.tag for each in self.responses}
        if "matching_question" in self.kinds or "matching" in self.kinds:
            return _Item.matching
        if "fill_in_multiple_blanks_question" in self.kinds:
            return _Item.named_blanks
        if tags == {"response_lid"}:
            return _Item.choice if len(self.responses) == 1 else _Item.matching
        if tags <= {"response_str", "response_num"}:
            return self._entry_reader()
        self.entry.judgement.kind_unsupported("几种作答混合的题目")

    def _entry_reader(self) -> Callable[[_Item], Values]:
        fibs = list(self.presentation.iter("render_fib"))
        wanted = any(condition.earns for condition in self.conditions)
        if not wanted and any((fib.get("rows") or "1") not in ("", "1") or not self.kinds for fib in fibs):
            self.entry.judgement.kind_unsupported("问答题（没有标准答案）")
        kinds = {(fib.get("fibtype") or "").lower() for fib in fibs}
        is_figure = kinds & {"decimal", "integer"} or "response_num" in {each.tag for each in self.responses}
        if "numerical_question" in self.kinds or "numeric" in self.kinds or (len(self.responses) == 1 and is_figure):
            return _Item.numeric
        return _Item.blank

    def _shared_material(self) -> Iterator[str]:
        """What Canvas shows beside the question: the text of another item of the file."""
        for name in _metadata(self.item, ("parent_stimulus_item_ident",)):
            parent = next((each for each in self.item.getroottree().iter("item") if each.get("ident") == name.strip()), None)
            shown = parent.find("presentation") if parent is not None else None
            if shown is None:
                self.entry.judgement.refuse("stimulus_missing", "题目引用的共用材料不在文件中", action="请连同材料重新导出题包")
            yield self._material(shown)

    # Texts ------------------------------------------------------------------------------------------------------------

    def _material(self, element: Element, where: str = "stem") -> str:
        """Plain text of all material inside, one piece a line."""
        texts = []
        for piece in element.iter(
            "mattext", "matemtext", "mat_formattedtext", "matimage", "mataudio", "matvideo", "matapplet", "matapplication", "matref"
        ):
            if piece.tag == "matimage":
                self._keep_image(piece, where)
            elif piece.tag in ("mattext", "matemtext", "mat_formattedtext"):
                texts.append(self._mattext(piece, where))
            else:
                self.entry.plain(Plain("", unsupported=("音视频或其他媒体",)), where)
        return "\n".join(text for text in texts if text)

    def _mattext(self, piece: Element, where: str) -> str:
        if len(piece):
            return self.entry.plain(read_body(piece).plain, where)
        text = piece.text or ""
        if (piece.get("texttype") or piece.get("type") or "text/plain").lower() in ("text/html", "text/xhtml", "html"):
            return self.entry.html(text, where)
        if looks_like_html(text):
            self.entry.judgement.repair("html_stripped", "没有标明是网页格式，但文字里有网页标记，已转成文字")
            return self.entry.html(text, where, keep_lines=True)
        return text.strip()

    def _keep_image(self, piece: Element, where: str) -> None:
        embedded = (piece.text or "").strip()
        address = piece.get("uri") or ""
        if embedded and not address:
            address = f"data:image;base64,{embedded}"
        self.entry.plain(Plain("", images=(address,)), where)

    def _stem(self, *, gap: str = "") -> str:
        """Material outside the responses; with `gap`, that in place of each response."""
        texts: list[str] = []
        self._gather(self.presentation, texts, gap)
        text = "\n".join(text for text in texts if text)
        if gap:
            text = re.sub(rf"\n?({re.escape(gap)})\n?", r"\1", text)
        return self.entry.stem(text.strip())

    def _gather(self, element: Element, texts: list[str], gap: str) -> None:
        for child in element:
            if child.tag == "material":
                texts.append(self._material(child))
            elif child in self.responses:
                texts += [self._material(each) for each in child.iterfind("material")] if len(self.responses) == 1 else []
                fibs = [fib for render in child.iter("render_fib", "flow_mat") for fib in render.iterfind("material")]
                texts += [self._material(each) for each in fibs if child.tag != "response_lid"]
                texts.append(gap)
            elif isinstance(child.tag, str):
                self._gather(child, texts, gap)

    def _labels(self, response: Element) -> dict[str, str]:
        """Texts of the choices by their identifier."""
        found: dict[str, str] = {}
        for place, label in enumerate(response.iter("response_label")):
            found[label.get("ident") or f"#{place}"] = self._material(label, LETTERS[min(place, 25)])
        return found

    # Kinds ------------------------------------------------------------------------------------------------------------

    def choice(self) -> Values:
        response = self.responses[0]
        stem, labels = self._stem(), self._labels(response)
        name, multiple = response.get("ident") or "", (response.get("rcardinality") or "Single").lower() == "multiple"
        if (response.get("rcardinality") or "").lower() == "ordered":
            key = self._wanted_in_order(name)
            if sorted(key) != sorted(labels):
                self.entry.judgement.refuse(
                    "answer_not_in_options", "排序题的答案没有把每一项各排一次", at="answer", action="请改正后重新导出"
                )
            return structured.ordering(self.entry, stem, [labels[each] for each in key], shown=list(labels.values()))
        key = self._wanted(name, several=multiple)
        strange = [each for each in key if each not in labels]
        if strange:
            message = f"答案 {strange[0][:40]} 不在选项之中"
            self.entry.judgement.refuse("answer_not_in_options", message, at="answer", action="请改正后重新导出")
        names = list(labels)
        reasons = {names.index(each): text for each, text in self._reasons(name).items() if each in labels}
        right = [names.index(each) for each in key]
        return structured.choice(self.entry, stem, list(labels.values()), right, multiple=multiple, rationales=reasons)

    def _wanted(self, name: str, *, several: bool) -> list[str]:
        earning = [condition for condition in self.conditions if condition.earns and condition.wants(name)]
        if not several and earning:
            most = max(condition.score for condition in earning)
            if any(condition.score < most for condition in earning):
                self.entry.judgement.repair("partial_credit_dropped", "只得部分分的选项按错误选项读取", at="answer")
            earning = [condition for condition in earning if condition.score == most]
        found = list(dict.fromkeys(value for condition in earning for value in condition.wants(name)))
        if not found:
            self.entry.judgement.refuse("missing_answer", "没有正确答案", at="answer", action="请在原来的软件里补上答案后重新导出")
        return found

    def _wanted_in_order(self, name: str) -> list[str]:
        return next((condition.wants(name) for condition in self.conditions if condition.earns), [])

    def matching(self) -> Values:
        stem = self._stem()
        labels = [self._labels(response) for response in self.responses]
        if any(set(each.values()) != set(labels[0].values()) for each in labels):
            self.entry.judgement.kind_unsupported("每一项各有不同选项的配对题")
        pairs = []
        for response, texts in zip(self.responses, labels, strict=True):
            wanted = self._wanted(response.get("ident") or "", several=True)
            if len(wanted) != 1 or wanted[0] not in texts:
                self.entry.judgement.kind_unsupported("一项可配几项的配对题")
            pairs.append(("\n".join(self._material(each) for each in response.iterfind("material")), texts[wanted[0]]))
        shown = list(dict.fromkeys(labels[0].values()))
        return structured.matching(self.entry, stem, pairs, shown=shown)

    def named_blanks(self) -> Values:
        """Canvas: `[name]` in the stem is a blank, and each has a list of the texts that are accepted."""
        stem, answers, places = self._stem(), [], []
        for response in self.responses:
            name = "\n".join(self._material(each) for each in response.iterfind("material"))
            labels = self._labels(response)
            answers.append([labels[each] for each in self._wanted(response.get("ident") or "", several=True) if each in labels])
            places.append(stem.find(f"[{name}]"))
            if stem.count(f"[{name}]") != 1:
                self.entry.judgement.refuse("blank_count", f"题干里找不到空 [{name[:30]}]，或它不止一处", action="请改正后重新导出")
        for response in self.responses:
            name = "\n".join(self._material(each) for each in response.iterfind("material"))
            stem = stem.replace(f"[{name}]", BLANK)
        return structured.blank(self.entry, stem, [answer for _, answer in sorted(zip(places, answers, strict=True))])

    def numeric(self) -> Values:
        stem = self._stem()
        value, tolerance = figure_wanted(self.entry.judgement, self.conditions)
        return structured.numeric(self.entry, stem, value, tolerance=tolerance)

    def blank(self) -> Values:
        answers = [texts_wanted(self.entry.judgement, self.conditions, each.get("ident") or "") for each in self.responses]
        return structured.blank(self.entry, self._stem(gap=BLANK if len(self.responses) > 1 else ""), answers)

    # Feedback ---------------------------------------------------------------------------------------------------------

    def _feedback(self) -> dict[str, str]:
        return {each.get("ident") or "": self._material(each, "explanation") for each in self.item.iterfind("itemfeedback")}

    def _reasons(self, name: str) -> dict[str, str]:
        """What is said of one option: feedback that a condition on that option alone shows."""
        feedback = self._feedback()
        return {
            values[0]: feedback[shown]
            for condition in self.conditions
            for values in [condition.wants(name)]
            for shown in condition.shows
            if len(values) == 1 and condition.is_plain and feedback.get(shown) and shown not in _OUTCOMES + _GENERAL
        }

    def _explanation(self) -> str:
        feedback = self._feedback()
        if any(feedback.get(name) for name in _OUTCOMES):
            self.entry.judgement.note("feedback_dropped", "答对、答错的提示没有保留", at="explanation")
        texts = [text for name, text in feedback.items() if text and (name in _GENERAL or name.startswith("general_fb"))]
        return "\n".join(dict.fromkeys(texts))
