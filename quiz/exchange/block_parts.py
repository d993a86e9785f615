"""What a line adds to an open question: tags before its stem, then stem, options, answer and explanation."""

from __future__ import annotations

import re

from quiz.exchange.line_signs import number_at, stretches
from quiz.exchange.lines import Block, Line, Piece
from quiz.exchange.outlook import Outlook

_KIND_TAG = re.compile(
    r"\s{0,8}[\[(<]\s?((?:单项|多项|不定项)?选择题?|单选题?|多选题?|不定项(?:选择)?题?|判断题?|是非题?|填空题?|简答题?|问答题?|论述题?|排序题?|配对题?|计算题?|案例(?:分析)?题?)"
    r"\s?(?:[,、]?\s?(?:共|本题)?\s?(?P<score>\d{1,3}(?:\.\d)?)\s?分)?\s?[\])>][\s:、.]{0,4}|\s{0,8}((?:单选|多选|判断|填空|不定项选择|简答)题)\s?:\s{0,4}"
)
_SCORE_TAG = re.compile(r"\s{0,8}[\[(]\s?(?:本题|共|每题)?\s?(\d{1,3}(?:\.\d)?)\s?分\s?[\])]\s{0,4}")
_MARK_TAG = re.compile(r"\s{0,8}[\[(]\s?(?P<mark>[A-L](?:[\s,、]{0,2}[A-L]){0,11}|√|×|对|错|正确|错误|是|非|否)\s?[\])]\s{0,20}$")
"""The answer in brackets, alone behind the tag of a question that stands on the next line: `[单选] [A]`."""
_TAIL = " \t\u3000\u00a0*＊"
_DIVIDING = tuple("^*#|~@")
_TAIL_SIGNS = re.compile(r"[\s^*#|~@]{3,40}$")
"""What only divides a line from what follows it: `^*^`, `###`."""


def read_tags(block: Block, start: int) -> int:
    """Kind, score and answer that stand in brackets before the stem, and where the stem begins."""
    shape = block.line.shape
    for _ in range(3):
        kind, score = _KIND_TAG.match(shape, start), _SCORE_TAG.match(shape, start)
        mark = _MARK_TAG.match(shape, start) if block.kind and start and not block.mark else None
        if kind:
            block.kind = kind[1] or kind[3]
            block.extra |= {"score": kind["score"]} if kind["score"] else {}
            start = kind.end()
            number = number_at(shape[start:]) if block.number is None else None
            if number is not None and not number.faint:
                block.number = number.value
                start += number.end
        elif score:
            block.extra["score"] = score[1]
            start = score.end()
        elif mark:
            block.mark = "错" if mark["mark"] == "非" else mark["mark"]
            block.has_answer = True
            start = mark.end()
    return start


def add_line(block: Block, outlook: Outlook, place: int, line: Line, start: int) -> None:
    """What a line says from `start` on, to the parts of the question."""
    tags = [tag for tag in outlook.signs[place].tags if tag.start >= start or tag.end > start]
    before = line.text[start : tags[0].start] if tags else line.text[start:]
    if before.strip() or not tags and not block.body:
        before = _TAIL_SIGNS.sub("", before) if before[-1:].isspace() or before[-1:] in _DIVIDING else before
        _add_plain(block, outlook, Piece(before.rstrip(_TAIL), line, start), place)
    for tag, end in stretches(tags, len(line.text)):
        block.add_tagged(tag, Piece(line.text[tag.end : end], line, tag.end))


def _add_plain(block: Block, outlook: Outlook, piece: Piece, place: int) -> None:
    signs = outlook.signs[place]
    if block.state == "answer" and not any(part.text.strip() for part in block.answer):
        block.answer.append(piece)
        block.has_answer = True
        return
    if signs.label and piece.start == 0 and not (block.has_options and block.state == "explanation"):
        block.has_options = True
        block.state = "body"
    if outlook.own[place] == 2 and block.state == "body" and not block.has_options:
        block.has_answer = True
    block.has_options = block.has_options or signs.inline and block.state == "body"
    if block.state == "body":
        block.body.append(piece)
    elif block.state == "answer" and block.has_options:
        block.state = "explanation"
        block.explanation.append(piece)
    elif block.state == "answer":
        block.answer.append(piece)
    else:
        block.explanation.append(piece)
