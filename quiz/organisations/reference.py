"""Regions, departments, sectors and features: seeded from the data files, and recognised by every name they go by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from quiz.models.organisations import Department, Feature, Region, Sector
from quiz.vocabulary import RegionKind, RegionLevel

DATA = Path(__file__).parent / "data"
UNDETERMINED = "undetermined"
"""Code of the department and the sector 待明确."""

_TOWN_SUFFIX = re.compile(r"(街道办事处|街道办|办事处|街道|镇政府|镇|乡)$")
_UPPER_NAMES = ("中华人民共和国", "山东省", "山东", "威海市", "威海")
_LIST_MARKS = re.compile(r"[、,，;；/|\n]+")


@lru_cache
def _data(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text("utf-8"))


def seed_reference(session: Session) -> None:
    """Put the regions, departments, sectors and features of the data files into the tables; a second time changes nothing."""
    for table, rows in zip((Region, Department, Sector, Feature), _all_rows(), strict=True):
        _upsert(session, table, rows)


def _all_rows() -> tuple[list[dict[str, Any]], ...]:
    return (
        _region_rows(),
        [{**row, "position": position} for position, row in enumerate(_data("departments.yaml"))],
        [_sector_row(row, position) for position, row in enumerate(_data("sectors.yaml"))],
        [_feature_row(row, position) for position, row in enumerate(_data("features.yaml"))],
    )


def _upsert(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(rows)
    updated = {name: statement.excluded[name] for name in rows[0] if name != "code"}
    session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=updated))


def _region_rows() -> list[dict[str, Any]]:
    city = _data("regions.yaml")
    rows = [_region_row(city, RegionLevel.CITY, RegionKind.ADMINISTRATIVE, None, 0)]
    for district in city["districts"]:
        rows.append(_region_row(district, RegionLevel.DISTRICT, district["kind"], city["code"], len(rows)))
        for code, name in district["towns"].items():
            town = {"code": code, "name": name, "short_name": _TOWN_SUFFIX.sub("", name), "aliases": []}
            rows.append(_region_row(town, RegionLevel.TOWN, RegionKind.ADMINISTRATIVE, district["code"], len(rows)))
    return rows


def _region_row(entry: Mapping[str, Any], level: str, kind: str, parent: str | None, position: int) -> dict[str, Any]:
    return {
        "code": entry["code"],
        "name": entry["name"],
        "short_name": entry["short_name"],
        "level": str(level),
        "kind": str(kind),
        "parent_code": parent,
        "aliases": entry["aliases"],
        "position": position,
    }


def _sector_row(entry: Mapping[str, Any], position: int) -> dict[str, Any]:
    return {
        "code": entry["code"],
        "name": entry["name"],
        "aliases": entry["aliases"],
        "department_code": entry["department"],
        "hours_high_risk": entry.get("hours_high_risk", False),
        "sd_high_risk": entry.get("sd_high_risk", False),
        "position": position,
    }


def _feature_row(entry: Mapping[str, Any], position: int) -> dict[str, Any]:
    return {
        "code": entry["code"],
        "name": entry["name"],
        "aliases": entry["aliases"],
        "hours_high_risk": entry.get("hours_high_risk", False),
        "sd_high_risk": entry.get("sd_high_risk", False),
        "position": position,
    }


def managing_units() -> dict[str, str]:
    """Managing units without towns of their own, with the district whose towns they may hold: `{"WH-NH": "371003"}`."""
    return {district["code"]: district["towns_from"] for district in _data("regions.yaml")["districts"] if "towns_from" in district}


def name_key(text: str) -> str:
    """What two spellings of one name have in common: width, case, blanks and brackets do not count."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()


@dataclass(frozen=True)
class Risk:
    """Both readings of 高危 at once."""

    hours: bool
    province: bool


@dataclass(frozen=True)
class Reference:
    """The four vocabularies as they stand in the tables, ready to recognise what a roster writes."""

    regions: Mapping[str, Region]
    departments: Mapping[str, Department]
    sectors: Mapping[str, Sector]
    features: Mapping[str, Feature]
    _districts_by_name: Mapping[str, str]
    _departments_by_name: Mapping[str, str]
    _sectors_by_name: Mapping[str, str]
    _features_by_name: Mapping[str, str]

    @classmethod
    def load(cls, session: Session) -> Reference:
        """As the tables have them."""
        return cls._of(*(list(session.exec(select(table).order_by("position"))) for table in (Region, Department, Sector, Feature)))

    @classmethod
    def of_data(cls) -> Reference:
        """As the data files have them, where there is no database."""
        regions, departments, sectors, features = _all_rows()
        return cls._of(
            [Region(**row) for row in regions],
            [Department(**row) for row in departments],
            [Sector(**row) for row in sectors],
            [Feature(**row) for row in features],
        )

    @classmethod
    def _of(cls, regions: list[Any], departments: list[Any], sectors: list[Any], features: list[Any]) -> Reference:
        districts = [row for row in regions if row.level == RegionLevel.DISTRICT]
        return cls(
            {row.code: row for row in regions},
            {row.code: row for row in departments},
            {row.code: row for row in sectors},
            {row.code: row for row in features},
            _by_name((row.code, (row.name, row.short_name, *row.aliases)) for row in districts),
            _by_name((row.code, (row.name, *row.aliases)) for row in departments),
            _by_name((row.code, (row.name, *row.aliases)) for row in sectors),
            _by_name((row.code, (row.name, *row.aliases)) for row in features),
        )

    def districts(self) -> list[Region]:
        """Districts, development zones and managing units, in the official order."""
        return [row for row in self.regions.values() if row.level == RegionLevel.DISTRICT]

    def towns_of(self, district_code: str) -> list[Region]:
        """Streets and towns an organisation of the district may lie in."""
        parent = managing_units().get(district_code, district_code)
        return [row for row in self.regions.values() if row.level == RegionLevel.TOWN and row.parent_code == parent]

    def district(self, text: str) -> str | None:
        """District code for a name, an alias or a code; `371000` and 威海市 name no district."""
        return _first(self._districts_by_name, _without_upper(name_key(text)))

    def place(self, text: str) -> tuple[str, str | None] | None:
        """District and town when both stand in one cell (`环翠区张村镇`), or the district alone."""
        key = _without_upper(name_key(text))
        if code := _first(self._districts_by_name, key):
            return code, None
        for name in sorted(self._districts_by_name, key=len, reverse=True):
            if key.startswith(name) and (town := self.town(key.removeprefix(name), self._districts_by_name[name])):
                return self._districts_by_name[name], town
        return None

    def town(self, text: str, district_code: str) -> str | None:
        """Town code within the district, by name with or without 街道 / 镇, or by its 9- or 12-digit code."""
        key = name_key(text)
        return self._town(key, district_code) or self._town(self._without_district(key, district_code), district_code)

    def _town(self, key: str, district_code: str) -> str | None:
        towns = {row.code: row.name for row in self.towns_of(district_code)}
        if key[:9] in towns and re.fullmatch(r"\d{9}(\d{3})?", key):
            return key[:9]
        for code, name in towns.items():
            if name == key or (len(key) > 1 and _TOWN_SUFFIX.sub("", name) == _TOWN_SUFFIX.sub("", key)):
                return code
        return None

    def _without_district(self, key: str, district_code: str) -> str:
        key = _without_upper(key)
        for name in sorted(self._districts_by_name, key=len, reverse=True):
            if key.startswith(name) and self._districts_by_name[name] == district_code:
                return key.removeprefix(name)
        return key

    def districts_of_town(self, text: str) -> list[str]:
        """District codes (managing units aside) that have a town of this name."""
        own = [row.code for row in self.districts() if row.code not in managing_units()]
        return [code for code in own if self.town(text, code)]

    def department(self, text: str) -> str | None:
        """Department code for a name or alias, with or without 市, 区 or a district's name in front."""
        key = name_key(text)
        if code := self._departments_by_name.get(key):
            return code
        key = _without_upper(key)
        for name in sorted(self._districts_by_name, key=len, reverse=True):
            key = key.removeprefix(name)
        return self._departments_by_name.get(key) or self._departments_by_name.get(key.lstrip("市区"))

    def sector(self, text: str) -> str | None:
        """Sector code for a name, alias or code."""
        key = name_key(text)
        return self._sectors_by_name.get(key) or self._sectors_by_name.get(re.sub(r"(行业|领域|企业|单位|类)+$", "", key))

    def feature(self, text: str) -> str | None:
        """Feature code for a name or alias, also as `是否涉及有限空间`."""
        key = name_key(text)
        return self._features_by_name.get(key) or self._features_by_name.get(re.sub(r"^(是否)?(涉及|存在|属于|有|为)?", "", key))

    def sectors_like(self, text: str) -> list[str]:
        """Names of sectors that the text may have meant: 矿山 → 煤矿、非煤矿山 and the like."""
        key = name_key(text)
        return [row.name for row in self.sectors.values() if key and (key in row.name or any(key in alias for alias in row.aliases))]

    def risk(self, sector_code: str, features: Iterable[str]) -> Risk:
        """高危 in both readings, as the sector and the features alone decide it."""
        sector = self.sectors[sector_code]
        marks = [self.features[code] for code in features]
        return Risk(
            sector.hours_high_risk or any(mark.hours_high_risk for mark in marks),
            sector.sd_high_risk or any(mark.sd_high_risk for mark in marks),
        )

    def label(self, kind: str, code: str | None) -> str:
        """Chinese name of a code of `region`, `department`, `sector` or `feature`; empty for none."""
        if not code:
            return ""
        table: Mapping[str, Any] = {
            "region": self.regions,
            "department": self.departments,
            "sector": self.sectors,
            "feature": self.features,
        }[kind]
        return str(table[code].name) if code in table else code


def split_list(text: str) -> list[str]:
    """The entries of a cell that lists several: 有限空间、粉尘涉爆."""
    return [part.strip() for part in _LIST_MARKS.split(text) if part.strip()]


def _by_name(entries: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, names in entries:
        for name in (code, *names):
            found.setdefault(name_key(name), code)
    return found


def _without_upper(key: str) -> str:
    for name in _UPPER_NAMES:
        shorter = key.removeprefix(name)
        if shorter:
            key = shorter
    return key


def _first(names: Mapping[str, str], key: str) -> str | None:
    return names.get(key) or names.get(key.removesuffix("人民政府").removesuffix("管委会").removesuffix("管委"))
