"""What an import would do: rows of a file against each other and against the bank. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Fate, Reading, ReadRow, Remark, Severity
from quiz.exchange.likeness import nearest
from quiz.vocabulary import Labelled

_SIMPLE = re.compile(r"[\x00-\x7f\u4e00-\u9fff、-】—‘-”…！-／：-＠]*")
"""Texts of these signs keep their letters and figures under NFKC, which is the slowest part of making a text plain."""
_NO_LETTER = re.compile(r"[\W_]+")


class Clash(Labelled):
    """How a row stands to another item."""

    SAME = "same", "完全相同"
    CONFLICT = "conflict", "题干相同，答案或选项不同"
    NEAR = "near", "内容相近"


class Decision(Labelled):
    """What the person decides about a clash."""

    KEEP = "keep", "两题都保留"
    SKIP = "skip", "不导入这一题"
    REPLACE = "replace", "用新题替换原题"


@dataclass(frozen=True)
class Known:
    """An item the bank already has."""

    item_id: int
    version_id: int
    code: str
    draft: ItemDraft
    pending_id: int | None = None
    """The version that waits beside the published one."""
    hindrance: str = ""
    """Why no other wording may be proposed now: somebody else's waits."""


@dataclass(frozen=True)
class Pair:
    """A row of the file beside another row of it, or beside an item of the bank."""

    clash: Clash
    row: int
    """Position in `Reading.rows`."""
    other_row: int | None = None
    known: Known | None = None
    likeness: float = 100.0


@dataclass(frozen=True)
class ImportPlan:
    """The file with its clashes, and what each row will become under the decisions."""

    reading: Reading
    pairs: tuple[Pair, ...]
    decisions: Mapping[int, Decision] = field(default_factory=dict)
    """By position of the row; without one, what is the same is skipped and everything else kept."""

    @cached_property
    def rows(self) -> list[ReadRow]:
        """The rows with their final fate."""
        same = {pair.row: pair for pair in self.pairs if pair.clash is Clash.SAME and pair.known}
        barred = self._barred()
        rows = []
        for position, row in enumerate(self.reading.rows):
            decision = self.decisions.get(position)
            if row.draft is not None and (decision is Decision.SKIP or (decision is None and position in same)):
                pair = same.get(position)
                code = "already_in_bank" if pair and decision is None else "skipped_by_decision"
                text = (
                    f"与题库中的 {pair.known.code} 完全相同，没有重复导入。"
                    if pair and pair.known and decision is None
                    else "按您的选择没有导入。"
                )
                remark = Remark(Severity.INFO, code, text, place=row.place)
                row = replace(row, fate=Fate.SKIPPED, draft=None, remarks=(*row.remarks, remark))
            elif row.draft is not None and position in barred:
                row = replace(row, fate=Fate.REFUSED, draft=None, remarks=(*row.remarks, replace(barred[position], place=row.place)))
            rows.append(row)
        return rows

    def _barred(self) -> dict[int, Remark]:
        """Rows that cannot replace the item they were meant to replace, and why."""
        found: dict[int, Remark] = {}
        taken: set[int] = set()
        for pair in self.pairs:
            if pair.known is None or self.decisions.get(pair.row) is not Decision.REPLACE:
                continue
            what = f"没有替换题库中的 {pair.known.code}："
            if pair.known.hindrance:
                text, action = f"{what}该题{pair.known.hindrance}。", "请先处理那份修改，再导入这一行。"
                found[pair.row] = Remark(Severity.ERROR, "pending_change", text, action)
            elif pair.known.item_id in taken:
                text, action = f"{what}本文件已有另一行替换它。", "请只留一行。"
                found[pair.row] = Remark(Severity.ERROR, "replaced_twice", text, action)
            taken.add(pair.known.item_id)
        return found

    @cached_property
    def result(self) -> Reading:
        """The file as it will be imported: counts and problems are read from here."""
        listed = [_listed(pair, self.reading.rows) for pair in self.pairs if pair.clash is not Clash.SAME]
        return replace(self.reading, rows=tuple(self.rows), remarks=(*self.reading.remarks, *listed))

    def replaces(self, position: int) -> Known | None:
        """The item of the bank that this row's draft becomes a new version of."""
        if self.decisions.get(position) is not Decision.REPLACE:
            return None
        return next((pair.known for pair in self.pairs if pair.row == position and pair.known), None)

    @property
    def replacing(self) -> list[tuple[Known, ReadRow]]:
        """Items of the bank with the rows that replace them."""
        if Decision.REPLACE not in self.decisions.values():
            return []
        rows = self.rows
        found = [(self.replaces(position), rows[position]) for position in sorted(self.decisions)]
        return [(known, row) for known, row in found if known is not None and row.draft is not None]


def _listed(pair: Pair, rows: Sequence[ReadRow]) -> Remark:
    other = f"题库中的 {pair.known.code}" if pair.known else f"本文件{rows[pair.other_row or 0].place}"
    code = {Clash.CONFLICT: "conflict", Clash.NEAR: "near_duplicate"}[pair.clash] + ("" if pair.known else "_in_file")
    text = f"与{other}{pair.clash.label}" + (f"（{pair.likeness:.0f}%）" if pair.clash is Clash.NEAR else "") + "。"
    return Remark(Severity.WARNING, code, text, "请在导入预览中选择保留、跳过或替换。", rows[pair.row].place)


def plan_import(reading: Reading, known: Sequence[Known], decisions: Mapping[int, Decision] | None = None) -> ImportPlan:
    """Compare every item of the file with the bank and with the rows before it. Each row clashes at most once, the worst first."""
    rows = [(position, row.draft) for position, row in enumerate(reading.rows) if row.draft is not None]
    pairs: list[Pair] = []
    by_stem: dict[str, list[Known]] = defaultdict(list)
    stems_known = [plain(item.draft.stem) for item in known]
    for item, stem in zip(known, stems_known, strict=True):
        by_stem[stem].append(item)
    first: dict[str, tuple[int, ItemDraft]] = {}
    settled: set[int] = set()
    stems = [plain(draft.stem) for _, draft in rows]
    for (position, draft), stem in zip(rows, stems, strict=True):
        pair = _against_bank(position, draft, by_stem.get(stem, ())) or _against_file(position, draft, first.get(stem))
        if pair:
            pairs.append(pair)
            settled.add(position)
        first.setdefault(stem, (position, draft))
    texts = [stem + _options(item.draft) for item, stem in zip(known, stems_known, strict=True)]
    texts += [stem + _options(draft) for (_, draft), stem in zip(rows, stems, strict=True)]
    pairs += _near(texts, [position for position, _ in rows], known, settled)
    return ImportPlan(reading, tuple(sorted(pairs, key=lambda pair: pair.row)), dict(decisions or {}))


def _against_bank(position: int, draft: ItemDraft, same_stem: Iterable[Known]) -> Pair | None:
    found = None
    for item in same_stem:
        if answer_of(item.draft) == answer_of(draft):
            return Pair(Clash.SAME, position, known=item)
        found = found or Pair(Clash.CONFLICT, position, known=item)
    return found


def _against_file(position: int, draft: ItemDraft, earlier: tuple[int, ItemDraft] | None) -> Pair | None:
    if earlier is None or answer_of(earlier[1]) == answer_of(draft):
        return None  # the same question with another remark beside it: listed by likeness, not as a conflict
    return Pair(Clash.CONFLICT, position, other_row=earlier[0])


def answer_of(draft: ItemDraft) -> object:
    """What makes two questions with one stem the same: type, the texts of the options, and which of them are right, in any order."""
    texts = {letter: plain(text) for letter, text in draft.options.items()}
    if draft.type.is_choice:
        return draft.type, frozenset(texts.values()), frozenset(texts[letter] for letter in draft.key)
    parts = tuple((part.type, part.stem, tuple(part.options.items()), tuple(part.key)) for part in draft.parts)
    return draft.type, tuple(texts.get(letter, plain(letter)) for letter in draft.key), tuple(draft.prompts.items()), draft.unit, parts


def plain(text: str) -> str:
    """The text without width, case, spaces and punctuation."""
    if not _SIMPLE.fullmatch(text):
        text = unicodedata.normalize("NFKC", text)
    return _NO_LETTER.sub("", text.lower())


def _options(draft: ItemDraft) -> str:
    return plain("".join(sorted(draft.options.values())))


def _near(texts: Sequence[str], positions: Sequence[int], known: Sequence[Known], settled: set[int]) -> list[Pair]:
    """Near duplicates of rows that have no other clash; `texts` are those of the known items, then those of the rows."""
    asked = [place for place, position in enumerate(positions, start=len(known)) if position not in settled]
    pairs = []
    for place, (other, score) in nearest(texts, asked=asked).items():
        row = positions[place - len(known)]
        if other < len(known):
            pairs.append(Pair(Clash.NEAR, row, known=known[other], likeness=score))
        else:
            pairs.append(Pair(Clash.NEAR, row, other_row=positions[other - len(known)], likeness=score))
    return pairs


def free_codes(taken: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """A code for each new item: its own where it has one that is free, else the next number of the bank."""
    used = set(taken)
    numbers = [int(match[1]) for code in used if (match := re.fullmatch(r"q-(\d{1,9})", code))]
    number = max(numbers, default=0)
    codes = []
    for code in wanted:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", code) or code in used:
            number += 1
            code = f"q-{number:04}"
            while code in used:
                number += 1
                code = f"q-{number:04}"
        used.add(code)
        codes.append(code)
    return codes
