"""The checks of data quality, each with what it looks for, why it matters and how it is mended: one set-based query a check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, func, literal, not_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from quiz.models.organisations import Organisation, OrganisationFeature, Person, Placement, Post
from quiz.organisations.quality_sql import about, code_fails, either, finding, in_business, mobile, name_core, only_of
from quiz.organisations.reference import UNDETERMINED
from quiz.vocabulary import OrganisationKind, PostRole

MANY_FIRMS = 5
"""Enterprises one person may head before somebody should look."""
MANY_PHONES = 3
"""Enterprises that may give the same telephone before somebody should look."""
TELEPHONE_CHARACTERS = "0123456789-－—()（） +转、,，/;；"


@dataclass(frozen=True)
class Asked:
    """What a check needs to know: which engine, and what day it is."""

    dialect: str
    today: date


Query = Callable[[Asked], Select[Any]]


@dataclass(frozen=True)
class Check:
    """One kind of doubt. `fixes` names the acts offered at each finding, the most likely first."""

    code: str
    section: str
    title: str
    explanation: str
    fixes: tuple[str, ...]
    query: Query
    extra_label: str = ""


def _organisation(condition: Callable[[Asked], ColumnElement[bool]], extra: Any = None, *, also_closed: bool = False) -> Query:
    """A check that looks at one organisation by itself."""

    def query(asked: Asked) -> Select[Any]:
        found = finding(subject=about("organisation", col(Organisation.id)), extra=extra).where(condition(asked))
        return found if also_closed else found.where(in_business())

    return query


def _held(*more: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """Posts of principals at the organisation, held now."""
    return (
        col(Post.organisation_id) == col(Organisation.id), col(Post.role) == PostRole.PRINCIPAL.value, col(Post.held_to).is_(None), *more,
    )  # fmt: skip


def _posts(condition: Callable[[Asked], ColumnElement[bool]], extra: Any = None, *, principals_only: bool = True) -> Query:
    """A check that looks at one post held now, with its holder."""

    def query(asked: Asked) -> Select[Any]:
        found = (
            finding(
                subject=about("post", col(Post.id)), person_id=col(Person.id), person=col(Person.name), post_id=col(Post.id), extra=extra
            )
            .join(Post, col(Post.organisation_id) == col(Organisation.id))
            .join(Person, col(Person.id) == col(Post.person_id))
            .where(in_business(), col(Post.held_to).is_(None), condition(asked))
        )
        return found.where(col(Post.role) == PostRole.PRINCIPAL.value) if principals_only else found

    return query


def _has_feature(code: str) -> ColumnElement[bool]:
    return exists().where(col(OrganisationFeature.organisation_id) == col(Organisation.id), col(OrganisationFeature.feature_code) == code)


# 重复 -----------------------------------------------------------------------------------------------------------------


def _alike(*key: Any, differ: Any = None, more_than: int = 1, condition: ColumnElement[bool] | None = None) -> Query:
    """Organisations in business of which more than so many share a key; with `differ`, only where that is not the same too.

    The key is worked out once a row and is one text, so that groups and rows meet by a single equality.
    """
    text: Any = func.coalesce(key[0], "")
    for part in key[1:]:
        text = text + literal("|") + func.coalesce(part, "")

    def query(_: Asked) -> Select[Any]:
        wanted = [in_business(), *([] if condition is None else [condition])]
        columns: tuple[Any, ...] = (
            col(Organisation.id).label("id"),
            text.label("key"),
            (text if differ is None else differ).label("differ"),
        )
        keyed = select(*columns).where(*wanted).cte("keyed").prefix_with("MATERIALIZED")
        groups = select(keyed.c.key, func.count().label("size")).group_by(keyed.c.key).having(func.count() > more_than)
        if differ is not None:
            groups = groups.having(func.min(keyed.c.differ) != func.max(keyed.c.differ))
        sized = groups.cte("sized").prefix_with("MATERIALIZED")
        subject = about("organisation", col(Organisation.id), sized.c.size)
        return (
            finding(subject=subject, extra=cast(sized.c.size, String), together=sized.c.key)
            .join(keyed, keyed.c.id == col(Organisation.id))
            .join(sized, sized.c.key == keyed.c.key)
        )

    return query


def _same_person(_: Asked) -> Select[Any]:
    """Two entries of one name with posts at one organisation."""
    names = (
        select(
            col(Post.organisation_id).label("organisation_id"),
            col(Person.name).label("name"),
            func.count(func.distinct(col(Person.id))).label("size"),
        )
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(_not_emptied())
        .group_by(col(Post.organisation_id), col(Person.name))
        .having(func.count(func.distinct(col(Person.id))) > 1)
        .subquery("names")
    )
    holders = (
        select(col(Post.organisation_id).label("organisation_id"), col(Post.person_id).label("person_id"))
        .where(_not_emptied())
        .distinct()
        .subquery("holders")
    )
    return (
        finding(
            subject=about("persons", col(Organisation.id), col(Person.id), names.c.size), person_id=col(Person.id), person=col(Person.name),
            together=about("same", col(Organisation.id), col(Person.name)),
        )
        .join(names, names.c.organisation_id == col(Organisation.id))
        .join(holders, holders.c.organisation_id == col(Organisation.id))
        .join(Person, and_(col(Person.id) == holders.c.person_id, col(Person.name) == names.c.name))
        .where(in_business())
    )  # fmt: skip


def _not_emptied() -> ColumnElement[bool]:
    """A post held on some day."""
    return or_(col(Post.held_to).is_(None), col(Post.held_to) > col(Post.held_from))


# 电话 -----------------------------------------------------------------------------------------------------------------


def _shared_phone(_: Asked) -> Select[Any]:
    """Principals whose number somebody else has too."""
    numbers = (
        select(col(Person.phone).label("phone"), func.count().label("size"), func.min(Person.id).label("first"))
        .where(col(Person.phone).is_not(None))
        .group_by(col(Person.phone))
        .having(func.count() > 1)
        .subquery("numbers")
    )
    return (
        finding(
            subject=about("phone", numbers.c.first, numbers.c.size), person_id=col(Person.id), person=col(Person.name), post_id=col(Post.id),
            extra=cast(numbers.c.size, String), together=numbers.c.phone,
        )
        .join(Post, and_(*_held()))
        .join(Person, col(Person.id) == col(Post.person_id))
        .join(numbers, numbers.c.phone == col(Person.phone))
        .where(in_business())
    )  # fmt: skip


# 任职 -----------------------------------------------------------------------------------------------------------------


def _many_firms(_: Asked) -> Select[Any]:
    headed = aliased(Organisation)
    heads = (
        select(col(Post.person_id).label("person_id"), func.count(func.distinct(col(Post.organisation_id))).label("size"))
        .join(headed, col(headed.id) == col(Post.organisation_id))
        .where(
            col(Post.role) == PostRole.PRINCIPAL.value, col(Post.held_to).is_(None),
            col(headed.status).not_in(("deregistered", "revoked", "merged")),
        )
        .group_by(col(Post.person_id))
        .having(func.count(func.distinct(col(Post.organisation_id))) > MANY_FIRMS)
        .subquery("heads")
    )  # fmt: skip
    return (
        finding(
            subject=about("person", col(Person.id), heads.c.size), person_id=col(Person.id), person=col(Person.name), post_id=col(Post.id),
            extra=cast(heads.c.size, String), together=about("person", col(Person.id)),
        )
        .join(Post, and_(*_held()))
        .join(Person, col(Person.id) == col(Post.person_id))
        .join(heads, heads.c.person_id == col(Person.id))
        .where(in_business())
    )  # fmt: skip


def _several_undesignated(_: Asked) -> Select[Any]:
    several = (
        select(col(Post.organisation_id).label("organisation_id"), func.count().label("size"))
        .where(col(Post.role) == PostRole.PRINCIPAL.value, col(Post.held_to).is_(None))
        .group_by(col(Post.organisation_id))
        .having(func.count() > 1, func.sum(case((col(Post.designated), 1), else_=0)) == 0)
        .subquery("several")
    )
    return (
        finding(subject=about("organisation", col(Organisation.id), several.c.size), extra=cast(several.c.size, String))
        .join(several, several.c.organisation_id == col(Organisation.id))
        .where(in_business())
    )


def _impossible_days(asked: Asked) -> Select[Any]:
    founded, closed = col(Organisation.registered_on), col(Organisation.closed_on)
    told = either(
        (founded > asked.today, "成立日期晚于今天"),
        (closed > asked.today, "注销、吊销或合并日期晚于今天"),
        (closed < founded, "注销、吊销或合并日期早于成立日期"),
        (and_(not_(in_business()), closed.is_(None)), "已注销、吊销或合并，但没有日期"),
    )
    return finding(subject=about("organisation", col(Organisation.id)), extra=told).where(told != "")


def _impossible_tenures(asked: Asked) -> Select[Any]:
    """Of posts held now, and of those left: before the enterprise was founded, or in the future."""
    since, founded = col(Post.held_from), col(Organisation.registered_on)
    told = either(
        (since > asked.today, "任职日期晚于今天"),
        (col(Post.held_to) > asked.today, "离任日期晚于今天"),
        (since < founded, "任职日期早于企业成立日期"),
    )
    return (
        finding(
            subject=about("post", col(Post.id)), person_id=col(Person.id), person=col(Person.name), post_id=col(Post.id),
            extra=told + literal("（") + cast(since, String) + literal("）"),
        )
        .join(Post, col(Post.organisation_id) == col(Organisation.id))
        .join(Person, col(Person.id) == col(Post.person_id))
        .where(told != "", _not_emptied())
    )  # fmt: skip


def _placed_elsewhere(_: Asked) -> Select[Any]:
    """Its present place is not what its last placement says: the counts would go elsewhere."""
    differs = or_(
        col(Placement.district_code) != col(Organisation.district_code),
        func.coalesce(col(Placement.town_code), "") != func.coalesce(col(Organisation.town_code), ""),
        col(Placement.sector_code) != col(Organisation.sector_code),
    )
    return (
        finding(subject=about("organisation", col(Organisation.id)))
        .join(Placement, and_(col(Placement.organisation_id) == col(Organisation.id), col(Placement.until).is_(None)))
        .where(in_business(), differs)
    )


_CODE = col(Organisation.uscc)
_GAS, _TELEPHONE = col(Organisation.gas_kind), col(Organisation.telephone)
_DUPLICATES, _CODES, _PEOPLE, _PHONES, _DAYS, _TRAITS = "重复登记", "证照代码", "主要负责人", "联系电话", "日期", "行业、属地和特征"

CHECKS: tuple[Check, ...] = (
    Check(
        "same_name", _DUPLICATES, "同名同镇街的单位", "名称、区市、镇街都相同，很可能是同一家登记了两次，会在应训企业数里重复计算。",
        ("duplicate", "edit"), _alike(col(Organisation.name), col(Organisation.district_code), col(Organisation.town_code)), "同名家数",
    ),
    Check(
        "similar_name", _DUPLICATES, "名称相近的单位", "去掉地名、“有限公司”等字样和括号后相同，且在同一区市，可能是同一家的不同写法。",
        ("duplicate", "edit"),
        _alike(name_core(col(Organisation.name)), col(Organisation.district_code), differ=col(Organisation.name)), "相近家数",
    ),
    Check(
        "same_code", _DUPLICATES, "一个代码几处经营场所", "统一社会信用代码相同而经营场所不同。确是分店的请确认无误，重复登记的请处理。",
        ("duplicate", "edit"), _alike(_CODE, condition=_CODE.is_not(None)), "同码家数",
    ),
    Check(
        "same_person", _DUPLICATES, "同一单位的同名人员", "同一单位有两条同名的人员登记（常见于换手机号后再次导入），成绩会分在两处。",
        ("merge_persons",), _same_person,
    ),
    Check(
        "code_pending", _CODES, "待补码", "没有统一社会信用代码。个体户按登记注册号登记的，换照后请补录。", ("edit",),
        _organisation(lambda _: _CODE.is_(None), col(Organisation.registration_number)), "登记注册号",
    ),
    Check(
        "code_forced", _CODES, "代码强制通过", "代码校验未通过，附理由强制登记的，请对照营业执照核实。", ("edit",),
        _organisation(lambda _: col(Organisation.uscc_forced).is_(True), _CODE), "代码",
    ),
    Check(
        "code_fails", _CODES, "代码校验不符", "代码长度、字符或校验位不符，且不是强制登记的（多为早期数据）。", ("edit",),
        _organisation(
            lambda asked: and_(_CODE.is_not(None), col(Organisation.uscc_forced).is_(False), code_fails(_CODE, dialect=asked.dialect)), _CODE
        ), "代码",
    ),
    Check(
        "kind_by_code", _CODES, "单位类型与代码不符", "代码前两位说明登记的机构类别（92 个体工商户、91 企业、11 机关），与单位类型对不上。",
        ("edit",),
        _organisation(
            lambda _: or_(
                and_(_CODE.startswith("92"), col(Organisation.kind) != OrganisationKind.SELF_EMPLOYED.value),
                and_(_CODE.startswith("91"), col(Organisation.kind) == OrganisationKind.SELF_EMPLOYED.value),
                and_(_CODE.startswith("11"), col(Organisation.kind) != OrganisationKind.OFFICE.value),
            ),
            _CODE,
        ), "代码",
    ),
    Check(
        "no_principal", _PEOPLE, "未登记主要负责人", "没有在任的主要负责人：计入应训企业，但没有人可以完成。", ("appoint", "status"),
        _organisation(lambda _: not_(exists().where(*_held()))),
    ),
    Check(
        "no_designated", _PEOPLE, "多名负责人未指定参训人", "按口径 B，没有指定参训人时须全部合格；已商定由谁参训的请指定。", ("posts",),
        _several_undesignated, "负责人数",
    ),
    Check(
        "many_firms", _PEOPLE, f"一人负责 {MANY_FIRMS} 家以上", "同一人任多家企业主要负责人，可能是代办人员或挂名，请核实实际负责人。",
        ("posts",), _many_firms, "家数",
    ),
    Check(
        "no_phone", _PEOPLE, "主要负责人没有手机号", "没有手机号就不能凭手机号核对身份，也收不到提醒。", ("posts",),
        _posts(lambda _: or_(col(Person.phone).is_(None), col(Person.phone) == "")),
    ),
    Check(
        "shared_phone", _PHONES, "一个手机号多人使用", "几个人登记了同一个手机号，只有一人能用它登录。同一人重复登记的请合并。",
        ("posts", "merge_persons"), _shared_phone, "使用人数",
    ),
    Check(
        "phone_malformed", _PHONES, "手机号格式不对", "不是 11 位手机号。", ("posts",),
        _posts(lambda _: and_(col(Person.phone).is_not(None), col(Person.phone) != "", not_(mobile(col(Person.phone))))),
    ),
    Check(
        "common_telephone", _PHONES, f"{MANY_PHONES} 家以上单位同一联系电话", "多家单位留同一个联系电话，可能是代账公司或园区的号码。",
        ("edit",), _alike(_TELEPHONE, more_than=MANY_PHONES, condition=_TELEPHONE != ""), "家数",
    ),
    Check(
        "telephone_malformed", _PHONES, "单位联系电话格式不对", "少于 7 位，或含有数字、短横、括号、“转”以外的字符。", ("edit",),
        _organisation(
            lambda _: and_(
                col(Organisation.telephone) != "",
                or_(func.length(col(Organisation.telephone)) < 7, not_(only_of(col(Organisation.telephone), TELEPHONE_CHARACTERS))),
            ),
            col(Organisation.telephone),
        ), "联系电话",
    ),
    Check(
        "impossible_days", _DAYS, "单位日期矛盾", "日期晚于今天、先注销后成立，或已注销而没有日期，统计按日回算时会出错。",
        ("edit", "status"), _impossible_days, "问题",
    ),
    Check(
        "impossible_tenures", _DAYS, "任职日期矛盾", "任职早于企业成立，或晚于今天。", ("tenure", "edit"), _impossible_tenures, "问题",
    ),
    Check(
        "no_town", _TRAITS, "未登记镇街", "统计时归入“未明确”，镇街看不到这家单位。", ("move",),
        _organisation(lambda _: col(Organisation.town_code).is_(None)),
    ),
    Check(
        "no_sector", _TRAITS, "行业领域待明确", "不按行业分派专项；请按“谁主管谁牵头”商定后登记。", ("sector",),
        _organisation(lambda _: col(Organisation.sector_code) == UNDETERMINED),
    ),
    Check(
        "no_department", _TRAITS, "行业主管部门待明确", "没有部门负责督促。", ("sector",),
        _organisation(lambda _: or_(col(Organisation.department_code).is_(None), col(Organisation.department_code) == UNDETERMINED)),
    ),
    Check(
        "hospital_grade", _TRAITS, "医院没有等级", "二级、三级医院消防安全责任人专项按等级确定对象。", ("edit",),
        _organisation(
            lambda _: and_(
                or_(col(Organisation.kind) == OrganisationKind.HOSPITAL.value, col(Organisation.sector_code) == "hospital"),
                col(Organisation.hospital_grade) == "",
            )
        ),
    ),
    Check(
        "gas_mismatch", _TRAITS, "燃气类型与“用气餐饮”标签不符", "标了用气餐饮却写未用或没写燃气类型，或餐饮单位用气却没有标签，专项对象会错漏。",
        ("features", "edit"),
        _organisation(
            lambda _: or_(
                and_(_has_feature("gas_catering"), _GAS.in_(("", "未用"))),
                and_(col(Organisation.sector_code) == "catering", _GAS.not_in(("", "未用")), not_(_has_feature("gas_catering"))),
            ),
            _GAS,
        ), "燃气类型",
    ),
    Check(
        "placed_elsewhere", _TRAITS, "属地记录前后不一", "现在的属地或行业与计数用的属地记录不同（多为直接改库造成），请重新办理一次迁移。",
        ("move", "sector"), _placed_elsewhere,
    ),
)  # fmt: skip
BY_CODE = {check.code: check for check in CHECKS}


def sections() -> Sequence[str]:
    """The headings under which checks stand, in order."""
    return tuple(dict.fromkeys(check.section for check in CHECKS))
