"""A gathered block into a question to be judged: options apart from the stem, the answer from wherever it stands, pictures in place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from quiz.banks.question import BLANK
from quiz.exchange.answer_keys import Entry
from quiz.exchange.answers import letters_of, says_truth_plainly, truth_of
from quiz.exchange.domain import Picture, Place, RawQuestion, Severity
from quiz.exchange.kinds import Stated, stated_type
from quiz.exchange.line_signs import EMPTY_BRACKETS, LETTERS_IN_BRACKETS, TRUTH_IN_BRACKETS, UNDERLINES, shape_of
from quiz.exchange.lines import COLOURED, HIGHLIGHTED, MARKS, UNDERLINED, Block, Case, Notice, is_picture
from quiz.exchange.option_labels import Unclear, bare_label_at, divide
from quiz.exchange.stem_answers import FILLED_LINE, likely, same_answer, stands_apart, texts_of, unbracketed, without_separators
from quiz.exchange.styled_text import StyledText, has_style, joined, share_of, spans_of
from quiz.exchange.wording import bare
from quiz.vocabulary import ItemType

_BRACKETS = "（　）"
_BARE_MARK = re.compile(r"(?<=[。.)\s;；，,])\s{0,10}([√×])\s*$")
_AFTER_ANSWER = re.compile(
    r"\s*(?P<answer>[A-L](?:[\s,、]{0,3}[A-L]){0,11}|√|×|对|错|正确|错误)\s{0,8}(?P<sign>[。,，;；(]|\s(?=[\u4e00-\u9fff]))\s{0,8}(?P<rest>.+)$",
    re.DOTALL,
)
_LAST_BRACKETS = re.compile(r"[(\[]\s{0,10}([^()\[\]\n]{1,80})\s{0,10}[)\]][\s。.?]{0,6}$")
_TRUTH_LINES = re.compile(
    r"\n\s{0,20}(?:true|yes|[TY])\s?[.、:)\s]\s?(?:正确|对|√|是|true)\s{0,9}\n\s{0,20}(?:false|no|[FN])\s?[.、:)\s]\s?(?:错误|错|×|否|false)\s*$",
    re.IGNORECASE,
)
_FILLED_BRACKETS = re.compile(r"\(\s{0,10}([^()\n]{1,40}?)\s{0,10}\)")
_LABEL_WITHIN = 50
"""Signs at the beginning of a line, more than any label and the blanks before it take."""
_NO_FILLING = re.compile(r"以下|简称|下同|如[:,]|例如|即|含|不含|包括|其中|见|参见|GB|AQ|\[20")


class QuestionMaker:
    """From the pieces of a block to a raw question."""

    def __init__(self, block: Block, pictures: dict[str, Picture]) -> None:
        self.block = block
        self.pictures = pictures
        self.kind: Stated = stated_type(block.kind)
        self.found: list[tuple[str, str]] = []
        """Answers: where from, and text."""
        self.explanation = [piece.text for piece in block.explanation]
        self.options: list[tuple[str, StyledText]] = []
        self.doubt: tuple[str, str, str] | None = block.doubt

    def raw(self) -> tuple[RawQuestion, tuple[str, str, str] | None]:
        body = self._body()
        stem = body
        if not self._is_open:
            stem = self._divide(self._without_truths(body))
        self._stated_answers()
        stem = self._answer_in_stem(stem)
        if not self.found and not self.doubt:
            stem = self._answer_from_formatting(stem)
        return self._finished(stem), self.doubt

    @property
    def _is_open(self) -> bool:
        """A kind whose body is never options."""
        return self.kind.type in (ItemType.BLANK, ItemType.NUMERIC)

    def _body(self) -> StyledText:
        pieces = [piece for piece in self.block.body if piece.text.strip()]
        text = "\n".join(piece.text for piece in pieces)
        if not any(piece.line.style for piece in pieces):
            return StyledText(text, b"")
        return StyledText(text, b"\0".join(piece.style for piece in pieces))

    def _divide(self, body: StyledText) -> StyledText:
        if self.kind.type is ItemType.MATCHING:
            return self._columns(body)
        try:
            division = divide(body.shape, bare=self._has_bare_labels())
        except Unclear as problem:
            self.doubt = self.doubt or ("ambiguous_options", str(problem), "请把每个选项另起一行，标号写成 A. B. C.")
            return body
        if division is None:
            return self._unlabelled(body)
        self.options = [(letter, body.cut(start, end)) for letter, start, end in division.options]
        return body.cut(0, division.stem_end)

    def _without_truths(self, body: StyledText) -> StyledText:
        """`true. 正确` and `false. 错误` below the stem are no options to be lettered: the question is true or false."""
        found = _TRUTH_LINES.search(body.shape)
        if found is None or self.kind.known and self.kind.type is not ItemType.TRUE_FALSE:
            return body
        self.block.kind = "判断题"
        self.kind = stated_type(self.block.kind)
        note = "选项写的是 true、false，按判断题的正确、错误读取"
        self.block.notices.append(Notice(Severity.INFO, "truth_options", note, repairs=True))
        return body.cut(0, found.start())

    def _has_bare_labels(self) -> bool:
        return any(bare_label_at(shape_of(piece.text[:_LABEL_WITHIN])) for piece in self.block.body[1:])

    def _unlabelled(self, body: StyledText) -> StyledText:
        """Options without letters: lines after a stem that ends with its bracket or question mark."""
        lines = body.text.split("\n")
        answers = [*self._answer_texts(), *(entry.answer for entry in self.block.keyed)]
        lettered = answers and all(letters_of(text.strip()) for text in answers)
        choice = self.kind.choice or self.kind.type in (ItemType.SINGLE, ItemType.MULTIPLE)
        if not 3 <= len(lines) <= 9 or not (lettered or choice) or self.block.nested:
            return body
        if (
            not re.search(r"[)?:：。]\s*$", shape_of(lines[0]))
            and not EMPTY_BRACKETS.search(shape_of(lines[0]))
            or any(len(line) > 100 for line in lines[1:])
        ):
            return body
        start = len(lines[0]) + 1
        for line in lines[1:]:
            self.options.append(("", body.cut(start, start + len(line))))
            start += len(line) + 1
        note = f"选项没有标号，按先后顺序记为 {'、'.join('ABCDEFGH'[: len(self.options)])}"
        self.block.notices.append(Notice(Severity.INFO, "options_unlabelled", note, "请核对选项", repairs=True))
        return body.cut(0, len(lines[0]))

    def _columns(self, body: StyledText) -> StyledText:
        """Both columns of a matching question, whose left one is numbered."""
        shape = body.shape
        marks = _in_order(re.finditer(r"(?:(?<=\n)\s{0,40}|(?<=[\s\t]))(?:\(?(\d{1,2})\)?[.、)]|([A-L])[.、)])\s*", shape), shape)
        if len(marks) < 4:
            return body
        ends = [mark.start() for mark in marks[1:]] + [len(shape)]
        self.options = [(mark[1] or mark[2], body.cut(mark.end(), end)) for mark, end in zip(marks, ends, strict=True)]
        self.options.sort(key=lambda option: not option[0].isdigit())
        return body.cut(0, marks[0].start())

    # Answers ----------------------------------------------------------------------------------------------------------

    def _answer_texts(self) -> list[str]:
        """What stands after each `答案：`."""
        texts: list[str] = []
        for piece in self.block.answer:
            if piece.text.startswith("\x00") or not texts:
                texts.append(piece.text.lstrip("\x00").strip())
            else:
                texts[-1] = f"{texts[-1]}\n{piece.text.strip()}".strip()
        return [unbracketed(text) for text in texts if text]

    def _stated_answers(self) -> None:
        if self.block.mark:
            self.found.append(("题号前的括号", self.block.mark))
        for text in self._answer_texts():
            self.found.append(("答案行", self._without_reason(text)))
        for entry in self.block.keyed:
            self._from_key(entry)
        self._check_agreement()

    def _without_reason(self, text: str) -> str:
        """`B（因为…）`: the answer, and the reason to the explanation."""
        if not self.options and self.kind.type not in (ItemType.TRUE_FALSE, None):
            return text
        match = _AFTER_ANSWER.match(shape_of(text))
        if match is None or letters_of(text):
            return text
        if not self.options and self.kind.type is None and not truth_of(match["answer"]) is not None:
            return text
        rest = text[match.start("rest") :].strip()
        if match["sign"] == "(" and rest[-1:] in "）)":
            rest = rest[:-1]
        if rest.strip("。.；;"):
            self.explanation.insert(0, rest)
        return text[match.start("answer") : match.end("answer")]

    def _from_key(self, entry: Entry) -> None:
        if entry.doubt and not self.found:
            self.doubt = self.doubt or ("key_mismatch", f"第 {entry.line} 处的{entry.doubt}", "请核对答案部分，或把答案写在每题后面")
        elif entry.whole and self._is_open:
            self.found.append((f"第 {entry.line} 处的答案部分", entry.whole))
            self.explanation += entry.explanation[1:]
            return
        elif entry.answer:
            self.found.append((f"第 {entry.line} 处的答案部分", self._without_reason(entry.answer)))
        self.explanation += entry.explanation

    def _check_agreement(self) -> None:
        if len(self.found) < 2:
            return
        first_from, first = self.found[0]
        for other_from, other in self.found[1:]:
            if not same_answer(first, other):
                message = f"{first_from}是“{first[:20]}”，{other_from}却是“{other[:20]}”"
                self.doubt = self.doubt or ("answer_conflict", message, "请确认哪一个正确，并改成一致")

    def _answer_in_stem(self, stem: StyledText) -> StyledText:
        """The answer inside the stem's brackets, taken out."""
        if self._is_open:
            return self._filled(stem) if self.kind.type is ItemType.BLANK and not self.found else stem
        if not self.kind.known and not self.options and not self.found:
            filled = self._filled(stem)
            if filled is not stem:
                return filled
        shape = stem.shape
        letters = {option for option, _ in self.options}
        hits = [
            match
            for match in LETTERS_IN_BRACKETS.finditer(shape)
            if set(re.sub(r"[^A-L]", "", (match[1] or match[2]).upper())) <= letters or not letters
        ]
        hits = likely(hits, shape)
        truths = list(TRUTH_IN_BRACKETS.finditer(shape))
        truths = [match for match in truths if not shape[match.end() :].strip(" 。.;:?!\n") or not shape[: match.start()].strip()]
        asks_truth = truths or self.kind.type is ItemType.TRUE_FALSE or self.kind.type is None and not self.kind.choice
        if not hits or not self.options and asks_truth:
            hits = truths
        if not hits:
            return self._option_in_brackets(stem, shape) or self._bare_mark(stem, shape)
        values = {re.sub(r"[\s,、;和]", "", match[1] or match[2]).upper() for match in texts_of(hits)}
        if len(values) > 1:
            if not self.found:
                shown = "、".join(f"（{match[1] or match[2]}）" for match in texts_of(hits))
                self.doubt = self.doubt or ("ambiguous_answer", f"题干里有 {len(hits)} 处像答案：{shown}", "请只留一处答案")
            return stem
        value = texts_of(hits)[0][1] or texts_of(hits)[0][2]
        if self.found and not same_answer(self.found[0][1], value):
            closing = not shape[hits[-1].end() :].strip(" 。.;:?!\n")
            if closing:
                message = f"题干括号里是“{value}”，{self.found[0][0]}却是“{self.found[0][1][:20]}”"
                self.doubt = self.doubt or ("answer_conflict", message, "请确认哪一个正确，并改成一致")
            return stem
        if not self.found:
            self.found.append(("题干的括号", value))
        return self._emptied(stem, hits, truth=hits is truths and not self.options)

    def _option_in_brackets(self, stem: StyledText, shape: str) -> StyledText | None:
        """`……创立。（2003）` above options one of which is 2003: what stands in the last brackets is the answer in words."""
        found = _LAST_BRACKETS.search(shape)
        if found is None or self.found or len(self.options) < 2:
            return None
        said = stem.text[found.start(1) : found.end(1)].strip()
        same = [label or "ABCDEFGHIJKL"[place] for place, (label, option) in enumerate(self.options) if bare(option.text) == bare(said)]
        if len(same) != 1 or not bare(said):
            return None
        self.found.append(("题干的括号", same[0]))
        note = f"题干括号里写着选项文字“{said[:30]}”，按选项 {same[0]} 读取"
        self.block.notices.append(Notice(Severity.INFO, "answer_in_stem", note, "请核对答案", repairs=True))
        return self._emptied(stem, [found], truth=False)

    def _emptied(self, stem: StyledText, hits: Sequence[re.Match[str]], *, truth: bool) -> StyledText:
        text, style = stem.text, stem.style
        for match in reversed(hits):
            filling = "" if truth else _BRACKETS
            text = text[: match.start()] + filling + text[match.end() :]
            style = style[: match.start()] + bytes(len(filling)) + style[match.end() :] if style else style
        return StyledText(text, style)

    def _bare_mark(self, stem: StyledText, shape: str) -> StyledText:
        found = _BARE_MARK.search(shape) if shape.rstrip()[-1:] in ("√", "×") and not self.options else None
        if found is None:
            return stem
        if not self.found:
            self.found.append(("题干末尾", found[1]))
        return stem.cut(0, found.start())

    def _filled(self, stem: StyledText) -> StyledText:
        """Blanks that are filled in: `__24__`, or every bracket of a fill-in."""
        shape = stem.shape
        hits = [match for match in FILLED_LINE.finditer(shape) if "_" not in match["text"]]
        if not self.kind.known and any(letters_of(match["text"]) or len(match[0]) - len(match["text"]) < 4 for match in hits):
            return stem
        group: int | str = "text"
        if (
            not hits
            and self.kind.known
            and not UNDERLINES.search(shape)
            and not EMPTY_BRACKETS.search(shape)
            and not has_style(stem, UNDERLINED)
        ):
            hits = [match for match in _FILLED_BRACKETS.finditer(shape)]
            group = 1
            if any(_NO_FILLING.search(match[1]) for match in hits):
                return stem
        if not hits or group == "text" and UNDERLINES.search(FILLED_LINE.sub("", shape)):
            return stem
        answers = [stem.text[match.start(group) : match.end(group)].strip() for match in hits]
        self.found.append(("题干的空里", "##".join(answers) if len(answers) > 1 else answers[0]))
        note = f"题干的空里写着答案“{'；'.join(answers)[:60]}”，已移到答案"
        self.block.notices.append(Notice(Severity.INFO, "answer_in_stem", note, "请核对各空的答案", repairs=True))
        text = stem.text
        for match in reversed(hits):
            text = text[: match.start()] + BLANK + text[match.end() :]
        return StyledText(text, b"")

    # Formatting -------------------------------------------------------------------------------------------------------

    def _answer_from_formatting(self, stem: StyledText) -> StyledText:
        if len(self.options) >= 2:
            self._option_marked()
        if not self.found and not self._is_open:
            stem = self._stem_marked(stem)
        if self.found or self.options or self.kind.type not in (ItemType.BLANK, None) or self.kind.choice:
            return stem
        return self._blank_marked(stem)

    def _stem_marked(self, stem: StyledText) -> StyledText:
        """The letter of an option, or a word for right or wrong at the end, that looks different from the stem around it."""
        labels = {label for label, _ in self.options}
        for mark in (UNDERLINED, COLOURED, HIGHLIGHTED):
            spans = spans_of(stem, mark)
            if len(spans) != 1:
                continue
            start, end = spans[0]
            said = stem.text[start:end].strip()
            if labels and letters_of(said) and set(letters_of(said)) <= labels:
                self._say_formatting(said, {MARKS[mark]: []})
                return StyledText(stem.text[:start] + _BRACKETS + stem.text[end:], b"")
            if not labels and says_truth_plainly(said) and not stem.text[end:].strip(" 。.") and stem.text[:start].strip():
                self._say_formatting(said, {MARKS[mark]: []})
                return stem.cut(0, start)
        return stem

    def _option_marked(self) -> None:
        """The one option that looks different, when every way it does says the same."""
        chosen: dict[str, list[int]] = {}
        for mark, name in MARKS.items():
            shares = [share_of(option.text, option.style, mark) for _, option in self.options]
            if all(share == 0 for share in shares) or all(share == 1 for share in shares):
                continue
            if any(0 < share < 1 for share in shares):
                return
            chosen[name] = [place for place, share in enumerate(shares) if share == 1]
        if not chosen or len({tuple(places) for places in chosen.values()}) != 1:
            return
        places = next(iter(chosen.values()))
        multiple = self.kind.type is ItemType.MULTIPLE
        if len(places) > 1 and not multiple and self.kind.type is not None or multiple and len(places) < 2:
            return
        letters = "".join(self.options[place][0] or "ABCDEFGHIJKL"[place] for place in places)
        self._say_formatting(letters, chosen)

    def _say_formatting(self, answer: str, ways: dict[str, list[int]]) -> None:
        self.found.append(("格式", answer))
        note = f"没有写答案，按{'、'.join(ways)}的格式读作 {answer}"
        self.block.notices.append(Notice(Severity.WARNING, "answer_from_formatting", note, "请核对答案", repairs=True))

    def _blank_marked(self, stem: StyledText) -> StyledText:
        """Underlined, coloured or highlighted words in a stem are what was filled in."""
        shape = stem.shape
        notes = not self.kind.known  # without a heading that says so, coloured words are what somebody wants to remember
        if notes and ("\n" in stem.text or self.explanation or len(re.findall(r"[\u4e00-\u9fff]", stem.text)) < 8):
            return stem
        for mark in (UNDERLINED, COLOURED, HIGHLIGHTED):
            spans = spans_of(stem, mark)
            if notes and mark != UNDERLINED and not all(stands_apart(stem.text, *span) for span in spans):
                continue
            if not spans or share_of(stem.text, stem.style, mark) > 0.6 or len(spans) > 10:
                continue
            if UNDERLINES.search(shape) or EMPTY_BRACKETS.search(shape) and mark == UNDERLINED:
                continue
            answers = [stem.text[start:end].strip() for start, end in spans]
            text = stem.text
            for start, end in reversed(spans):
                text = text[:start] + BLANK + text[end:]
            text = re.sub(r"[（(]\s*____\s*[)）]", BLANK, text)
            self._say_formatting("##".join(answers) if len(answers) > 1 else answers[0], {MARKS[mark]: []})
            self.block.kind = self.block.kind or "填空题"
            return StyledText(text, b"")
        return stem

    # Finishing --------------------------------------------------------------------------------------------------------

    def _finished(self, stem: StyledText) -> RawQuestion:
        block = self.block
        shown: list[Picture] = []
        stem_text = self._without_pictures(stem.text, "stem", shown)
        options: list[tuple[str, str]] = []
        for place, (label, option) in enumerate(self.options):
            letter = label or "ABCDEFGHIJKL"[place]
            text = self._without_pictures(option.text, letter, shown)
            options.append((label, joined(text)))
        options = without_separators(options)
        explanation = self._without_pictures("\n".join(text.strip() for text in self.explanation if text.strip()), "explanation", shown)
        answer = self._without_pictures(self.found[0][1] if self.found else "", "explanation", shown)
        extra = dict(block.extra)
        if block.scope.chapter:
            extra.setdefault("chapter", block.scope.chapter)
        if block.case is not None and len(block.case.blocks) == 1:
            stem_text = material_of(block.case, self.pictures, shown) + "\n" + stem_text
        places = {"answer": Place(line=block.answer[0].line.number)} if block.answer else {}
        return RawQuestion(
            Place(line=block.line.number),
            self._stem_text(stem_text),
            block.kind,
            tuple(options),
            answer_text=answer,
            explanation=joined(explanation),
            extra=extra,
            places=places,
            pictures=tuple(shown),
        )

    def _stem_text(self, text: str) -> str:
        stem = joined(text)
        if self.kind.type is ItemType.TRUE_FALSE and not self.options:
            stem = re.sub(r"\s{0,20}[（(【\[]\s{0,40}[)）】\]]\s{0,20}(?=[。.]?$)", "", stem)
        return stem

    def _without_pictures(self, text: str, where: str, shown: list[Picture]) -> str:
        if not self.pictures:
            return text
        kept = []
        for sign in text:
            if not is_picture(sign):
                kept.append(sign)
            elif sign in self.pictures:
                shown.append(replace(self.pictures[sign], where=where))
        return "".join(kept)


def _in_order(found: Iterable[re.Match[str]], shape: str) -> list[re.Match[str]]:
    """The numbers 1, 2, 3 … and the letters A, B, C …, each the next of its column; `2.5` inside a line is neither."""
    numbers, letters, kept = 0, 0, []
    for mark in found:
        at_line = not shape[shape.rfind("\n", 0, mark.start() + 1) + 1 : mark.start(1) if mark[1] else mark.start(2)].strip(" \t(")
        if not at_line and shape[mark.end() : mark.end() + 1].isdigit() and not mark[0][-1].isspace():
            continue
        if mark[1] and int(mark[1]) == numbers + 1:
            numbers += 1
            kept.append(mark)
        elif mark[2] and mark[2] == "ABCDEFGHIJKL"[letters : letters + 1]:
            letters += 1
            kept.append(mark)
    return kept


def material_of(case: Case, pictures: dict[str, Picture], shown: list[Picture]) -> str:
    text = "\n".join(piece.text for piece in case.pieces if piece.text.strip())
    shown += [pictures[sign] for sign in text if sign in pictures]
    return joined("".join(sign for sign in text if not is_picture(sign)))
