"""One item of QTI 2.x or 3.0: its body as stem and options, its declarations as key, its feedback as explanation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from quiz.banks.question import BLANK
from quiz.exchange import structured, xml_tree
from quiz.exchange.domain import Format, Place, ReadRow
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.markup_text import Plain
from quiz.exchange.readers.qti2_body import MARK, Body, read_body, with_blanks, without_mark
from quiz.exchange.readers.qti2_keys import Declaration, declarations, tolerance_of
from quiz.exchange.structured import LETTERS, Entry, FindPicture, Values
from quiz.exchange.xml_tree import Element
from quiz.vocabulary import ItemType

_UNSUPPORTED = {
    "associateInteraction": "关联题（associate）", "gapMatchInteraction": "拖放填空题（gapMatch）", "inlineChoiceInteraction": "下拉选择题（inlineChoice）",
    "extendedTextInteraction": "问答题（extendedText）", "hottextInteraction": "热词题（hottext）", "hotspotInteraction": "热区题（hotspot）",
    "selectPointInteraction": "图上选点题（selectPoint）", "graphicOrderInteraction": "图上排序题（graphicOrder）",
    "graphicAssociateInteraction": "图上关联题（graphicAssociate）", "graphicGapMatchInteraction": "图上拖放题（graphicGapMatch）",
    "positionObjectInteraction": "图上放置题（positionObject）", "sliderInteraction": "滑块题（slider）", "drawingInteraction": "绘图题（drawing）",
    "uploadInteraction": "上传文件题（upload）", "mediaInteraction": "音视频题（media）", "customInteraction": "自定义交互题（custom）",
    "portableCustomInteraction": "自定义交互题（portableCustom）", "endAttemptInteraction": "分步作答题（endAttempt）",
}  # fmt: skip
PART_CLASS = "ankao-part"
_KEBAB = re.compile(r"-([a-z0-9])")


def normalise(root: Element) -> Format:
    """Bring names of 2.x and 3.0, with any namespace and prefix, to those of 2.x without one; says which it was."""
    format = Format.QTI12
    for element in root.iter():
        name = xml_tree.local_name(element)
        if name.startswith("qti-"):
            format = Format.QTI30
            element.tag = _KEBAB.sub(lambda match: match[1].upper(), name.removeprefix("qti-"))
            for key in [str(key) for key in element.attrib if "-" in str(key) and not str(key).startswith("data-")]:
                element.set(_KEBAB.sub(lambda match: match[1].upper(), key), element.attrib.pop(key))
        elif name and element.tag != name:
            element.tag = name
    if format is Format.QTI12 and root.tag in ("assessmentItem", "assessmentTest", "assessmentSection", "assessmentStimulus", "itemBody"):
        format = Format.QTI21
    return format


def stimulus_text(root: Element) -> str | None:
    """The text of shared material; None where it holds more than text."""
    body = next(root.iter("stimulusBody"), None)
    if body is None:
        return None
    plain = read_body(body).plain
    return None if plain.images or plain.unsupported else plain.text


def row(item: Element, place: Place, labels: Sequence[str], find_picture: FindPicture, stimuli: Mapping[str, str]) -> ReadRow:
    """The row of one item."""
    body = item.find("itemBody")
    excerpt = excerpt_of(read_body(body).plain.text.replace(MARK, BLANK)[:2000]) if body is not None else ""
    excerpt = excerpt or item.get("title") or item.get("identifier") or ""
    if body is None or not any(_is_interaction(element) for element in body.iter()):
        return structured.skipped(place, "not_a_question", "没有作答部分，不是题目", excerpt)

    def build(entry: Entry) -> Values:
        _check_held(entry, item)
        values = _Item(entry, item, body).values()
        material = [stimuli.get(reference.get("href") or "") for reference in item.iter("assessmentStimulusRef")]
        if None in material:
            entry.judgement.refuse("stimulus_missing", "题目引用的共用材料不在文件中", action="请连同材料重新导出题包")
        if material:
            values["stem"] = "\n".join([*(text for text in material if text), str(values["stem"])])
        return structured.side_values(entry, labels) | values

    return structured.settle(place, excerpt, build, find_picture=find_picture)


def _is_interaction(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.endswith("Interaction")


def _check_held(entry: Entry, item: Element) -> None:
    if item.get("adaptive") in ("true", "1"):
        entry.judgement.kind_unsupported("自适应题（adaptive）")
    if item.find("templateDeclaration") is not None or item.find("templateProcessing") is not None:
        entry.judgement.kind_unsupported("随机参数题（template）")
    if next(item.iter("include"), None) is not None:
        entry.judgement.refuse(
            "external_reference", "题目引用了别的文件（include），没有读取", action="请在原来的软件里合成一个文件后重新导出"
        )
    if next(item.iter("printedVariable"), None) is not None:
        entry.judgement.kind_unsupported("随机参数题（printedVariable）")


class _Item:
    """An item with its declarations."""

    def __init__(self, entry: Entry, item: Element, body: Element) -> None:
        self.entry = entry
        self.item = item
        self.body = body
        self.declared = declarations(item)

    def values(self) -> Values:
        parts = [element for element in self.body.iter("div") if PART_CLASS in (element.get("class") or "").split()]
        if len(parts) >= 2:
            values = self._own_case(parts)
        else:
            body = read_body(self.body)
            values = self._several(body) if self._is_composite(body) else self._question(body)
        return values | self._explanation(values, read_body(self.body).tutor)

    def _is_composite(self, body: Body) -> bool:
        return len(body.interactions) > 1 and not all(each.tag == "textEntryInteraction" for each in body.interactions)

    def _question(self, body: Body) -> Values:
        """One question: its single interaction, or the blanks of its text."""
        interaction = body.interactions[0]
        reader = _KINDS.get(interaction.tag)
        if reader is None:
            self.entry.judgement.kind_unsupported(_UNSUPPORTED.get(interaction.tag, interaction.tag[:40]))
        return reader(self, interaction, body)

    def _declaration(self, interaction: Element) -> Declaration:
        name = interaction.get("responseIdentifier") or ""
        found = self.declared.get(name)
        if found is None:
            self.entry.judgement.refuse(
                "missing_answer", f"没有声明答案（{name[:40]}）", at="answer", action="请在原来的软件里补上答案后重新导出"
            )
        return found

    def _stem(self, interaction: Element, body: Body) -> str:
        text = self.entry.plain(body.plain)
        prompt = interaction.find("prompt")
        asked = self.entry.plain(read_body(prompt).plain) if prompt is not None else ""
        return self.entry.stem("\n".join(part for part in (without_mark(text), asked) if part))

    def _choices(self, parent: Element, name: str) -> dict[str, str]:
        """Texts of the choices by their identifier, in the order of the file."""
        found: dict[str, str] = {}
        for place, choice in enumerate(parent.iterfind(name)):
            identifier = choice.get("identifier") or ""
            if identifier in found:
                self.entry.judgement.refuse(
                    "ambiguous_options", f"选项标识重复：{identifier[:40]}", at="options", action="请改正后重新导出"
                )
            found[identifier] = self.entry.plain(read_body(choice).plain, LETTERS[min(place, 25)])
        return found

    def _inline_reasons(self, interaction: Element) -> dict[str, str]:
        return {
            choice.get("identifier") or "": "\n".join(
                self.entry.plain(read_body(each).plain, "explanation") for each in choice.iter("feedbackInline")
            )
            for choice in interaction.iterfind("simpleChoice")
        }

    # Kinds ------------------------------------------------------------------------------------------------------------

    def choice(self, interaction: Element, body: Body) -> Values:
        stem = self._stem(interaction, body)
        declared = self._declaration(interaction)
        choices = self._choices(interaction, "simpleChoice")
        multiple = declared.cardinality == "multiple"
        key = declared.key(self.entry.judgement, several=multiple)
        self._check_known(key, choices)
        names = list(choices)
        shown = self._inline_reasons(interaction) | self._modal_reasons(set(names))
        reasons = {names.index(name): text for name, text in shown.items() if text and name in choices}
        right = [names.index(name) for name in key]
        return structured.choice(self.entry, stem, list(choices.values()), right, multiple=multiple, rationales=reasons)

    def _check_known(self, key: Sequence[str], choices: Mapping[str, str]) -> None:
        strange = [name for name in key if name not in choices]
        if strange:
            message = f"答案 {strange[0][:40]} 不在选项之中"
            self.entry.judgement.refuse("answer_not_in_options", message, at="answer", action="请改正后重新导出")

    def text_entry(self, interaction: Element, body: Body) -> Values:
        declared = [self._declaration(each) for each in body.interactions]
        if len(declared) == 1 and declared[0].base_type in ("float", "integer", "duration"):
            return self._numeric(interaction, body, declared[0])
        answers = []
        for each in declared:
            if each.base_type in ("float", "integer"):
                margin = tolerance_of(self.item, each.identifier)
                if margin and margin != ("absolute", "0"):
                    self.entry.judgement.kind_unsupported("几个数值空带误差的题目")
                self.entry.judgement.repair("figures_as_blanks", "几个数值空按填空题读取", at="answer")
            answers.append(each.texts(self.entry.judgement))
        return structured.blank(self.entry, self.entry.stem(with_blanks(self.entry.plain(body.plain))), answers)

    def _numeric(self, interaction: Element, body: Body, declared: Declaration) -> Values:
        stem = self._stem(interaction, body)
        key = declared.texts(self.entry.judgement)
        if len(key) != 1:
            message = f"计算题有 {len(key)} 个满分答案，安考只能保存一个"
            self.entry.judgement.refuse("figure_expected", message, at="answer", action="请只留一个答案，可写误差")
        margin = tolerance_of(self.item, declared.identifier)
        if margin is None:
            self.entry.judgement.refuse(
                "figure_expected", "误差的写法安考不能保存（两边不同，或取有效数字）", at="tolerance", action="请改成一个误差"
            )
        how, tolerance = margin
        number = structured.figure(key[0])
        if how == "relative" and number is not None:
            tolerance = format(abs(Decimal(number)) * Decimal(tolerance) / 100, "f")
            self.entry.judgement.repair("tolerance_converted", f"误差按百分比给出，已换算为 ±{tolerance}", at="tolerance")
        return structured.numeric(self.entry, stem, key[0], tolerance=tolerance, unit=body.unit)

    def order(self, interaction: Element, body: Body) -> Values:
        stem = self._stem(interaction, body)
        choices = self._choices(interaction, "simpleChoice")
        key = self._declaration(interaction).key(self.entry.judgement, several=True)
        if sorted(key) != sorted(choices):
            self.entry.judgement.refuse("answer_not_in_options", "排序题的答案没有把每一项各排一次", at="answer", action="请改正后重新导出")
        return structured.ordering(self.entry, stem, [choices[name] for name in key], shown=list(choices.values()))

    def match(self, interaction: Element, body: Body) -> Values:
        stem = self._stem(interaction, body)
        sets = interaction.findall("simpleMatchSet")
        if len(sets) != 2:
            self.entry.judgement.refuse("too_few_options", "配对题没有左右两列", at="options", action="请改正后重新导出")
        left, right = (self._choices(each, "simpleAssociableChoice") for each in sets)
        pairs = [pair.split() for pair in self._declaration(interaction).key(self.entry.judgement, several=True)]
        if any(len(pair) != 2 for pair in pairs):
            self.entry.judgement.refuse("item_format", "配对题的答案不是一对标识", at="answer", action="请改正后重新导出")
        if any(first not in left for first, _ in pairs):
            pairs = [[second, first] for first, second in pairs]
        self._check_known([first for first, _ in pairs], left)
        self._check_known([second for _, second in pairs], right)
        if sorted(first for first, _ in pairs) != sorted(left):
            if sorted(second for _, second in pairs) != sorted(right):
                self.entry.judgement.kind_unsupported("一项可配几项或不配的配对题（match）")
            self.entry.judgement.repair("columns_swapped", "右列每一项恰好配一项，左右两列已对调", at="options")
            left, right, pairs = right, left, [[second, first] for first, second in pairs]
        answer_of = {first: right[second] for first, second in pairs}
        return structured.matching(self.entry, stem, [(text, answer_of[name]) for name, text in left.items()], shown=list(right.values()))

    # Cases ------------------------------------------------------------------------------------------------------------

    def _own_case(self, parts: Sequence[Element]) -> Values:
        """A case as Ankao writes it: each part in a division of its own."""
        bodies = [read_body(part) for part in parts]
        for part in parts:
            part.clear()
        stem = self.entry.stem(self.entry.plain(read_body(self.body).plain))
        return {"type": ItemType.CASE, "stem": stem, "parts": [_as_part(self._question(body)) for body in bodies]}

    def _several(self, body: Body) -> Values:
        """Several block interactions behind common material, each with a question of its own."""
        text = self.entry.plain(body.plain)
        strange = next((each.tag for each in body.interactions if each.tag not in _KINDS), None)
        if strange:
            self.entry.judgement.kind_unsupported(_UNSUPPORTED.get(strange, strange[:40]))
        pieces = text.split(MARK)
        if not pieces[0].strip() or pieces[-1].strip() or any(each.tag == "textEntryInteraction" for each in body.interactions):
            self.entry.judgement.kind_unsupported("几种作答混在文字中的组合题")
        parts = []
        for place, interaction in enumerate(body.interactions):
            asked = pieces[place].strip() if place else ""
            if not asked and interaction.find("prompt") is None:
                self.entry.judgement.kind_unsupported("小题没有题干的组合题")
            empty = Body(Plain(asked), [interaction])
            parts.append(_as_part(self._question(empty)))
        return {"type": ItemType.CASE, "stem": pieces[0].strip(), "parts": parts}

    # Feedback ---------------------------------------------------------------------------------------------------------

    def _modal_reasons(self, names: set[str]) -> dict[str, str]:
        if len(names) < 2 or len(self.declared) != 1:
            return {}
        shown = [each for each in self.item.iterfind("modalFeedback") if each.get("identifier") in names and each.get("showHide") != "hide"]
        return {each.get("identifier") or "": self.entry.plain(read_body(each).plain, "explanation") for each in shown}

    def _explanation(self, values: Values, tutor: Sequence[str]) -> Values:
        reasons = {each for each in self.item.iterfind("modalFeedback") if self._is_reason(each)}
        texts = [
            self.entry.plain(read_body(each).plain, "explanation") for each in self.item.iterfind("modalFeedback") if each not in reasons
        ]
        texts = list(dict.fromkeys(text for text in [*texts, *tutor] if text))
        if len(texts) > 1:
            self.entry.judgement.note("feedback_joined", f"{len(texts)} 段反馈已合为解析", at="explanation")
        if any(next(self.body.iter(name), None) is not None for name in ("feedbackBlock", "infoControl")):
            self.entry.judgement.note("feedback_dropped", "正文里作答后才显示的提示没有保留")
        return {"explanation": "\n".join(texts)}

    def _is_reason(self, feedback: Element) -> bool:
        names = {choice.get("identifier") for choice in self.body.iter("simpleChoice")}
        return len(self.declared) == 1 and feedback.get("identifier") in names


def _as_part(values: Values) -> Values:
    return {name: value for name, value in values.items() if name != "rationales"}


_KINDS: dict[str, Callable[[_Item, Element, Body], Values]] = {
    "choiceInteraction": _Item.choice,
    "textEntryInteraction": _Item.text_entry,
    "orderInteraction": _Item.order,
    "matchInteraction": _Item.match,
}
