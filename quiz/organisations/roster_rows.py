"""From the cells of a row to what it states: every value read, checked, and kept or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from quiz.organisations import identifiers, roster_words
from quiz.organisations.domain import full_width_brackets
from quiz.organisations.identifiers import ERROR, INFO, WARNING, Finding, Reading
from quiz.organisations.reference import Reference, name_key, split_list
from quiz.organisations.roster_columns import BY_KEY, FEATURE_PREFIX
from quiz.organisations.roster_reader import RawRow
from quiz.spreadsheets.reading import UNCALCULATED
from quiz.vocabulary import OrganisationKind, OrganisationStatus, PostRole

Value = TypeVar("Value")

TEXT_LENGTHS = {"village": 80, "address": 200, "subsector": 60, "standardisation": 20, "telephone": 30, "remark": 200, "premises": 120}
NAME_LENGTH, PERSON_LENGTH = 120, 60
NOBODY = {"", "无", "/", "-", "—", "待定", "暂无", "空缺"}

COLUMN_OF = {
    "district_code": "district",
    "town_code": "town",
    "sector_code": "sector",
    "department_code": "department",
    "direct_department_code": "direct_department",
}
"""Which column states an attribute, where the two are not named alike."""


@dataclass(frozen=True)
class Problem:
    """A finding at one cell of the roster, its value masked."""

    sheet: str
    row: int
    cell: str
    column: str
    value: str
    finding: Finding


@dataclass(frozen=True)
class StatedPost:
    """Somebody named in a row, in a role; None is what the row leaves open."""

    role: PostRole
    column: str
    name: str
    phone: str | None = None
    digest: str | None = None
    tail: str = ""
    category: str | None = None
    title: str | None = None
    designated: bool | None = None
    held_from: date | None = None


@dataclass
class RosterRow:
    """What one row states. `attributes` holds only what it says; blank cells say nothing."""

    raw: RawRow
    attributes: dict[str, Any] = field(default_factory=dict)
    features: frozenset[str] | None = None
    feature_flags: dict[str, bool] = field(default_factory=dict)
    status_on: date | None = None
    posts: list[StatedPost] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Has any cell an error?"""
        return any(problem.finding.severity == ERROR for problem in self.problems)

    @property
    def group(self) -> tuple[str, str, str]:
        """Rows with the same group speak of the same organisation."""
        if self.attributes.get("uscc"):
            return ("uscc", self.attributes["uscc"], name_key(self.attributes.get("premises", "")))
        return ("registration_number", self.attributes["registration_number"], "")

    def note(self, column: str, finding: Finding) -> None:
        """Add a finding at that column; a second error at one cell, or the same remark again, would only repeat the first."""
        raw = self.raw
        here = [problem.finding for problem in self.problems if problem.cell == raw.address(column)]
        if any(known.code == finding.code or known.severity == finding.severity == ERROR for known in here):
            return
        value = identifiers.masked(column, raw.value(column))
        label = BY_KEY[column].title if column in BY_KEY else column
        self.problems.append(Problem(raw.table.sheet, raw.number, raw.address(column), label, value, finding))


class RowReader:
    """Reads rows with one reference; remembers names it has seen, for most rows repeat the same few."""

    def __init__(self, reference: Reference, *, digest: Callable[[str], str], today: date) -> None:
        self.reference = reference
        self.digest = digest
        self.today = today
        self._district = lru_cache(4096)(reference.place)
        self._town = lru_cache(65536)(reference.town)
        self._department = lru_cache(4096)(reference.department)
        self._sector = lru_cache(4096)(reference.sector)
        self._feature = lru_cache(4096)(reference.feature)

    def read(self, raw: RawRow) -> RosterRow:
        """Everything the row states, with what is wrong with it."""
        row = RosterRow(raw)
        self._note_formulas(row)
        self._read_name(row)
        self._read_sector(row)
        self._read_kind(row)
        self._read_codes(row)
        self._read_place(row)
        self._read_departments(row)
        self._read_plain(row)
        self._read_words(row)
        self._read_features(row)
        self._read_principal(row)
        self._read_other_posts(row)
        return row

    def _take(self, row: RosterRow, column: str, reading: Reading[Value]) -> Value | None:
        for finding in reading.findings:
            row.note(column, finding)
        return reading.value

    def _note_formulas(self, row: RosterRow) -> None:
        for key in row.raw.table.columns:
            if row.raw.value(key) == UNCALCULATED and key != "serial":
                message = "单元格是公式，文件里没有计算结果或结果是错误值。"
                row.note(key, Finding("formula", message, "请把公式复制后“选择性粘贴—数值”，再重新导入。"))

    def _text(self, row: RosterRow, key: str) -> str:
        text = row.raw.text(key)
        return "" if text == UNCALCULATED else text

    def _value(self, row: RosterRow, key: str) -> Any:
        value = row.raw.value(key)
        return "" if value == UNCALCULATED else value

    # 单位 -------------------------------------------------------------------------------------------------------------

    def _read_name(self, row: RosterRow) -> None:
        name = full_width_brackets(re.sub(r"\n", "", self._text(row, "name")))
        if re.search(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", name):
            name = re.sub(r"(?<=[\u4e00-\u9fff（）]) +(?=[\u4e00-\u9fff（）])", "", name)
        if not name:
            row.note("name", Finding("missing_name", "没有填写企业名称。", "请按营业执照填写全称。"))
        elif len(name) > NAME_LENGTH:
            row.note("name", Finding("name_length", f"企业名称超过 {NAME_LENGTH} 字。", "请核对是否把多项内容填在了一格。"))
        elif name[0] in "=+@" or name.isdigit():
            row.note("name", Finding("name_form", "企业名称不像名称（是数字或以 =、+、@ 开头）。", "请核对是否填错列。"))
        else:
            row.attributes["name"] = name

    def _read_sector(self, row: RosterRow) -> None:
        text = self._text(row, "sector")
        if not text:
            return
        code = self._sector(text)
        if code:
            row.attributes["sector_code"] = code
            if code == "catering" and "用气" in text:
                row.feature_flags["gas_catering"] = True
            return
        likely = self.reference.sectors_like(text)
        action = f"可能是：{'、'.join(likely)}；请写明其中一个。" if likely else "请从模板“行业领域”下拉列表中选择；职责不清的填“待明确”。"
        row.note("sector", Finding("unknown_sector", "没有这个行业领域。", action))

    def _read_kind(self, row: RosterRow) -> None:
        text = self._text(row, "kind")
        if not text:
            return
        kind = roster_words.kind_of(text)
        if kind is OrganisationKind.OFFICE and row.attributes.get("sector_code") == "hospital":
            kind = OrganisationKind.HOSPITAL
        if kind:
            row.attributes["kind"] = kind.value
        else:
            row.note("kind", Finding("unknown_kind", "不认识的单位类型，按代码和行业判断。", "可填企业、医院、个体工商户。", WARNING))

    def _read_codes(self, row: RosterRow) -> None:
        number = re.sub(r"[^0-9A-Z（）()号字第]", "", identifiers.tidy_code(self._value(row, "registration_number")))[:40]
        may_lack_code = row.attributes.get("kind") == OrganisationKind.SELF_EMPLOYED or row.attributes.get("sector_code") == "catering"
        reading = identifiers.read_uscc(self._value(row, "uscc"))
        if reading.refused and may_lack_code and reading.findings[0].code == "registration_number":
            number = number or identifiers.tidy_code(self._value(row, "uscc"))
            reading = Reading(None)
        code = self._take(row, "uscc", reading)
        if number:
            row.attributes["registration_number"] = number
        if code:
            row.attributes["uscc"] = code
            kind = row.attributes.get("kind")
            if kind and (warning := identifiers.uscc_kind_warning(code, kind)):
                row.note("uscc", warning)
        elif not reading.refused:
            self._without_code(row, number, may_lack_code)

    def _without_code(self, row: RosterRow, number: str, may_lack_code: bool) -> None:
        if UNCALCULATED in (row.raw.value("uscc"), row.raw.value("registration_number")):
            return
        if number and may_lack_code:
            action = "换发新照后请补填 18 位代码，再次导入即可补上。"
            row.note("uscc", Finding("code_pending", "没有统一社会信用代码，按登记注册号登记，标记“待补码”。", action, WARNING))
            row.attributes.setdefault("kind", OrganisationKind.SELF_EMPLOYED.value)
        elif may_lack_code:
            message = "没有统一社会信用代码，也没有登记注册号。"
            row.note("uscc", Finding("missing_code", message, "请填 18 位代码；确实无码的个体工商户请填“登记注册号”。"))
        else:
            row.note("uscc", Finding("missing_code", "没有填写统一社会信用代码。", "请按营业执照填写 18 位代码。"))

    def _read_place(self, row: RosterRow) -> None:
        text, town_text = self._text(row, "district"), self._text(row, "town")
        place = self._district(text) if text else None
        if text and place is None:
            names = "、".join(region.short_name for region in self.reference.districts())
            action = f"请填其中之一：{names}。"
            row.note("district", Finding("unknown_district", "没有这个区市，或只写到了市一级。", action))
            return
        if place is None:
            place = self._place_from_elsewhere(row, town_text)
        if place is None:
            return
        district, town = place
        row.attributes["district_code"] = district
        if town_text:
            town = self._town(town_text, district)
            if town is None:
                self._note_unknown_town(row, district, town_text)
                return
        if town:
            row.attributes["town_code"] = town

    def _place_from_elsewhere(self, row: RosterRow, town_text: str) -> tuple[str, str | None] | None:
        """The district that the sheet's name or the town gives away."""
        if place := self._district(row.raw.table.sheet):
            row.note("district", Finding("district_from_sheet", "没有区市，按工作表名称登记。", "请核对。", INFO))
            return place
        found = self.reference.districts_of_town(town_text) if town_text else []
        if len(found) == 1:
            row.note("town", Finding("district_from_town", "没有区市，按镇街所在区市登记。", "请核对。", WARNING))
            return found[0], None
        if len(found) > 1:
            row.note("town", Finding("ambiguous_town", "没有区市，而几个区市都有这个镇街。", "请补填所属区市。"))
        return None

    def _note_unknown_town(self, row: RosterRow, district: str, text: str) -> None:
        elsewhere = [self.reference.regions[code].short_name for code in self.reference.districts_of_town(text)]
        name = self.reference.regions[district].name
        if elsewhere:
            message = f"这个镇街不属于{name}，而属于{'、'.join(elsewhere)}。"
            row.note("town", Finding("town_elsewhere", message, "请核对区市和镇街哪一个填错。"))
        else:
            names = "、".join(town.short_name for town in self.reference.towns_of(district))
            row.note("town", Finding("unknown_town", f"{name}没有这个镇街。", f"可填：{names}。"))

    def _read_departments(self, row: RosterRow) -> None:
        names = split_list(self._text(row, "department"))
        for attribute, column, texts in (
            ("department_code", "department", names[:1]),
            ("direct_department_code", "direct_department", split_list(self._text(row, "direct_department"))[:1]),
        ):
            for text in texts:
                if code := self._department(text):
                    row.attributes[attribute] = code
                else:
                    action = "请填部门规范名称（如 应急管理局）；不清楚的填“待明确”。"
                    row.note(column, Finding("unknown_department", "没有这个部门。", action))
        if len(names) > 1:
            second = self._department(names[1])
            if second and not row.raw.text("direct_department"):
                row.attributes["direct_department_code"] = second
            message = "一格里有多个部门：第一个作行业主管部门，第二个作直接监管部门，其余未导入。"
            row.note("department", Finding("several_departments", message, "请分列填写。", WARNING))

    def _read_plain(self, row: RosterRow) -> None:
        for key, length in TEXT_LENGTHS.items():
            text = self._text(row, key).replace("\n", " ")
            if key == "telephone" and row.raw.table.columns.get("phone") == row.raw.table.columns.get("telephone"):
                continue  # one column serves as 手机号: see _read_phone
            if len(text) > length:
                row.note(key, Finding("text_cut", f"内容超过 {length} 字，只保留前 {length} 字。", "请精简。", WARNING))
            if text and text not in ("/", "无"):
                row.attributes[key] = text[:length]
        text = self._text(row, "employees")
        count = roster_words.count_of(text) if text else None
        if count is not None:
            row.attributes["employees"] = count
        elif text and text not in ("/", "-"):
            row.note("employees", Finding("employees_form", "从业人员数不是整数，没有导入。", "请填一个整数。", WARNING))
        day = self._take(row, "registered_on", identifiers.read_date(self._value(row, "registered_on"), label="成立日期"))
        if day and day > self.today:
            row.note("registered_on", Finding("future_date", "成立日期晚于今天。", "请核对。"))
        elif day:
            row.attributes["registered_on"] = day

    # 各项取值 ---------------------------------------------------------------------------------------------------------

    def _read_words(self, row: RosterRow) -> None:
        for key in ("sd_high_risk", "hours_high_risk"):
            if (answer := self._yes_or_no(row, key)) is not None:
                row.attributes[key] = answer
        for key, understood, choices in (
            ("gas_kind", roster_words.gas_kind_of, "管道、瓶装、未用"),
            ("hospital_grade", roster_words.hospital_grade_of, "一级、二级、三级、未定级"),
        ):
            text = self._text(row, key)
            if not text or text == "/":
                continue
            if value := understood(text):
                row.attributes[key] = value
            else:
                row.note(key, Finding(f"unknown_{key}", "没有看懂，未导入。", f"可填：{choices}。", WARNING))
        self._read_status(row)

    def _read_status(self, row: RosterRow) -> None:
        text = self._text(row, "status")
        if not text:
            return
        status = roster_words.status_of(text)
        if status is None:
            choices = "、".join(known.label for known in OrganisationStatus if known is not OrganisationStatus.MERGED)
            action = f"可填：{choices}。“关闭”“倒闭”请按登记状态写明注销、吊销或停产停业。"
            row.note("status", Finding("unknown_status", "不认识的经营状态。", action))
            return
        row.attributes["status"] = status.value
        day = self._take(row, "status_on", identifiers.read_date(self._value(row, "status_on"), label="状态日期"))
        if day and day > self.today:
            row.note("status_on", Finding("future_date", "状态日期晚于今天。", "到了那一天再导入，或改正日期。"))
        row.status_on = day

    def _yes_or_no(self, row: RosterRow, key: str) -> bool | None:
        text = self._text(row, key)
        if not text:
            return None
        answer = roster_words.yes_or_no(text)
        if answer is None:
            row.note(key, Finding("yes_or_no", "应填“是”或“否”，这里没有看懂，按没有填写处理。", "请改为“是”或“否”。", WARNING))
        return answer

    def _read_features(self, row: RosterRow) -> None:
        text = self._text(row, "features")
        if text:
            found = set()
            for part in split_list(text):
                if code := self._feature(part):
                    found.add(code)
                elif part not in NOBODY and part != "不涉及":
                    message = f"没有“{part[:20]}”这个特征标签，未导入。"
                    row.note("features", Finding("unknown_feature", message, "请用模板说明中的标签。", WARNING))
            row.features = frozenset(found)
        for key in row.raw.table.columns:
            if key.startswith(FEATURE_PREFIX) and (answer := self._yes_or_no(row, key)) is not None:
                row.feature_flags[key.removeprefix(FEATURE_PREFIX)] = answer

    # 人员 -------------------------------------------------------------------------------------------------------------

    def _read_principal(self, row: RosterRow) -> None:
        name = self._person_name(row, "principal")
        phone = self._read_phone(row)
        identity = self._take(row, "identity", identifiers.read_identity_number(self._value(row, "identity"), today=self.today))
        held_from = self._take(row, "held_from", identifiers.read_date(self._value(row, "held_from"), label="任职日期"))
        if held_from and held_from > self.today:
            row.note("held_from", Finding("future_date", "任职日期晚于今天。", "到任后再导入，或改正日期。"))
        if not name:
            self._note_missing_principal(row)
            return
        text = self._text(row, "category")
        row.posts.append(
            StatedPost(
                role=PostRole.PRINCIPAL,
                column="principal",
                name=name,
                phone=phone,
                digest=self.digest(f"identity:{identity}") if identity else None,
                tail=identity[-4:] if identity else "",
                category=roster_words.category_of(text).value if text and text not in NOBODY else None,
                title=self._text(row, "title")[:40] or None,
                designated=self._yes_or_no(row, "designated"),
                held_from=held_from,
            )
        )

    def _read_phone(self, row: RosterRow) -> str | None:
        shared = row.raw.table.columns.get("phone") == row.raw.table.columns.get("telephone")
        reading = identifiers.read_phone(self._value(row, "phone"))
        if shared and reading.refused and reading.findings[0].code == "phone_landline":
            row.attributes["telephone"] = self._text(row, "telephone")[:30]
            message = "只有座机，登记为单位联系电话；主要负责人没有手机号，无法自行激活账号。"
            row.note("phone", Finding("phone_missing", message, "请补填手机号。", WARNING))
            return None
        return self._take(row, "phone", reading)

    def _person_name(self, row: RosterRow, key: str) -> str:
        text = self._text(row, key)
        if text in NOBODY:
            return ""
        name = re.sub(r"\s", "", text) if re.search(r"[\u4e00-\u9fff]", text) else text
        if len(split_list(text)) > 1:
            row.note(key, Finding("several_people", "一格里有多个人。", "每人一行：同一企业可以有几行，分别写明职务类别。"))
            return ""
        if len(name) > PERSON_LENGTH or re.search(r"\d", name):
            row.note(key, Finding("person_name", "不像人名（过长或含有数字）。", "请核对是否填错列；电话请填手机号列。"))
            return ""
        return name

    def _note_missing_principal(self, row: RosterRow) -> None:
        if any(problem.finding.severity == ERROR and problem.column == BY_KEY["principal"].title for problem in row.problems):
            return
        candidate = self._text(row, "legal_representative")
        if candidate and candidate not in NOBODY:
            message = "没有主要负责人，只有法定代表人：法定代表人不一定是主要负责人，未登记任职（待确认）。"
            row.note("legal_representative", Finding("candidate_only", message, "确认后请填入“主要负责人姓名”列再导入。", WARNING))
        else:
            row.note("principal", Finding("missing_principal", "没有填写主要负责人，只登记企业。", "请补填后再次导入。", WARNING))

    def _read_other_posts(self, row: RosterRow) -> None:
        for role, key in (
            (PostRole.SAFETY_DIRECTOR, "safety_director"),
            (PostRole.DEPUTY, "deputy"),
        ):
            if name := self._person_name(row, key):
                row.posts.append(StatedPost(role, key, name, phone=self._other_phone(row, key)))
        names = [re.sub(r"\s", "", part) for part in split_list(self._text(row, "safety_manager")) if part not in NOBODY]
        for name in dict.fromkeys(names):
            if len(name) > PERSON_LENGTH or re.search(r"\d", name):
                finding = Finding("person_name", f"“{name[:1]}…”不像人名，未登记。", "只填姓名，多人用顿号隔开。", WARNING)
                row.note("safety_manager", finding)
                continue
            phone = self._other_phone(row, "safety_manager") if len(names) == 1 else None
            row.posts.append(StatedPost(PostRole.SAFETY_MANAGER, "safety_manager", name, phone=phone))

    def _other_phone(self, row: RosterRow, key: str) -> str | None:
        reading = identifiers.read_phone(self._value(row, f"{key}_phone"))
        for finding in reading.findings:
            row.note(f"{key}_phone", Finding(finding.code, finding.message + "未登记此号码。", finding.action, WARNING))
        return reading.value
