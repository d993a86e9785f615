"""What a format cannot hold of an item, found before writing: each is written alone, read back and compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from quiz.banks.files import ItemDraft
from quiz.banks.question import Question
from quiz.exchange.domain import Picture, Reading
from quiz.vocabulary import ItemType

LETTERS = ascii_uppercase
_PIXEL = b"\x89PNG\r\n\x1a\n"
_NAMES = {
    "type": "题型", "stem": "题干", "options": "选项", "key": "答案", "unit": "单位", "tolerance": "误差", "prompts": "配对左列", "parts": "小题",
    "explanation": "解析", "rationales": "选项说明", "topic": "主题", "difficulty": "难度", "kind": "题类", "roles": "适用对象", "sectors": "适用行业",
    "clauses": "依据条款", "changed_from": "旧版条款", "pictures": "图片",
}  # fmt: skip
WriteAll = Callable[[str, Sequence[ItemDraft], Mapping[str, Picture]], bytes]


@dataclass(frozen=True)
class Held:
    """What a format makes of an item."""

    left_out: list[str] = field(default_factory=list)
    """Why it cannot be written at all, in Chinese; empty when it can."""
    losses: list[str] = field(default_factory=list)
    """What changes or is missing in it."""

    @property
    def reasons(self) -> list[str]:
        return [*self.left_out, *self.losses]


def judge(item: ItemDraft, *, format: str, kinds: Mapping[ItemType, str], write: WriteAll, read: Callable[[bytes], Reading]) -> Held:
    """Compare an item with what comes back of it. `kinds` says why a type of item cannot be written."""
    if item.type in kinds:
        return Held([kinds[item.type]])
    stand_ins = {ref.digest: Picture(_PIXEL + ref.digest.encode(), where=ref.where) for ref in item.pictures}
    try:
        found = read(write("", [item], stand_ins)).items
    except ValueError:
        return Held([f"{format} 不能保存其中的控制字符"])
    if len(found) != 1 or found[0].draft is None:
        return Held([f"{format} 不能保存这道题的写法，再导入时会被拒绝"])
    back, pictures = found[0].draft, found[0].pictures
    changed = [name for name in _NAMES if name not in ("pictures",) and getattr(item, name) != getattr(back, name)]
    wanted = sorted((hashlib.sha256(stand_ins[ref.digest].data).hexdigest(), ref.where) for ref in item.pictures)
    if wanted != sorted((picture.digest, picture.where) for picture in pictures):
        return Held([f"{format} 不能保存图片"])
    if essence(item) != essence(back) or [essence(part) for part in item.parts] != [essence(part) for part in back.parts]:
        return Held([f"{format} 不能原样保存{'、'.join(_NAMES[name] for name in changed)}，再导入时不是同一道题"])
    return Held(losses=[_loss(format, name, item, back) for name in changed])


def _loss(format: str, name: str, item: ItemDraft, back: ItemDraft) -> str:
    if name in ("options", "key", "parts") and item.type in (ItemType.MATCHING, ItemType.ORDERING, ItemType.CASE):
        return f"{format} 不保存{_NAMES[name]}的先后，顺序会改变"
    if name in ("options", "key", "rationales") and list(item.options) != list(back.options):
        return f"{format} 会把选项字母改成 {'、'.join(back.options)}，{_NAMES[name]}随之改变"
    return f"{format} 不能保存{_NAMES[name]}" if not getattr(back, name) else f"{format} 不能原样保存{_NAMES[name]}"


def essence(question: Question) -> tuple[object, ...]:
    """What makes a question the one it is, whatever letters its options have and however its blanks are set."""
    texts = {letter: _bare(text) for letter, text in question.options.items()}
    prompts = {number: _bare(text) for number, text in question.prompts.items()}
    match question.type:
        case ItemType.MATCHING:
            key: object = sorted((prompts[re.sub(r"\D", "", pair)], texts[pair[-1]]) for pair in question.key)
        case ItemType.ORDERING:
            key = [texts[letter] for letter in question.key]
        case ItemType.NUMERIC:
            key = (question.key[0], question.unit.strip(), float(question.tolerance or 0))
        case ItemType.BLANK:
            key = [_bare(text) for text in question.key]
        case _:
            key = sorted(texts[letter] for letter in question.key)
    return question.type, _bare(question.stem), sorted(texts.values()), key


def _bare(text: str) -> str:
    return " ".join(text.split())


def by_place(item: Question) -> dict[str, str]:
    """Letters of the options as a format without letters of its own will give them: A, B, C … in order."""
    return {letter: LETTERS[place] for place, letter in enumerate(item.options)}
