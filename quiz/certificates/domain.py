"""What a certificate says, how its words become the bytes that are signed, and what its state is on a day."""

from __future__ import annotations

import calendar
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from quiz.vocabulary import CertificateState

PREFIX = "AK"
_NUMBER = re.compile(r"AK(\d{4})([2-9A-HJ-NP-Z]{4})([2-9A-HJ-NP-Z]{4})")


@dataclass(frozen=True)
class Content:
    """Every printed field, as text; the empty text stands for a field that does not apply and is not printed."""

    number: str
    holder: str
    organisation: str
    uscc: str
    role: str
    programme: str
    basis: str
    hours: str
    study: str
    score: str
    editions: str
    """The editions of the standards and regulations that were tested, one a line."""
    completed_on: str
    issued_on: str
    valid_until: str
    issuer: str
    key: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Content:
        """From JSON; a field that is missing or unknown is an error, so that nothing unsigned is ever shown as signed."""
        names = {field.name for field in fields(cls)}
        if value.keys() != names or not all(isinstance(each, str) for each in value.values()):
            raise ValueError("证书内容的栏目不完整或多出栏目")
        return cls(**value)

    @property
    def signed_bytes(self) -> bytes:
        """The one way in which this content is written for signing: sorted keys, no spaces, UTF-8."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def shown(self) -> list[tuple[str, str]]:
        """Labels and values of the fields that apply, in the order in which they are printed."""
        return [(label, getattr(self, name)) for name, label in LABELS.items() if getattr(self, name)]


LABELS = {
    "number": "证明编号",
    "holder": "姓名",
    "organisation": "单位",
    "uscc": "统一社会信用代码",
    "role": "岗位",
    "programme": "培训专项",
    "basis": "培训依据",
    "hours": "课堂学时",
    "study": "自学时间",
    "score": "考试成绩",
    "editions": "考查的标准和法规版本",
    "completed_on": "完成日期",
    "issued_on": "发证日期",
    "valid_until": "有效期至",
    "issuer": "出具单位",
    "key": "签名公钥编号",
}


def number(*, year: int, code: str) -> str:
    """`AK2026-K7M2-9QXP`; the last eight characters are drawn by lot, so that numbers cannot be counted through."""
    return f"{PREFIX}{year}-{code}"


def tidy_number(text: str) -> str:
    """The number as it is kept, however it was typed; what cannot be one comes back tidied but otherwise as it was."""
    plain = re.sub(r"[\s\-—–－_]", "", unicodedata.normalize("NFKC", text)).upper()
    found = _NUMBER.fullmatch(plain)
    return f"{PREFIX}{found[1]}-{found[2]}-{found[3]}" if found else plain[:40]


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def last_day(completed_on: date, validity_months: int | None) -> date | None:
    """Last day on which a certificate holds; None without end."""
    return None if validity_months is None else add_months(completed_on, validity_months)


def state_on(day: date, *, state: str, valid_until: date | None) -> CertificateState:
    """As kept, but an otherwise valid one expires after its last day."""
    kept = CertificateState(state)
    if kept is CertificateState.VALID and valid_until is not None and valid_until < day:
        return CertificateState.EXPIRED
    return kept
