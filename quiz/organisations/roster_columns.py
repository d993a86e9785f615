"""The columns of a roster: what each is called, what else offices call it, and how a header cell is recognised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import yaml

from quiz.organisations.reference import DATA

FEATURE_PREFIX = "feature:"
"""Key of a column that answers 是/否 for one feature: `feature:confined_space`."""


@dataclass(frozen=True)
class Column:
    """One column of the roster. `key` names what the value is stored as."""

    key: str
    title: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    width: int = 14
    is_code: bool = False
    note: str = ""
    in_template: bool = True
    ignored: bool = False


def _columns() -> tuple[Column, ...]:
    entries = yaml.safe_load((DATA / "roster_columns.yaml").read_text("utf-8"))
    return tuple(Column(**{**entry, "synonyms": tuple(entry.get("synonyms", ()))}) for entry in entries)


COLUMNS = _columns()
BY_KEY = {column.key: column for column in COLUMNS}

_PEOPLE = {
    "principal": ("主要负责人", "企业负责人", "负责人", "单位主要负责人", "主要负责人信息", "第一责任人"),
    "safety_director": ("安全总监",),
    "deputy": ("分管负责人", "分管安全负责人"),
    "safety_manager": ("安全管理人员", "安全生产管理人员", "安全员"),
    "legal_representative": ("法定代表人", "法人", "法人代表"),
}
"""Upper header cells under which 姓名 and 手机号 belong to that person."""

_UNDER_PERSON = {
    "principal": {
        "principal": "principal",
        "phone": "phone",
        "telephone": "phone",
        "held_from": "held_from",
        "identity": "identity",
        "title": "title",
        "category": "category",
        "designated": "designated",
        "name": "principal",
    },
    "safety_director": {"principal": "safety_director", "phone": "safety_director_phone", "telephone": "safety_director_phone"},
    "deputy": {"principal": "deputy", "phone": "deputy_phone", "telephone": "deputy_phone"},
    "safety_manager": {"principal": "safety_manager", "phone": "safety_manager_phone", "telephone": "safety_manager_phone"},
    "legal_representative": {"principal": "legal_representative", "phone": "legal_phone", "telephone": "legal_phone"},
}


def header_key(text: str) -> str:
    """What counts of a header cell: no blanks, stars, colons or leading numbers; brackets half-width."""
    key = re.sub(r"[\s*★:#]+", "", unicodedata.normalize("NFKC", text)).upper()
    key = re.sub(r"^(\d{1,2}[.、)]|\([一二三四五六七八九十]+\)|[一二三四五六七八九十]+、)", "", key)
    return key.replace("(必填)", "").replace("(选填)", "").replace("【必填】", "")


@lru_cache
def _keys_by_header() -> dict[str, str]:
    return {header_key(name): column.key for column in COLUMNS for name in (column.title, *column.synonyms)}


def recognise(text: str, *, above: str = "", feature: Callable[[str], str | None] = lambda text: None) -> str | None:
    """Key of the column that a header cell opens, with the wider cell above it (主要负责人 above 手机号)."""
    person = next((who for who, names in _PEOPLE.items() if header_key(above) in names), None)
    if person is None:
        return _alone(above + text if above and not text else text, feature) or (_alone(above + text, feature) if above else None)
    if not text or header_key(text) == header_key(above):
        return _alone(above, feature)
    own = _alone(text, feature)
    return _UNDER_PERSON[person].get(own or "") or (own if own and own not in _UNDER_PERSON["principal"] else None)


def _alone(text: str, feature: Callable[[str], str | None]) -> str | None:
    key = header_key(text)
    if not key or len(key) > 24:
        return None
    names = _keys_by_header()
    found = names.get(key) or names.get(re.sub(r"\(.*?\)", "", key))
    if found:
        return found
    mark = feature(re.sub(r"\(.*?\)", "", key))
    return f"{FEATURE_PREFIX}{mark}" if mark else None
