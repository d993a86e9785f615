"""Judging a question from a messy file: what it asks and what answers it, what had to be repaired, or why it is refused."""

from __future__ import annotations

import re

from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.exchange.answers import Chosen, choose, letters_of, options_behind_stem, plain_answer, says_truth_plainly, truth_of
from quiz.exchange.domain import Fate, RawQuestion, ReadRow, Severity
from quiz.exchange.judgement import Judgement, Refused, Settled, excerpt_of, refused
from quiz.exchange.kinds import NOTHING, stated_difficulty, stated_type
from quiz.exchange.open_answers import count_blanks, has_blank, settle_blanks, settle_figure, settle_pairs
from quiz.exchange.option_list import Ambiguous, Found, OptionList, arrange, split_off_options, split_options
from quiz.exchange.wording import answer_in_stem, half_width, tidy, without_number, without_tag
from quiz.vocabulary import Difficulty, ItemKind, ItemType, PostRole

RIGHT_OR_WRONG = {"A": "正确", "B": "错误"}
LONGEST_STEM, LONGEST_EXPLANATION, LONGEST_TOPIC, LONGEST_OPTION = 4000, 4000, 80, 2000
_CHOICES = (ItemType.SINGLE, ItemType.MULTIPLE)


def judge(raw: RawQuestion) -> ReadRow:
    """The row this question comes to: an item with what was repaired, or a refusal that names the cell and what to do."""
    judgement = Judgement(raw)
    try:
        draft = _Judge(judgement).draft()
    except Refused as refusal:
        return refused(raw, [*judgement.remarks, refusal.remark])
    fate = Fate.REPAIRED if judgement.repaired else Fate.ACCEPTED
    clause = tidy(raw.extra.get("clause", ""))[0]
    return ReadRow(raw.place, fate, draft, tuple(judgement.remarks), raw.pictures, clause, excerpt_of(draft.stem))


class _Judge:
    """One question on its way from raw texts to a draft."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.raw = judgement.raw
        self.stem = ""
        self.answer = ""
        self.stated = NOTHING
        self.found: list[Found] = []
        self.list = OptionList()

    def draft(self) -> ItemDraft:
        self._read_stem()
        self._read_type()
        self._read_answer()
        self._read_options()
        settled = self._settle()
        return self._drafted(settled)

    # Reading ----------------------------------------------------------------------------------------------------------

    def _tidy(self, text: str, *, at: str) -> str:
        clean, changed = tidy(text)
        if changed:
            self.judgement.repair("whitespace", "特殊空白字符（如不间断空格、全角空格、制表符）已整理", at=at)
        return clean

    def _read_stem(self) -> None:
        stem = self._tidy(self.raw.stem, at="stem")
        stem, self.tag = without_tag(stem)
        stem, numbered = without_number(stem, number=self.raw.extra.get("number", ""))
        if numbered:
            self.judgement.repair("number_removed", "题干前的题号已去掉")
            if not self.tag.known:
                stem, self.tag = without_tag(stem)
        if self.tag.known:
            self.judgement.repair("tag_removed", "题干里的题型标记已去掉")
        self.stem = stem.strip()
        if not self.stem:
            action = "题干只有图片，请补写题干文字" if self.raw.pictures else "请补写题干"
            self.judgement.refuse("no_stem", "没有题干", action=action)

    def _read_type(self) -> None:
        text = tidy(self.raw.type_text)[0]
        self.stated = stated_type(text)
        if text and not self.stated.known:
            self.judgement.note("type_unknown", f"题型“{text[:20]}”不认识，按内容判断", at="type", severity=Severity.WARNING)
        if not self.stated.known:
            self.stated = self.tag
        if self.stated.unsupported:
            self.judgement.kind_unsupported(self.stated.unsupported)

    def _read_answer(self) -> None:
        self.answer = self._tidy(self.raw.answer_text, at="answer")
        inside = answer_in_stem(self.stem)
        if inside is None:
            return
        stem, found, closing = inside
        if not self.answer:
            if self.stated.type in (ItemType.NUMERIC, ItemType.BLANK):
                return
            self.stem, self.answer = stem, found
            self.judgement.repair("answer_in_stem", f"答案“{found}”取自题干的括号")
        elif _same_answer(found, self.answer, by_truth=self.stated.type is ItemType.TRUE_FALSE):
            self.stem = stem
            self.judgement.repair("answer_in_stem", "题干括号里写着答案，已从题干去掉")
        elif (
            closing
            and self.stated.type not in (ItemType.NUMERIC, ItemType.BLANK)
            and (letters_of(self.answer) or truth_of(self.answer) is not None)
        ):
            message = f"题干括号里写着“{found}”，答案列是“{self.answer}”"
            self.judgement.refuse("answer_conflict", message, at="answer", action="请确认哪一个正确，并改成一致")

    def _read_options(self) -> None:
        found = [(label, text) for label, text in self.raw.options if text.strip()]
        try:
            if not found and self.raw.options_text.strip():
                found = self._split(self.raw.options_text)
            elif len(found) == 1 and self.stated.type not in (ItemType.BLANK, ItemType.NUMERIC):
                split = split_options(found[0][1])[0]
                found = self._split(found[0][1]) if len(split) > 1 else found
            if not found and not self.raw.options and self.stated.type not in (ItemType.BLANK, ItemType.NUMERIC, ItemType.TRUE_FALSE):
                self.stem, found = self._split_off()
            self.found = found
            if self.stated.type is not ItemType.MATCHING:
                self.list = arrange(self._with_pictures(found))
        except Ambiguous as doubt:
            self.judgement.refuse("ambiguous_options", str(doubt), at="options", action="请把每个选项分开写，标号 A、B、C 各用一次")
        for code, message in self.list.repairs:
            self.judgement.repair(code, message, at="options")
        if len(set(self.list.options.values())) != len(self.list.options):
            self._refuse_duplicates()

    def _split(self, text: str) -> list[Found]:
        wanted = letters_of(self.answer) if self.stated.type is not ItemType.TRUE_FALSE else ()
        found, how = split_options(text, separator=self.raw.extra.get("option_separator", ""), wanted=wanted)
        if len(found) > 1 and how != self.raw.extra.get("option_separator"):
            shown = {"\n": "换行", "\t": "制表符", "labels": "标号"}.get(how, f"“{how}”")
            self.judgement.repair("options_split", f"一格里的选项按{shown}分成 {len(found)} 个", at="options")
        return found

    def _split_off(self) -> tuple[str, list[Found]]:
        stem, found = split_off_options(self.stem)
        if found:
            last_label, last = found[-1]
            answer = _ANSWER_AT_END.search(last)
            if answer and not self.answer:
                found[-1] = (last_label, last[: answer.start()].strip())
                self.answer = answer[1].strip()
        elif parts := options_behind_stem(self.stem, self.answer):
            stem, found = parts[0], [("", part) for part in parts[1:]]
        if found:
            self.judgement.repair("options_in_stem", f"题干后面的 {len(found)} 个选项已分开")
        return stem, found

    def _with_pictures(self, found: list[Found]) -> list[Found]:
        """Options that are pictures only get a text to be told apart by."""
        if not self.raw.pictures:
            return found
        shown = {picture.where for picture in self.raw.pictures} - {"stem", "explanation"} - {label for label, _ in found}
        if not shown:
            return found
        self.judgement.repair("picture_option", "选项只有图片，文字写成“见图”加选项字母", at="options")
        return sorted([*found, *((label, f"见图{label}") for label in shown)])

    def _refuse_duplicates(self) -> None:
        letters = list(self.list.options)
        same = [(a, b) for i, a in enumerate(letters) for b in letters[i + 1 :] if self.list.options[a] == self.list.options[b]]
        if same:
            first, second = same[0]
            message = f"选项 {first} 和 {second} 文字相同：{self.list.options[first][:30]}"
            self.judgement.refuse("duplicate_option", message, at=second, action="请改正其中一个选项")

    # Settling ---------------------------------------------------------------------------------------------------------

    def _settle(self) -> Settled:
        stated = self.stated.type
        if stated is ItemType.MATCHING:
            prompts = split_options(tidy(self.raw.extra.get("prompts", ""))[0])[0]
            return settle_pairs(self.judgement, self.found, prompts, self.answer)
        if stated is ItemType.ORDERING:
            return self._settle_order()
        if len(self.list.options) >= 2:
            return self._settle_with_options()
        return self._settle_without_options()

    def _settle_with_options(self) -> Settled:
        stated, texts = self.stated.type, list(self.list.options.values())
        if stated is ItemType.BLANK and (not self.answer or self._fills_in_order()):
            return settle_blanks(self.judgement, self.stem, "", texts)
        if not self.answer:
            self.judgement.refuse("missing_answer", "没有答案", at="answer", action="请补上答案字母")
        pair = texts if len(texts) == 2 else []
        truths = [truth_of(text) if says_truth_plainly(text) or stated is ItemType.TRUE_FALSE else None for text in pair]
        if sorted(truths, key=str) == [False, True]:
            return self._settle_truth_pair(truths)
        if stated in (ItemType.BLANK, ItemType.NUMERIC) and not letters_of(self.answer):
            message = f"题型是{stated.label}，却有 {len(texts)} 个选项，答案也不是选项字母"
            self.judgement.refuse("type_conflict", message, at="type", action="请改正题型，或删去选项")
        return self._settle_choice(self._chosen())

    def _fills_in_order(self) -> bool:
        """Are the options what fills the blanks, one each, and the answer their letters in order?"""
        return self.answer == "".join(self.list.options) and count_blanks(self.stem) == len(self.list.options)

    def _chosen(self) -> Chosen:
        chosen = choose(self.answer, self.list)
        if chosen.missing or not chosen.letters:
            labels = "".join(label for label in self.list.letter_of if label.isalpha()) or "".join(self.list.letter_of)
            message = f"答案“{plain_answer(self.answer)[:40]}”不在选项 {labels} 之中"
            if self.answer.strip().isdigit():
                message += "；选项没有用数字编号，不能确定它指第几个"
            self.judgement.refuse("answer_not_in_options", message, at="answer", action="请改成选项字母，如 A 或 ACD")
        if chosen.contradicting:
            message = f"答案“{plain_answer(self.answer)[:40]}”的字母和文字对不上选项"
            self.judgement.refuse("answer_conflict", message, at="answer", action="请只写选项字母")
        if chosen.how == "text":
            self.judgement.repair("answer_text_matched", f"答案写的是选项文字，按选项 {''.join(chosen.letters)} 读取", at="answer")
        elif chosen.how == "figures":
            self.judgement.repair("answer_number_matched", f"答案写的是选项序号，按选项 {''.join(chosen.letters)} 读取", at="answer")
        elif _ODD_LETTER.search(plain_answer(self.answer)) and letters_of(self.answer):
            self.judgement.repair("letters_normalised", f"答案字母的全角或小写已改为 {''.join(chosen.letters)}", at="answer")
        return chosen

    def _settle_choice(self, chosen: Chosen) -> Settled:
        letters = sorted(set(chosen.letters))
        if len(letters) != len(chosen.letters):
            self.judgement.repair("repeated_letter", f"答案里重复的字母已合并为 {''.join(letters)}", at="answer")
        stated, type_ = self.stated.type, ItemType.SINGLE if len(letters) == 1 else ItemType.MULTIPLE
        if stated is ItemType.MULTIPLE and type_ is ItemType.SINGLE:
            message = "多选题只有一个答案"
            self.judgement.note("one_answer_for_multiple", message, at="answer", severity=Severity.WARNING, action="请确认没有漏写答案")
            type_ = ItemType.MULTIPLE
        elif stated is ItemType.SINGLE and type_ is ItemType.MULTIPLE:
            message = f"题型是单选题，答案却有 {''.join(letters)}，按多选题读取"
            self.judgement.repair("several_answers_for_single", message, at="type", severity=Severity.WARNING, action="请确认题型和答案")
        elif stated is None:
            self._say_inferred(type_)
        elif stated is ItemType.TRUE_FALSE and _STATEMENT.search(self.stem):
            message = f"题型和题干都是判断题，却有 {len(self.list.options)} 个选项"
            self.judgement.refuse("type_conflict", message, at="options", action="请核对这一行的选项是不是别的题的")
        elif stated is not type_:
            message = f"题型写的是{stated.label}，按选项和答案读作{type_.label}"
            self.judgement.repair("type_corrected", message, at="type", severity=Severity.WARNING, action="请确认题型")
        return Settled(type_, letters, self.list.options)

    def _say_inferred(self, type_: ItemType) -> None:
        said = "没有写题型" if not self.stated.known else "题型没有写明几个答案"
        self.judgement.repair("type_inferred", f"{said}，按内容定为{type_.label}", at="type")

    def _settle_truth_pair(self, truths: list[bool | None]) -> Settled:
        """Two options that say right and wrong."""
        letters = dict(zip(truths, self.list.options, strict=True))
        chosen = choose(self.answer, self.list)
        truth = None if chosen.letters or chosen.missing and truth_of(self.answer) is None else truth_of(self.answer)
        if truth is None:
            chosen = self._chosen()
        picked = {letters[truth]} if truth is not None else set(chosen.letters)
        stated = self.stated.type
        if len(picked) > 1:
            message = f"选项只有对和错，答案却是 {''.join(sorted(picked))}"
            self.judgement.refuse("type_conflict", message, at="answer", action="请只留一个答案")
        if stated is ItemType.SINGLE:
            return Settled(stated, sorted(picked), self.list.options)
        if not self.stated.known or self.stated.type is None:
            self._say_inferred(ItemType.TRUE_FALSE)
        elif stated is not ItemType.TRUE_FALSE:
            message = f"题型写的是{self.stated.type.label}，选项只有对和错，按判断题读取"
            self.judgement.repair("type_corrected", message, at="type", severity=Severity.WARNING, action="请确认题型")
        is_true = letters[True] in picked
        options = self.list.options
        if letters[True] != "A":
            options = {"A": options["B"], "B": options["A"]}
            self.judgement.repair("options_reordered", "判断题的选项已调整为先对后错，答案相应调整", at="options")
        return Settled(ItemType.TRUE_FALSE, ["A" if is_true else "B"], options)

    def _settle_without_options(self) -> Settled:
        stated = self.stated.type
        if not self.answer and not (stated is ItemType.BLANK and self.found):
            self._refuse_missing_answer()
        if stated is ItemType.BLANK:
            answer = "" if self.list.options and self._fills_in_order() else self.answer
            return settle_blanks(self.judgement, self.stem, answer, list(self.list.options.values()))
        if stated is ItemType.NUMERIC:
            return settle_figure(self.judgement, self.answer)
        if stated is ItemType.TRUE_FALSE:
            return self._settle_truth()
        if not self.list.options and says_truth_plainly(self.answer, letters=stated not in _CHOICES):
            if stated is None:
                self._say_inferred(ItemType.TRUE_FALSE)
            else:
                message = f"题型写的是{stated.label}，没有选项，答案是“{self.answer}”，按判断题读取"
                self.judgement.repair("type_corrected", message, at="type", severity=Severity.WARNING, action="请确认题型")
            return self._settle_truth()
        if len(self.list.options) == 1 and self.raw.options_text.strip():
            action = "请用换行或 | 隔开各选项，或在前面标上 A. B. C."
            self.judgement.refuse("ambiguous_options", "选项写在一格里，看不出怎样分开", at="options", action=action)
        if stated in _CHOICES or self.stated.choice or self.list.options or letters_of(self.answer):
            self.judgement.refuse("too_few_options", self._few_options(), at="options", action="请补写选项，至少两个")
        return self._settle_unnamed()

    def _refuse_missing_answer(self) -> None:
        stated = self.stated
        if (stated.type in _CHOICES or stated.choice) and len(self.list.options) < 2:
            self.judgement.refuse("too_few_options", f"{self._few_options()}，也没有答案", at="options", action="请补写选项和答案")
        self.judgement.refuse("missing_answer", "没有答案", at="answer", action="请补上答案")

    def _settle_unnamed(self) -> Settled:
        """No type, no options: a blank to fill, a figure, or a kind that only a person can mark."""
        if self.stated.scenario:
            self.judgement.kind_unsupported("案例分析题（没有选项）")
        if has_blank(self.stem):
            self._say_inferred(ItemType.BLANK)
            return settle_blanks(self.judgement, self.stem, self.answer, [])
        if re.match(r"[-+约≈=]?\s*\d", half_width(self.answer)) and len(self.answer) <= 40:
            if not _ASKS_FIGURE.search(self.stem) and re.fullmatch(r"[012]", self.answer):
                message = f"没有题型，也没有选项，答案“{self.answer}”看不出是判断题还是计算题"
                self.judgement.refuse("type_unclear", message, at="answer", action="请写明题型；判断题的答案请填 对 或 错")
            self._say_inferred(ItemType.NUMERIC)
            return settle_figure(self.judgement, self.answer)
        if _LETTERED.match(half_width(self.answer)):
            message = f"没有选项，答案“{self.answer[:30]}”是其中一个选项"
            self.judgement.refuse("too_few_options", message, at="options", action="请补写选项")
        self.judgement.kind_unsupported("简答题（没有选项，答案是一段文字）")

    def _few_options(self) -> str:
        return f"只有 {len(self.list.options)} 个选项" if self.list.options else "没有选项"

    def _settle_truth(self) -> Settled:
        truth = truth_of(self.answer)
        letters = letters_of(self.answer)
        if letters in (("A",), ("B",)):
            truth = letters == ("A",)
            message = f"判断题没有写选项，答案 {letters[0]} 按“{'正确' if truth else '错误'}”读取"
            self.judgement.repair("letters_assumed", message, at="answer", severity=Severity.WARNING, action="请确认 A 是正确、B 是错误")
        if truth is None:
            message = f"判断题的答案“{self.answer[:40]}”看不出是对还是错"
            self.judgement.refuse("answer_not_in_options", message, at="answer", action="请填 对 或 错")
        return Settled(ItemType.TRUE_FALSE, ["A" if truth else "B"], dict(RIGHT_OR_WRONG))

    def _settle_order(self) -> Settled:
        if len(self.list.options) < 2:
            self.judgement.refuse("too_few_options", f"只有 {len(self.list.options)} 个选项", at="options", action="请补写要排序的各项")
        if not self.answer:
            self.judgement.refuse("missing_answer", "没有答案", at="answer", action="请写出正确的顺序，如 CBAD")
        chosen = self._chosen()
        if sorted(chosen.letters) != sorted(self.list.options):
            message = f"排序题的答案 {''.join(chosen.letters)} 没有把 {''.join(self.list.options)} 各排一次"
            self.judgement.refuse("answer_not_in_options", message, at="answer", action="请把每个选项恰好写一次")
        return Settled(ItemType.ORDERING, list(chosen.letters), self.list.options)

    # Drafting ---------------------------------------------------------------------------------------------------------

    def _drafted(self, settled: Settled) -> ItemDraft:
        stem = settled.stem or self.stem
        explanation = self._tidy(self.raw.explanation, at="explanation")
        for text, longest, name, at in ((stem, LONGEST_STEM, "题干", "stem"), (explanation, LONGEST_EXPLANATION, "解析", "explanation")):
            if len(text) > longest:
                self.judgement.refuse("too_long", f"{name}有 {len(text)} 字，超过 {longest} 字", at=at, action="请缩短，或拆成几题")
        for letter, text in settled.options.items():
            if len(text) > LONGEST_OPTION:
                self.judgement.refuse("too_long", f"选项 {letter} 有 {len(text)} 字，超过 {LONGEST_OPTION} 字", at=letter, action="请缩短")
        try:
            return ItemDraft(
                code=self.raw.extra.get("code", "").strip()[:60],
                type=settled.type,
                kind=self._kind(),
                roles=self._roles(),
                rationales=self._rationales(settled),
                topic=self._topic(),
                difficulty=self._difficulty(),
                stem=stem,
                options=settled.options,
                key=settled.key,
                explanation=explanation,
                unit=settled.unit,
                tolerance=settled.tolerance,
                prompts=settled.prompts,
            )
        except ValidationError as problem:
            reason = problem.errors()[0]["msg"].removeprefix("Value error, ")
            self.judgement.refuse("item_format", f"不合题目的规则：{reason}", action="请对照题型的要求改正")

    def _kind(self) -> ItemKind:
        text = self.raw.extra.get("kind", "").strip()
        named = next((kind for kind in ItemKind if kind.label == text), None) if text else None
        return named or (ItemKind.SCENARIO if self.stated.scenario else ItemKind.KNOWLEDGE)

    def _roles(self) -> list[PostRole]:
        named = self.raw.extra.get("roles", "")
        return [role for role in PostRole if role.label in _LISTED.split(named)] if named else []

    def _rationales(self, settled: Settled) -> dict[str, str]:
        """`B：不对，因为……`, one wrong option a line."""
        text = self.raw.extra.get("rationales", "")
        lines = _RATIONALE.findall(text) if text else []
        return {letter: text.strip() for letter, text in lines if letter in settled.options and letter not in settled.key}

    def _topic(self) -> str:
        extra = self.raw.extra
        text = extra.get("topic") or extra.get("chapter") or ""
        topic = " ".join(tidy(text)[0].split()) if text else ""
        if len(topic) > LONGEST_TOPIC:
            self.judgement.repair("topic_shortened", f"主题超过 {LONGEST_TOPIC} 字，只保留前面", at="topic", severity=Severity.WARNING)
        return topic[:LONGEST_TOPIC]

    def _difficulty(self) -> Difficulty:
        text = self.raw.extra.get("difficulty", "").strip()
        found = stated_difficulty(text) if text else None
        if text and found is None:
            self.judgement.note("difficulty_unknown", f"难度“{text[:20]}”不认识，按“中”记", at="difficulty")
        return found or Difficulty.MEDIUM


_LETTERED = re.compile(r"[A-L]\s?[.、:)]\s?\S")
"""An answer that begins with the label of an option."""
_ODD_LETTER = re.compile("[a-zＡ-Ｚａ-ｚ]")
_LISTED = re.compile(r"[、，,；;\s]+")
_RATIONALE = re.compile(r"^\s*([A-H])\s*[：:.、]\s*(\S.*)$", re.MULTILINE)
_ASKS_FIGURE = re.compile(r"[?？]|[=＝]\s*$|^求|试求|求出|多少|计算|等于$|为$|是$")
_STATEMENT = re.compile(r"[。.；;][\s\u3000]*[（(][\s\u3000]*[)）][\s。.]*$")
"""A sentence that ends, and brackets for a tick or a cross behind it."""
_ANSWER_AT_END = re.compile(
    r"[【\[（(]?\s{0,9}(?:正确答案|参考答案|标准答案|答案)\s{0,9}[】\]）)]?\s{0,9}[：:]?\s{0,9}([A-HＡ-Ｈ](?:[\s、,，]{0,9}[A-HＡ-Ｈ])*)\s{0,9}[】\]）)]?[。.]?$"
)
"""Blanks are bounded: a file made for it could keep an open repetition busy for hours."""


def _same_answer(one: str, other: str, *, by_truth: bool) -> bool:
    first, second = letters_of(one), letters_of(other)
    if by_truth and (truth_of(one) is None) != (truth_of(other) is None):
        truth, letters = (truth_of(one), second) if truth_of(one) is not None else (truth_of(other), first)
        return letters == (("A",) if truth else ("B",))
    if by_truth and truth_of(one) is not None:
        return truth_of(one) == truth_of(other)
    if first or second:
        return sorted(first) == sorted(second)
    return truth_of(one) is not None and truth_of(one) == truth_of(other)
