"""What an organisation, a person and a post are to this room: drafts on the way in, views on the way out, and placements through time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from quiz.vocabulary import OrganisationKind, OrganisationStatus, PostCategory, PostRole

SINGLE_ROLES = frozenset({PostRole.SAFETY_DIRECTOR, PostRole.DEPUTY})
"""Roles that one person holds at a time: the next holder replaces the last."""

PLACED_FIELDS = ("district_code", "town_code", "sector_code", "department_code")
"""What decides where an organisation is counted; these have a history of their own."""


ROLE_LABELS = {role.value: role.label for role in PostRole}
CATEGORY_LABELS = {category.value: category.label for category in PostCategory}
STATUS_LABELS = {status.value: status.label for status in OrganisationStatus}
KIND_LABELS = {kind.value: kind.label for kind in OrganisationKind}


@dataclass(frozen=True)
class PersonDraft:
    """A person as somebody stated them. The identity number is turned into a keyed digest at once and never stored."""

    name: str
    phone: str | None = None
    identity_number: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OrganisationDraft:
    """A new organisation. `None` for either 高危 lets sector and features decide; `since` is when it enters the roster's scope."""

    name: str
    district_code: str
    sector_code: str
    kind: str = OrganisationKind.ENTERPRISE
    uscc: str | None = None
    uscc_forced_reason: str = ""
    premises: str = ""
    registration_number: str | None = None
    town_code: str | None = None
    village: str = ""
    address: str = ""
    subsector: str = ""
    department_code: str | None = None
    direct_department_code: str | None = None
    employees: int | None = None
    sd_high_risk: bool | None = None
    hours_high_risk: bool | None = None
    gas_kind: str = ""
    standardisation: str = ""
    hospital_grade: str = ""
    status: str = OrganisationStatus.ACTIVE
    telephone: str = ""
    remark: str = ""
    registered_on: date | None = None
    features: frozenset[str] = frozenset()
    since: date | None = None


@dataclass(frozen=True)
class PostView:
    """A post with its holder."""

    id: int
    organisation_id: int
    person_id: int
    person_name: str
    phone: str | None
    identity_tail: str
    role: str
    category: str
    title: str
    designated: bool
    held_from: date
    held_to: date | None

    @property
    def role_label(self) -> str:
        """主要负责人, …"""
        return ROLE_LABELS[self.role]

    @property
    def category_label(self) -> str:
        """法定代表人, …"""
        return CATEGORY_LABELS[self.category]


@dataclass(frozen=True)
class ChangeView:
    """One line of an organisation's history."""

    effective_on: date
    recorded_at: datetime
    field: str
    label: str
    before: str
    after: str
    account_id: int | None
    import_id: int | None


@dataclass(frozen=True)
class OrganisationRow:
    """One line of a list of organisations."""

    id: int
    kind: str
    name: str
    uscc: str | None
    registration_number: str | None
    premises: str
    district_code: str
    town_code: str | None
    sector_code: str
    department_code: str | None
    direct_department_code: str | None
    status: str
    employees: int | None
    district_name: str = ""
    town_name: str = ""
    sector_name: str = ""
    department_name: str = ""
    principals: str = ""

    @property
    def code_label(self) -> str:
        """The code, or 待补码."""
        return self.uscc or "待补码"

    @property
    def status_label(self) -> str:
        """在业, 注销, …"""
        return STATUS_LABELS[self.status]


@dataclass(frozen=True)
class OrganisationView:
    """One organisation opened: its row, the rest of its fields, posts held now and before, features, history."""

    row: OrganisationRow
    details: Mapping[str, Any]
    features: tuple[str, ...]
    feature_names: tuple[str, ...]
    posts: tuple[PostView, ...]
    past_posts: tuple[PostView, ...]
    placements: tuple[Segment, ...]
    history: tuple[ChangeView, ...]

    @property
    def id(self) -> int:
        """The organisation's id."""
        return self.row.id

    @property
    def principals(self) -> tuple[PostView, ...]:
        """Those who are 主要负责人 now."""
        return tuple(post for post in self.posts if post.role == PostRole.PRINCIPAL)


@dataclass(frozen=True)
class Segment:
    """Where an organisation is counted from `since` until the day before `until`."""

    since: date
    until: date | None
    district_code: str
    town_code: str | None
    sector_code: str
    department_code: str | None

    def same_place(self, other: Segment) -> bool:
        """Counted in the same cell?"""
        return all(getattr(self, name) == getattr(other, name) for name in PLACED_FIELDS)


def place_from(segments: Sequence[Segment], *, effective_on: date, changed: Mapping[str, Any]) -> tuple[Segment, ...]:
    """The placements when, from `effective_on` until now, the changed fields have held these values.

    A back-dated change splits the placement of that day and rewrites the later ones; before the first placement there is
    nothing to change, so it starts with that. Neighbours that become equal are one again.
    """
    placed = []
    start = max(effective_on, segments[0].since)
    for segment in segments:
        if segment.until is not None and segment.until <= start:
            placed.append(segment)
        elif segment.since < start:
            placed.append(replace(segment, until=start))
            placed.append(replace(segment, since=start, **changed))
        else:
            placed.append(replace(segment, **changed))
    return _joined(placed)


def _joined(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].until == segment.since and joined[-1].same_place(segment):
            joined[-1] = replace(joined[-1], until=segment.until)
        else:
            joined.append(segment)
    return tuple(joined)


FIELD_LABELS = {
    "organisation": "新增单位",
    "name": "名称",
    "uscc": "统一社会信用代码",
    "uscc_forced": "代码强制通过",
    "registration_number": "登记注册号",
    "kind": "单位类型",
    "premises": "经营场所",
    "district_code": "所属区市",
    "town_code": "镇街",
    "village": "村居/园区",
    "address": "详细地址",
    "sector_code": "行业领域",
    "subsector": "行业小类",
    "department_code": "行业主管部门",
    "direct_department_code": "直接监管部门",
    "employees": "从业人员数",
    "sd_high_risk": "高危（省条例口径）",
    "hours_high_risk": "高危（学时口径）",
    "features": "特征标签",
    "gas_kind": "燃气类型",
    "standardisation": "标准化等级",
    "hospital_grade": "医院等级",
    "status": "经营状态",
    "telephone": "联系电话",
    "remark": "备注",
    "registered_on": "成立日期",
    "closed_on": "注销、吊销或合并日期",
    "merged_into": "并入单位",
    "absorbed": "吸收单位",
    "document": "依据",
    "tenure": "任职日期",
    "person_merge": "人员合并",
    "roster_undone": "撤销名册导入",
    "phone": "手机号",
    "identity": "身份证号",
    "designated": "指定参训人",
    "category": "职务类别",
    "title": "职务",
    **ROLE_LABELS,
}
"""What a field is called on screen and in reports."""

CODED_FIELDS = {
    "district_code": "region",
    "town_code": "region",
    "sector_code": "sector",
    "department_code": "department",
    "direct_department_code": "department",
}
"""Fields that hold a code of a vocabulary."""

WORDED_FIELDS = {"kind": KIND_LABELS, "status": STATUS_LABELS, "category": CATEGORY_LABELS}
"""Fields that hold a word of ours."""


def shown(field_name: str, value: Any, label: Callable[[str, str | None], str]) -> str:
    """A value as history and reports write it; `label` names the codes of a vocabulary (`Reference.label`)."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, frozenset | set):
        return "、".join(sorted(label("feature", code) for code in value))
    if field_name in CODED_FIELDS:
        return label(CODED_FIELDS[field_name], value)
    return WORDED_FIELDS.get(field_name, {}).get(value) or str(value)


def full_width_brackets(name: str) -> str:
    """Registered names write （威海）, rosters often (威海)."""
    return name.replace("(", "（").replace(")", "）")
