"""What reading a file comes to: every row, paragraph or element with its fate, and why. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from quiz.banks.files import ItemDraft
from quiz.vocabulary import Labelled


class Format(Labelled):
    """A format of question files."""

    XLSX = "xlsx", "Excel 表格"
    CSV = "csv", "CSV 表格"
    DOCX = "docx", "Word 文档"
    TEXT = "text", "纯文本"
    JSON = "json", "JSON"
    GIFT = "gift", "GIFT"
    AIKEN = "aiken", "Aiken"
    MOODLE_XML = "moodle-xml", "Moodle XML"
    QTI12 = "qti12", "QTI 1.2"
    QTI21 = "qti21", "QTI 2.1/2.2"
    QTI30 = "qti30", "QTI 3.0"


class Fate(Labelled):
    """How a row, paragraph or element ended."""

    ACCEPTED = "accepted", "接受"
    REPAIRED = "repaired", "修正后接受"
    REFUSED = "refused", "拒绝"
    SKIPPED = "skipped", "跳过"


class Severity(Labelled):
    ERROR = "error", "错误"
    WARNING = "warning", "提醒"
    INFO = "info", "说明"


@dataclass(frozen=True)
class Place:
    """Where in the file: a cell of a sheet, or a line (paragraph, element), counted as the person's program counts them."""

    sheet: str = ""
    cell: str = ""
    """`C12`; with `line` empty."""
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.cell} 单元格" if self.cell else f"第 {self.line} 行" if self.line else ""
        if not self.sheet:
            return where
        kind = "文件" if self.sheet.lower().endswith(".xml") else "工作表"  # in a package the path of the file stands here
        return f"{kind}“{self.sheet}” {where}".strip()


@dataclass(frozen=True)
class Remark:
    """One thing that was noticed: what, where, what to do. `code` is for programs and tests."""

    severity: Severity
    code: str
    message: str
    action: str = ""
    place: Place = Place()

    @property
    def text(self) -> str:
        """What, and what to do, as sentences."""
        return "".join(f"{part.rstrip('。')}。" for part in (self.message, self.action) if part)

    def as_json(self) -> dict[str, object]:
        where: dict[str, object] = {"cell": self.place.cell} if self.place.cell else {"line": self.place.line}
        return {"sheet": self.place.sheet} | where | {
            "severity": self.severity.value, "code": self.code, "message": self.message, "action": self.action,
        }  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """An embedded picture, kept with its item. `where` is `stem`, `explanation`, or an option letter."""

    data: bytes = field(repr=False)
    media_type: str = "image/png"
    where: str = "stem"
    description: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class RawQuestion:
    """A question as it stands in a messy file, before anybody judged it. Texts are as found, but for cell types turned into text."""

    place: Place
    stem: str = ""
    type_text: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """Label as found (`A`, `Ｂ`, empty) and text, one an option; for options in columns the label is the column's letter."""
    options_text: str = ""
    """All options in one cell or run of text, not yet split."""
    answer_text: str = ""
    explanation: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    """`chapter`, `topic`, `difficulty`, `clause`, `code`, `score`, `unit`, `tolerance` … as far as the file has them."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Place of each field, so that a remark can name the cell: `stem`, `type`, `options`, `A`, `answer` …"""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class ReadRow:
    """One row, paragraph or element, and how it ended."""

    place: Place
    fate: Fate
    draft: ItemDraft | None = None
    """The item, when accepted or repaired. Its code is empty until the bank gives it one."""
    remarks: tuple[Remark, ...] = ()
    """How it was repaired, why refused, why it is no question."""
    pictures: tuple[Picture, ...] = ()
    clause_text: str = ""
    """What the file says it is based on, in words; matched with clauses of the bank's edition at commit."""
    excerpt: str = ""
    """The beginning of what stands there, to be recognised by."""


@dataclass(frozen=True)
class Reading:
    """A whole file."""

    format: Format
    rows: tuple[ReadRow, ...]
    remarks: tuple[Remark, ...] = ()
    """About the file as a whole, such as the header row that was found."""

    @property
    def counts(self) -> dict[Fate, int]:
        found = Counter(row.fate for row in self.rows)
        return {fate: found[fate] for fate in Fate}

    @property
    def items(self) -> list[ReadRow]:
        """Rows that became items."""
        return [row for row in self.rows if row.draft is not None]

    @property
    def problems(self) -> list[Remark]:
        """Every remark, in the order of the file."""
        return [*self.remarks, *(remark for row in self.rows for remark in row.remarks)]
