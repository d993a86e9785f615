"""Numbers that name an enterprise or a person: reading them from a cell, checking them, and masking them in a report.

Check digits come from python-stdnum; the reasons, in Chinese, are ours. Nothing is corrected silently: where a letter was
surely mistyped the place is named, and the person corrects it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from stdnum.cn import ric, uscc

Value = TypeVar("Value")

ERROR, WARNING, INFO = "error", "warning", "info"


@dataclass(frozen=True)
class Finding:
    """Something a person should know about one value, and what to do about it. An error refuses the row."""

    code: str
    message: str
    action: str = ""
    severity: str = ERROR


@dataclass(frozen=True)
class Reading(Generic[Value]):
    """A value as it was understood, with what was found on the way. After an error the value is None."""

    value: Value | None
    findings: tuple[Finding, ...] = ()

    @property
    def refused(self) -> bool:
        """Did an error keep the value out?"""
        return any(finding.severity == ERROR for finding in self.findings)


_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d{1,3}")
_FLOAT_AS_TEXT = re.compile(r"^\s*(\d{5,})\.0+\s*$")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
EXACT_DIGITS = 15
"""Excel keeps this many digits of a number; the rest of an 18-digit code becomes zeros."""


def tidy_text(value: Any) -> str:
    """The text of a cell: full-width letters and digits made half-width, unseen characters and doubled blanks removed."""
    if value is None or value == "":
        return ""
    text = number_text(value) if isinstance(value, float | int) else str(value)
    text = _FLOAT_AS_TEXT.sub(r"\1", _UNSEEN.sub("", text).translate(_HALF_WIDTH))
    if "\n" not in text:
        return _BLANKS.sub(" ", text).strip()
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.splitlines()).strip()


def number_text(value: float | int) -> str:
    """`371000.0` is 371000, `1.3812345678E10` is 13812345678; true is 是."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e22:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def tidy_code(value: Any) -> str:
    """A code as typed, without blanks, quotes and dashes, half-width and in capitals."""
    text = unicodedata.normalize("NFKC", tidy_text(value)).upper()
    return re.sub(r"[\s'\"`‘’“”′\-－—–_.·]", "", text) if not _SCIENTIFIC.fullmatch(text) else text


def _lost_digits(value: Any, label: str) -> Finding | None:
    text = tidy_code(value)
    too_long = isinstance(value, float | int) and not isinstance(value, bool) and abs(value) >= 10**EXACT_DIGITS
    if not too_long and not _SCIENTIFIC.fullmatch(text):
        return None
    return Finding(
        "digits_lost",
        f"{label}被 Excel 当作数字保存（科学计数法），第 {EXACT_DIGITS} 位以后的数字已经丢失。",
        "请把该列设为“文本”格式后重新填写完整号码，不能只改显示格式。",
    )


# 统一社会信用代码 -----------------------------------------------------------------------------------------------------

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MISTAKEN_LETTERS = {"I": "1", "O": "0", "Z": "2", "S": "5"}
_ORGANISATION_CODE_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_KINDS_BY_PREFIX = {
    "11": ("office",),
    "12": ("hospital", "office", "enterprise"),
    "52": ("hospital", "enterprise"),
    "91": ("enterprise", "hospital"),
    "92": ("self_employed",),
    "93": ("enterprise",),
}
"""What the first two characters say (GB 32100): 机关, 事业单位, 民办非企业, 企业, 个体工商户, 农民专业合作社."""
_PREFIX_NAMES = {"11": "机关", "12": "事业单位", "52": "民办非企业单位", "91": "企业", "92": "个体工商户", "93": "农民专业合作社"}


def uscc_check_digit(first_17: str) -> str:
    """The 18th character for the first seventeen (GB 32100-2015)."""
    return str(uscc.calc_check_digit(first_17))


def organisation_code_check_digit(first_8: str) -> str:
    """The ninth character of an organisation code (GB 11714), which the 9th to 17th of a 统一社会信用代码 repeat."""
    total = sum(int(character, 36) * weight for character, weight in zip(first_8, _ORGANISATION_CODE_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def read_uscc(raw: Any) -> Reading[str]:
    """The 18 characters of a 统一社会信用代码, or why they are none. An empty cell reads as None without a finding."""
    if lost := _lost_digits(raw, "统一社会信用代码"):
        return Reading(None, (lost,))
    text = tidy_code(raw)
    if text in ("", "无", "/", "待补码", "暂无"):
        return Reading(None)
    if flaw := _uscc_form_flaw(text):
        return Reading(None, (flaw,))
    if text[-1] != uscc_check_digit(text[:-1]):
        message = "统一社会信用代码校验位不正确，至少有一位填错。"
        return Reading(None, (Finding("uscc_check_digit", message, "请对照营业执照逐位核对。"),))
    return Reading(text, _inner_code_hint(text))


def _uscc_form_flaw(text: str) -> Finding | None:
    if len(text) == 9 and re.fullmatch(r"[0-9A-Z]{8}[0-9X]", text):
        return Finding("organisation_code", "这是 9 位组织机构代码，已停用（需换码）。", "请按营业执照填写 18 位统一社会信用代码。")
    if len(text) in (13, 15) and text.isdigit():
        message = f"这是 {len(text)} 位工商注册号，不是统一社会信用代码。"
        return Finding("registration_number", message, "已换发新照的填写 18 位代码；无码的个体工商户请填“登记注册号”列。")
    if len(text) != 18:
        return Finding("uscc_length", f"统一社会信用代码应为 18 位，这里是 {len(text)} 位。", "请对照营业执照补全或删去多余字符。")
    strange = [n for n, character in enumerate(text) if character not in USCC_ALPHABET]
    if not strange:
        return None
    likely = [n for n in strange if text[n] in _MISTAKEN_LETTERS]
    if likely == strange:
        places = "、".join(f"第 {n + 1} 位字母 {text[n]} 疑为数字 {_MISTAKEN_LETTERS[text[n]]}" for n in strange)
        return Finding("uscc_letter", f"统一社会信用代码不使用字母 I、O、S、V、Z：{places}。", "请核对后改正；系统不会自动替换。")
    places = "、".join(f"第 {n + 1} 位“{text[n]}”" for n in strange)
    return Finding("uscc_character", f"统一社会信用代码含有不允许的字符：{places}。", "请对照营业执照改正。")


def _inner_code_hint(text: str) -> tuple[Finding, ...]:
    if text[16] == organisation_code_check_digit(text[8:16]):
        return ()
    return (Finding("uscc_inner_check", "第 9—17 位主体标识码的内部校验不符，仅作提示。", "一般无需处理，有疑问时请核对营业执照。", INFO),)


def uscc_kind_warning(code: str, kind: str) -> Finding | None:
    """The first two characters contradict the kind of organisation: a warning only."""
    kinds = _KINDS_BY_PREFIX.get(code[:2])
    if kinds is None or kind in kinds:
        return None
    message = f"代码以 {code[:2]} 开头，一般是{_PREFIX_NAMES[code[:2]]}，与所填单位类型不一致。"
    return Finding("uscc_kind", message, "请核对单位类型。", WARNING)


# 身份证号 -------------------------------------------------------------------------------------------------------------

_PASSPORT = re.compile(r"[A-Z]{1,3}\d{6,10}")
YOUNGEST, OLDEST = 16, 100


def identity_check_digit(first_17: str) -> str:
    """The 18th character for the first seventeen (GB 11643-1999)."""
    return str(ric.calc_check_digit(f"{first_17}0"))  # stdnum wants a number that has a check digit, and leaves it out


def read_identity_number(raw: Any, *, today: date) -> Reading[str]:
    """An 18-character identity number (GB 11643), or another document's number as it stands; empty reads as None."""
    if lost := _lost_digits(raw, "身份证号"):
        return Reading(None, (lost,))
    text = tidy_code(raw)
    if text in ("", "无", "/"):
        return Reading(None)
    if _PASSPORT.fullmatch(text):
        return Reading(text, (Finding("other_document", "按其他证件（护照等）登记，不校验号码。", "", INFO),))
    if len(text) == 15 and text.isdigit():
        return Reading(None, (Finding("identity_15", "15 位旧身份证号已停用。", "请填写现行 18 位身份证号。"),))
    if not re.fullmatch(r"\d{17}[0-9X]", text):
        message = f"身份证号应为 18 位数字（末位可为 X），这里是 {len(text)} 位。"
        return Reading(None, (Finding("identity_form", message, "请对照证件改正。"),))
    return _checked_identity(text, today)


def _checked_identity(text: str, today: date) -> Reading[str]:
    born = _as_date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    if born is None or born > today:
        return Reading(None, (Finding("identity_birth", "身份证号中的出生日期不存在或晚于今天。", "请对照证件改正。"),))
    if identity_check_digit(text[:17]) != text[-1]:
        return Reading(None, (Finding("identity_check_digit", "身份证号校验位不正确，至少有一位填错。", "请对照证件逐位核对。"),))
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if YOUNGEST <= age <= OLDEST:
        return Reading(text)
    return Reading(text, (Finding("identity_age", f"按身份证号推算年龄为 {age} 岁，请确认。", "确认无误可不处理。", WARNING),))


# 手机号 ---------------------------------------------------------------------------------------------------------------

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0\d{2,3})?\d{7,8}")


def read_phone(raw: Any) -> Reading[str]:
    """A mobile number of eleven digits; +86, blanks and dashes are removed. Empty reads as None."""
    text = tidy_code(raw)
    if _SCIENTIFIC.fullmatch(text):
        digits = _plain_digits(text)
        if digits is None:
            message = "手机号被 Excel 显示成科学计数法，末几位已经丢失。"
            return Reading(None, (Finding("digits_lost", message, "请把该列设为“文本”格式后重新填写。"),))
        text = digits
    text = re.sub(r"[()+]", "", text)
    text = re.sub(r"^(00)?86(?=1)", "", text)
    if text in ("", "无", "/"):
        return Reading(None)
    if _MOBILE.fullmatch(text):
        return Reading(text)
    if _LANDLINE.fullmatch(text):
        return Reading(None, (Finding("phone_landline", "这是座机号码，不能用来登录。", "请填手机号；座机请填“联系电话”列。"),))
    if re.fullmatch(r"1[3-9]\d{9}[^0-9].*", tidy_text(raw)) or len(re.findall(r"1[3-9]\d{9}", text)) > 1:
        return Reading(None, (Finding("phone_several", "一格里有多个号码。", "请只填主要负责人本人的一个手机号。"),))
    return Reading(None, (Finding("phone_form", f"手机号应为 11 位，以 13—19 开头，这里是 {len(text)} 位。", "请改正后重新导入。"),))


def is_mobile(raw: Any) -> bool:
    """Would this read as a mobile number?"""
    return read_phone(raw).value is not None


def _plain_digits(text: str) -> str | None:
    """The whole number behind `1.3812345678E10`; None when the notation no longer holds every digit."""
    mantissa, exponent = text.split("E")
    if len(mantissa.replace(".", "")) != int(exponent) + 1 or int(exponent) >= EXACT_DIGITS:
        return None
    return mantissa.replace(".", "")


# 日期 -----------------------------------------------------------------------------------------------------------------

_DAY = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?(?:[ T].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*月?")
_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 18264, 73050  # 1950-01-01 to 2099-12-31
FIRST_YEAR = 1949


def read_date(raw: Any, *, label: str = "日期") -> Reading[date]:
    """A day from a date cell, an Excel serial number or text; a month alone reads as its first day, with a warning."""
    if isinstance(raw, datetime):
        return _plausible(raw.date(), label)
    if isinstance(raw, date):
        return _plausible(raw, label)
    text = unicodedata.normalize("NFKC", tidy_text(raw))
    if text in ("", "无", "/", "-", "—"):
        return Reading(None)
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and _FIRST_SERIAL <= float(text) <= _LAST_SERIAL:
        return _plausible(_EXCEL_EPOCH + timedelta(days=int(float(text))), label)
    if match := _DAY.fullmatch(text) or _COMPACT.fullmatch(text):
        day = _as_date(*(int(part) for part in match.groups()))
        return _plausible(day, label) if day else Reading(None, (_no_date(label),))
    if match := _MONTH.fullmatch(text):
        day = _as_date(int(match[1]), int(match[2]), 1)
        if day is None:
            return Reading(None, (_no_date(label),))
        warning = Finding("month_only", f"{label}只写到月，按当月 1 日登记。", "如需准确日期请补填。", WARNING)
        reading = _plausible(day, label)
        return reading if reading.refused else Reading(day, (warning,))
    return Reading(None, (_no_date(label),))


def _as_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _plausible(day: date, label: str) -> Reading[date]:
    if day.year < FIRST_YEAR or day.year > 2099:
        return Reading(None, (Finding("date_range", f"{label}的年份 {day.year} 不合理。", "请改正年份。"),))
    return Reading(day)


def _no_date(label: str) -> Finding:
    return Finding("date_form", f"{label}不是有效日期。", "请写成 2024-03-05 的样子。")


# 脱敏 -----------------------------------------------------------------------------------------------------------------

SHOWN_LENGTH = 40


def mask_name(name: str) -> str:
    """张*."""
    return name[:1] + "*" * min(2, max(0, len(name) - 1)) if name else ""


def mask_phone(text: str) -> str:
    """138****1234; a malformed number shows less."""
    digits = tidy_code(text)
    if len(digits) == 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"{digits[:3]}{'*' * (len(digits) - 3)}" if len(digits) > 5 else "*" * len(digits)


def mask_identity(text: str) -> str:
    """Only the last four characters."""
    digits = tidy_code(text)
    return "*" * (len(digits) - 4) + digits[-4:] if len(digits) > 8 else "*" * len(digits)


def mask_code(text: str) -> str:
    """A code of an enterprise is public, yet a report needs only its ends: 913710****0A9A."""
    code = tidy_code(text)
    return f"{code[:6]}****{code[-4:]}" if len(code) > 12 else code


_MASKS = {
    "principal": mask_name,
    "legal_representative": mask_name,
    "safety_director": mask_name,
    "deputy": mask_name,
    "safety_manager": mask_name,
    "identity": mask_identity,
    "phone": mask_phone,
    "safety_director_phone": mask_phone,
    "deputy_phone": mask_phone,
    "safety_manager_phone": mask_phone,
    "legal_phone": mask_phone,
    "telephone": mask_phone,
    "uscc": mask_code,
    "registration_number": mask_code,
}


def masked(column: str, raw: Any) -> str:
    """The value of a roster cell as a report may show it: personal data masked, the rest cut to a readable length."""
    text = raw.isoformat()[:10] if isinstance(raw, date) else tidy_text(raw)
    text = _MASKS[column](text) if column in _MASKS else text
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"
