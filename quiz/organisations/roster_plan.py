"""Planning an import: rows × what is known → what will change, row by row, without touching the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from quiz.organisations import identifiers
from quiz.organisations.domain import STATUS_LABELS, shown
from quiz.organisations.existence import Existence
from quiz.organisations.identifiers import WARNING, Finding
from quiz.organisations.reference import Reference, name_key
from quiz.organisations.roster_posts import PostsTrial
from quiz.organisations.roster_rows import COLUMN_OF, RosterRow
from quiz.organisations.roster_state import Change, Group, Known, OrganisationState
from quiz.vocabulary import OrganisationKind, OrganisationStatus, PostRole

MayWrite = Callable[[str, str | None], bool]

CREATED, UPDATED, UNCHANGED, REFUSED, SKIPPED = "created", "updated", "unchanged", "refused", "skipped"

REQUIRED_OF_NEW = {
    "district_code": ("district", "missing_district", "没有填写所属区市。", "请填区市或开发区名称。"),
    "sector_code": ("sector", "missing_sector", "没有填写行业领域。", "请从模板“行业领域”下拉列表中选择。"),
}

BLANK: dict[str, Any] = {
    "kind": OrganisationKind.ENTERPRISE.value,
    "name": "",
    "uscc": None,
    "premises": "",
    "registration_number": None,
    "district_code": "",
    "town_code": None,
    "village": "",
    "address": "",
    "sector_code": "",
    "subsector": "",
    "department_code": None,
    "direct_department_code": None,
    "employees": None,
    "sd_high_risk": False,
    "hours_high_risk": False,
    "gas_kind": "",
    "standardisation": "",
    "hospital_grade": "",
    "status": OrganisationStatus.ACTIVE.value,
    "telephone": "",
    "remark": "",
    "registered_on": None,
    "closed_on": None,
}
"""Attributes of an organisation that a roster may state, with what they are before anything was."""


@dataclass
class RowOutcome:
    """What becomes of one row."""

    row: RosterRow
    outcome: str
    organisation: str
    changes: list[Change] = field(default_factory=list)


@dataclass
class Planner:
    """Plans groups of rows that speak of one organisation, remembering what earlier rows decided."""

    known: Known
    reference: Reference
    today: date
    may_write: MayWrite | None = None

    def plan(self, rows: Iterable[RosterRow]) -> list[RowOutcome]:
        """Outcome of each row, in order; the states in `known` then stand as they should afterwards."""
        rows = list(rows)
        named = _principals_named(rows)
        return [self._plan_row(row, named) for row in rows]

    def _plan_row(self, row: RosterRow, named: Mapping[Group, Mapping[str, str]]) -> RowOutcome:
        name = row.attributes.get("name", "")
        if row.refused:
            return RowOutcome(row, REFUSED, name)
        state = self.known.find(row.group, row.attributes)
        is_new = state is None
        if state is None:
            state = self._new_state(row)
            if state is None:
                return RowOutcome(row, REFUSED, name)
        if not self._may_touch(row, state, is_new) or not self._may_stand(row, state, is_new):
            return RowOutcome(row, REFUSED, name)
        return self._try(row, state, is_new, named.get(row.group, {}))

    def _try(self, row: RosterRow, state: OrganisationState, is_new: bool, named: Mapping[str, str]) -> RowOutcome:
        stated = self._stated(row)
        own = {post.name for post in row.posts if post.role == PostRole.PRINCIPAL}
        trial = PostsTrial.begin(row, state, self.known.people, self.today, {name: at for name, at in named.items() if name not in own})
        self._refuse_contradictions(row, state, stated)
        trial.run()
        name = row.attributes["name"]
        if row.refused:
            return RowOutcome(row, REFUSED, name)
        newly_stated = [key for key in stated if key not in state.stated]
        if state.stated and not newly_stated and not trial.statements and not trial.changes:
            self._note_duplicate(row, state)
            return RowOutcome(row, SKIPPED, name)
        changes = self._set_attributes(row, state, stated, is_new) + trial.changes
        trial.keep(state)
        for key, (value, cell) in stated.items():
            state.stated.setdefault(key, (value, cell))
        if is_new:
            self.known.add(state)
            changes.insert(0, Change("organisation", "", name, self.today))
        else:
            self.known.index(state)
        state.changes += changes
        return RowOutcome(row, CREATED if is_new else UPDATED if changes else UNCHANGED, name, changes)

    # 单位 -------------------------------------------------------------------------------------------------------------

    def _new_state(self, row: RosterRow) -> OrganisationState | None:
        for attribute, (column, code, message, action) in REQUIRED_OF_NEW.items():
            if attribute not in row.attributes:
                row.note(column, Finding(code, message, action))
        if row.refused:
            return None
        for attribute, column, message in (
            ("town_code", "town", "没有填写镇街，未登记镇街。"),
            ("department_code", "department", "没有填写监管部门，按行业领域的牵头部门登记。"),
        ):
            if attribute not in row.attributes:
                row.note(column, Finding(f"missing_{column}", message, "请补填后再次导入。", WARNING))
        attributes = dict(BLANK)
        attributes["kind"] = _likely_kind(row)
        attributes["district_code"] = row.attributes["district_code"]
        return OrganisationState(attributes, since=row.attributes.get("registered_on") or self.today)

    def _may_touch(self, row: RosterRow, state: OrganisationState, is_new: bool) -> bool:
        """Both where it stands and where the row puts it must be within the importer's reach."""
        if self.may_write is None:
            return True
        district = row.attributes.get("district_code") or state.attributes["district_code"]
        sector = row.attributes.get("sector_code") or state.attributes["sector_code"]
        department = row.attributes.get("department_code") or state.attributes["department_code"] or self._leading(sector)
        if not self.may_write(district, department):
            message = "本行的区市或监管部门不在您的管理范围内。"
            row.note("district", Finding("out_of_reach", message, "请由该区市（部门）导入，或请市安委会办公室导入。"))
        elif not is_new and not self.may_write(state.attributes["district_code"], state.attributes["department_code"]):
            message = "该企业目前登记在您的管理范围之外。"
            row.note("uscc", Finding("out_of_reach", message, "如已迁入，请市安委会办公室或原属地办理迁移后再导入。"))
        return not row.refused

    def _may_stand(self, row: RosterRow, state: OrganisationState, is_new: bool) -> bool:
        """A merger says into whom: no roster does, and none takes it back."""
        merged = OrganisationStatus.MERGED.value
        stated, known = row.attributes.get("status"), None if is_new else state.original.get("status")
        if known == merged and stated not in (None, merged):
            day = state.original.get("closed_on")
            message = f"系统中该企业已于 {day} 并入其他单位，本行仍写“{OrganisationStatus(stated).label}”。"
            row.note("status", Finding("merged_away", message, "名册如是旧的，请删去本行；确属误合并的，请先在系统中撤销合并。"))
        elif stated == merged and known != merged:
            action = "请在系统中打开该企业，用“合并到其他单位”办理，写明并入哪一家。"
            row.note("status", Finding("merged_by_roster", "名册写“已合并”，但没有写明并入哪一家。", action))
        return not row.refused

    def _leading(self, sector_code: str) -> str | None:
        sector = self.reference.sectors.get(sector_code)
        return sector.department_code if sector else None

    def _stated(self, row: RosterRow) -> dict[str, tuple[Any, str]]:
        """What the row says of the organisation, attribute by attribute, with the cell."""
        raw = row.raw
        sheet = raw.table.sheet
        stated = {key: (value, f"{sheet}!{raw.address(COLUMN_OF.get(key, key))}") for key, value in row.attributes.items()}
        if row.features is not None:
            stated["features"] = (row.features, f"{sheet}!{raw.address('features')}")
        for code, answer in row.feature_flags.items():
            stated[f"feature:{code}"] = (answer, f"{sheet}!{raw.address(f'feature:{code}')}")
        return stated

    def _refuse_contradictions(self, row: RosterRow, state: OrganisationState, stated: Mapping[str, tuple[Any, str]]) -> None:
        for key, (value, _) in stated.items():
            if key not in state.stated:
                continue
            before, cell = state.stated[key]
            if before == value or (key == "name" and name_key(before) == name_key(value)):
                continue
            action = "请保留正确的一行。"
            if key in ("name", "address", "town_code", "district_code"):
                action = "请保留正确的一行；同一代码有几处经营场所的，请填“经营场所（分店）”列加以区分。"
            row.note(COLUMN_OF.get(key, key), Finding("conflict", f"与 {cell} 是同一企业，但这一项不一致。", action))

    def _note_duplicate(self, row: RosterRow, state: OrganisationState) -> None:
        cell = state.stated["name"][1]
        row.note("name", Finding("duplicate_row", f"与 {cell} 所在行内容相同，已合并。", "无需处理。", identifiers.INFO))

    def _set_attributes(
        self, row: RosterRow, state: OrganisationState, stated: Mapping[str, tuple[Any, str]], is_new: bool
    ) -> list[Change]:
        before, features_before = dict(state.attributes), state.features
        attributes = {key: value for key, (value, _) in stated.items() if key in BLANK}
        if not is_new and name_key(attributes["name"]) == name_key(before["name"]):
            del attributes["name"]  # another width of bracket is no new name
        if not is_new and before["uscc"] and "uscc" not in attributes:
            attributes.pop("kind", None)  # the kind was only inferred from the missing code
        if name_key(attributes.get("premises", "")) == name_key(before["premises"] or ""):
            attributes.pop("premises", None)
        state.attributes.update(attributes)
        if is_new and state.attributes["department_code"] is None:
            state.attributes["department_code"] = self._leading(state.attributes["sector_code"])
        state.features = self._features(row, state)
        self._set_risk(row, state, before, features_before, is_new)
        self._set_closing(row, state, before)
        if is_new:
            return []
        self._warn_of_identity(row, before, state.attributes)
        return self._differences(row, before, features_before, state)

    def _features(self, row: RosterRow, state: OrganisationState) -> frozenset[str]:
        features = set(state.features if row.features is None else row.features)
        uses_gas = state.attributes["gas_kind"] not in ("", "未用")
        if state.attributes["sector_code"] == "catering":
            if uses_gas:
                features.add("gas_catering")
            elif row.attributes.get("gas_kind") == "未用":
                features.discard("gas_catering")
        for code, answer in row.feature_flags.items():
            (features.add if answer else features.discard)(code)
        return frozenset(features)

    def _set_risk(
        self, row: RosterRow, state: OrganisationState, before: Mapping[str, Any], features_before: frozenset[str], is_new: bool
    ) -> None:
        """高危 as the row states it, else as sector and features decide, unless somebody had decided otherwise before."""
        attributes = state.attributes
        derived = self.reference.risk(attributes["sector_code"], state.features)
        former = None if is_new else self.reference.risk(before["sector_code"], features_before)
        for key, value, was in (
            ("hours_high_risk", derived.hours, former and former.hours),
            ("sd_high_risk", derived.province, former and former.province),
        ):
            if key not in row.attributes and (is_new or before[key] == was):
                attributes[key] = value

    def _set_closing(self, row: RosterRow, state: OrganisationState, before: Mapping[str, Any]) -> None:
        """As `closing.set_status` would have it; a closing told again without a day stays where it is."""
        status = state.attributes["status"]
        was = Existence(before["status"], before["closed_on"], state.closures)
        if status == was.status and (not was.is_closed or (row.status_on is None and was.closed_on is not None)):
            return
        becomes = was.become(status, on=row.status_on or self.today)
        state.attributes["closed_on"], state.closures = becomes.closed_on, becomes.closures
        if was.is_closed and not becomes.is_closed:
            day = row.status_on or self.today
            message = f"系统中该企业已{STATUS_LABELS[was.status]}（{was.closed_on}），将恢复为“{STATUS_LABELS[status]}”，自 {day} 起重新计入应训。"
            row.note("status", Finding("reopened", message, "请确认名册不是旧的；恢复日期请填“状态日期”。", WARNING))

    def _warn_of_identity(self, row: RosterRow, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        if before["name"] != after["name"]:
            message = f"代码相同而名称不同：系统中为“{before['name']}”，将更名为“{after['name']}”。"
            row.note("name", Finding("renamed", message, "请确认是企业更名而不是填错代码。", WARNING))
        if before["uscc"] is None and after["uscc"]:
            row.note("uscc", Finding("code_filled", "系统中原为“待补码”，将补上统一社会信用代码。", "请确认是同一企业。", WARNING))
        if before["district_code"] != after["district_code"]:
            names = [self.reference.label("region", place["district_code"]) for place in (before, after)]
            message = f"所属区市由{names[0]}变为{names[1]}，自今日起计入新属地。"
            row.note("district", Finding("moved", message, "需按实际迁移日期登记的，请在系统中办理迁移。", WARNING))

    def _differences(
        self, row: RosterRow, before: Mapping[str, Any], features_before: frozenset[str], state: OrganisationState
    ) -> list[Change]:
        label = self.reference.label
        changes = []
        for key, value in state.attributes.items():
            if before[key] != value:
                effective_on = row.status_on if key in ("status", "closed_on") and row.status_on else self.today
                changes.append(Change(key, shown(key, before[key], label), shown(key, value, label), effective_on))
        if features_before != state.features:
            texts = [shown("features", features, label) for features in (features_before, state.features)]
            changes.append(Change("features", texts[0], texts[1], self.today))
        return changes


def _likely_kind(row: RosterRow) -> str:
    """Which kind a new organisation is, when its row does not say."""
    code = row.attributes.get("uscc") or ""
    if row.attributes.get("sector_code") == "hospital":
        return OrganisationKind.HOSPITAL.value
    if code.startswith("92") or not code:
        return OrganisationKind.SELF_EMPLOYED.value
    return OrganisationKind.OFFICE.value if code.startswith("11") else OrganisationKind.ENTERPRISE.value


def _principals_named(rows: Iterable[RosterRow]) -> dict[Group, dict[str, str]]:
    named: dict[Group, dict[str, str]] = {}
    for row in rows:
        if not row.refused:
            for post in row.posts:
                if post.role == PostRole.PRINCIPAL:
                    cell = f"{row.raw.table.sheet}!{row.raw.address('principal')}"
                    named.setdefault(row.group, {}).setdefault(post.name, cell)
    return named


def note_shared_phones(rows: Iterable[RosterRow]) -> None:
    """One phone under several names in the file: a warning at each later one. Rows are read as a whole, before batches."""
    first: dict[str, tuple[str, str]] = {}
    for row in rows:
        for post in row.posts:
            if not post.phone or post.role != PostRole.PRINCIPAL:
                continue
            cell = f"{row.raw.table.sheet}!{row.raw.address('phone')}"
            name, where = first.setdefault(post.phone, (post.name, cell))
            if name != post.name:
                message = f"这个手机号与 {where} 的“{identifiers.mask_name(name)}”相同，一个手机号默认只能登录一个账号。"
                row.note("phone", Finding("phone_shared", message, "请核对；确属共用的由管理员放行。", WARNING))
