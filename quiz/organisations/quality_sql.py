"""SQL that data-quality checks are made of: the shape of a finding, digits, check characters, the core of a name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, not_, null, or_, select
from sqlmodel import col

from quiz.models.organisations import Organisation
from quiz.organisations.existence import CLOSED_STATUSES
from quiz.organisations.identifiers import USCC_ALPHABET

FINDING = (
    "subject",
    "organisation_id",
    "organisation",
    "district_code",
    "town_code",
    "person_id",
    "person",
    "post_id",
    "extra",
    "together",
)
"""The columns of every check. `together` is what findings of one group have in common."""

_LEGAL_FORMS = ("有限责任", "股份", "有限", "分公司", "公司", "个体工商户")
_CITY = ("山东省", "山东", "威海市", "威海")
_NOISE = (" ", "（", "）", "(", ")")


def finding(
    *,
    subject: Any,
    person_id: Any = None,
    person: Any = None,
    post_id: Any = None,
    extra: Any = None,
    together: Any = None,
) -> Select[Any]:
    """A select of the columns of a finding; what a check does not know is NULL."""
    return select(
        subject.label("subject"),
        col(Organisation.id).label("organisation_id"),
        col(Organisation.name).label("organisation"),
        col(Organisation.district_code).label("district_code"),
        col(Organisation.town_code).label("town_code"),
        _or_null(person_id).label("person_id"),
        _or_null(person).label("person"),
        _or_null(post_id).label("post_id"),
        _or_null(extra).label("extra"),
        _or_null(together).label("together"),
    )


def _or_null(expression: Any) -> Any:
    return null() if expression is None else expression


def about(kind: str, *keys: Any) -> ColumnElement[str]:
    """`organisation:12`, or `phone:3-2`: what a ruling on the finding is filed under."""
    text: Any = literal(f"{kind}:") + cast(keys[0], String)
    for key in keys[1:]:
        text = text + literal("-") + cast(key, String)
    return text  # type: ignore[no-any-return]


def in_business() -> ColumnElement[bool]:
    """Not closed."""
    return col(Organisation.status).not_in(sorted(CLOSED_STATUSES))


def only_of(column: Any, characters: str) -> ColumnElement[bool]:
    """Does the text consist of these characters alone? An empty one does."""
    return func.ltrim(column, characters) == ""


def mobile(column: Any) -> ColumnElement[bool]:
    """A mobile number of mainland China: eleven digits, 13 to 19."""
    return and_(func.length(column) == 11, only_of(column, "0123456789"), func.substr(column, 1, 2).between("13", "19"))


def code_fails(column: Any, *, dialect: str) -> ColumnElement[bool]:
    """Is a 统一社会信用代码 none by its length, its characters or its check character (GB 32100-2015)?"""
    total: Any = literal(0)
    for position in range(17):
        total = total + _value(column, position + 1, dialect) * (3**position % 31)
    expected = (31 - total % 31) % 31
    wrong = _value(column, 18, dialect) != expected
    return or_(func.length(column) != 18, not_(only_of(column, USCC_ALPHABET)), wrong)


def _value(column: Any, position: int, dialect: str) -> Any:
    place = func.instr if dialect == "sqlite" else func.strpos
    return place(literal(USCC_ALPHABET), func.substr(column, position, 1)) - 1


def name_core(column: Any) -> Any:
    """What is left of a registered name without city, legal form, brackets and blanks: equal cores are similar names."""
    text = column
    for word in (*_LEGAL_FORMS, *_CITY, *_NOISE):
        text = func.replace(text, word, "")
    return text


def either(*pairs: tuple[ColumnElement[bool], str]) -> Any:
    """The text of the first condition that holds."""
    return case(*((condition, literal(text)) for condition, text in pairs), else_=literal(""))
