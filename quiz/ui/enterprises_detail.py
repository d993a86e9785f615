"""One enterprise opened: facts, posts, duties, history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from markupsafe import Markup
from sqlmodel import Session

from quiz import clock
from quiz.coverage import history as story
from quiz.organisations.domain import OrganisationView, PostView
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training.granted import DutyRow, duty_rows
from quiz.ui import components, office
from quiz.ui.components import Tone
from quiz.ui.markup import join, markup
from quiz.vocabulary import DutyClosing, OrganisationKind, OrganisationStatus

LISTED_CHANGES = 100
_STATUS_TONES: dict[str, Tone] = {"active": "ok", "suspended": "warn", "unreachable": "warn"}


def head(view: OrganisationView) -> None:
    """Name, state, code."""
    components.page_header(view.row.name, view.row.premises)
    status = components.badge(view.row.status_label, _STATUS_TONES.get(view.row.status, ""))
    kind = components.badge(OrganisationKind(view.row.kind).label)
    components.facts(
        [
            ("统一社会信用代码", view.row.code_label),
            ("所在地", f"{view.row.district_name} {view.row.town_name}"),
            ("经营状态", status),
            ("单位类型", kind),
        ]
    )
    components.link("返回名册", "/enterprises")
    for text in _hints(view):
        components.note(text, tone="warn")


def _hints(view: OrganisationView) -> list[str]:
    """What is missing or doubtful, each with what to do."""
    if OrganisationStatus(view.row.status).is_closed:
        return []
    found = []
    if not view.principals:
        found.append("没有登记在任的主要负责人，统计中算“未登记负责人”。请在“办理”中登记。")
    for post in view.principals:
        if not post.phone:
            found.append(f"主要负责人{post.person_name}没有手机号，无法激活账号。请在“办理”中更正。")
    if len(view.principals) > 1 and not any(post.designated for post in view.principals):
        found.append("有多名主要负责人，没有指定参训人：口径 B 下须全部合格。可在“办理”中指定。")
    if view.row.uscc is None:
        found.append("待补码：没有统一社会信用代码，请核实后补录。")
    elif view.details["uscc_forced"]:
        found.append("信用代码校验未通过，是附理由强制登记的，请核实。")
    if view.row.town_code is None:
        found.append("没有登记镇街，统计时归入“未明确”。")
    return found


def profile(view: OrganisationView, reference: Reference) -> None:
    """Everything the roster knows."""
    details = view.details
    yes_no = {True: "是", False: "否"}
    pairs: list[tuple[str, object]] = [
        ("登记注册号", view.row.registration_number or "—"),
        ("行业领域", view.row.sector_name + (f"（{details['subsector']}）" if details["subsector"] else "")),
        ("行业主管部门", view.row.department_name or "待明确"),
        ("直接监管部门", reference.label("department", view.row.direct_department_code) or "—"),
        ("从业人员数", f"{view.row.employees} 人" if view.row.employees is not None else "—"),
        ("特征标签", "、".join(view.feature_names) or "无"),
        ("高危（省条例口径）", yes_no[details["sd_high_risk"]]),
        ("高危（学时口径）", yes_no[details["hours_high_risk"]]),
        ("燃气类型", details["gas_kind"] or "—"),
        ("医院等级", details["hospital_grade"] or "—"),
        ("标准化等级", details["standardisation"] or "—"),
        ("详细地址", " ".join(filter(None, (details["village"], details["address"]))) or "—"),
        ("联系电话", details["telephone"] or "—"),
        ("成立日期", office.day(details["registered_on"])),
        ("注销或吊销日期", office.day(details["closed_on"])),
        ("备注", details["remark"] or "—"),
    ]
    components.facts(pairs)


def posts(view: OrganisationView) -> None:
    """Who holds what now, and who did."""
    components.section("在任")
    if view.posts:
        columns = ("姓名", "岗位", "职务类别", "手机号", "任职日期", "指定参训人")
        components.table(columns, [_post(post) for post in view.posts])
    else:
        components.empty_state("没有在任人员", "请到“办理”里登记主要负责人。")
    if view.past_posts:
        components.section("曾任", "成绩和学时归本人；离任后不再计入企业的数字。")
        rows = [(post.person_name, post.role_label, office.day(post.held_from), office.day(post.held_to)) for post in view.past_posts]
        components.table(("姓名", "岗位", "任职日期", "离任日期"), rows)


def _post(post: PostView) -> tuple[object, ...]:
    mark = components.badge("是", "ok") if post.designated else "—"
    return post.person_name, post.role_label, post.category_label, office.masked(post.phone), office.day(post.held_from), mark


def duties(session: Session, view: OrganisationView, reach: Reaches, *, may_see_scores: bool) -> None:
    """The programmes that concern it, and how each holder stands."""
    rows = duty_rows(session, reach=reach, organisation_id=view.id)
    if not rows:
        components.empty_state(
            "没有培训任务",
            "开放的专项都不包括该企业：可能是行业、特征标签不符，或没有登记负责人。",
            href="/programmes",
            label="查看培训专项",
        )
        return
    columns = ("培训专项", "负责人", "状态", "应训起", "期限", "完成", "说明")
    components.table(columns, [_duty(row, may_see_scores) for row in rows])


def _duty(row: DutyRow, may_see_scores: bool) -> tuple[object, ...]:
    href = f"/scores?programme={row.programme_code}&organisation={row.organisation_id}"
    title = components.anchor(row.programme, href) if may_see_scores else row.programme
    state = components.badge(*duty_state(row, clock.local_day(clock.now())))
    return title, row.person, state, office.day(row.opened_on), office.day(row.due_on), office.day(row.completed_on), remarks(row) or "—"


def duty_state(row: DutyRow, today: date) -> tuple[str, Tone]:
    """How a duty stands today, in a word."""
    if row.closed_on is not None:
        return (DutyClosing(row.closing).label if row.closing else "已离任（完成后）"), ""
    if row.is_exempt_on(today):
        return "已核减", ""
    return ("已完成", "ok") if row.completed_on else ("未完成", "warn")


def remarks(row: DutyRow) -> str:
    """What was granted on it, and why."""
    parts = []
    if row.extended_to is not None:
        parts.append(f"延期至 {row.extended_to.isoformat()}：{row.extension_reason}")
    if row.exempted_on is not None:
        until = f"，{row.exempt_until.isoformat()} 恢复应训" if row.exempt_until else ""
        parts.append(f"{row.exempted_on.isoformat()} 起核减{until}：{row.exempt_reason}")
    return "；".join(parts)


def history(session: Session, view: OrganisationView) -> None:
    """The story of the enterprise: what was done since when, by whom, on what document, and what it did to the duties."""
    chapters = story.history(session, view.id)
    if not chapters:
        components.empty_state("没有变更记录", "导入或修改名册后，这里逐条列出改了什么。")
        return
    components.hint("按生效日期排列，最近的在前。补办的事项按实际日期计，统计数随之更正；已发布的通报不变。")
    rows = [
        (
            office.day(each.day),
            _lines(each.changes),
            _lines(each.effects) if each.effects else "—",
            each.document or "—",
            _lines([each.who, clock.show(each.entered_at)] if each.entered_at else [each.who]),
        )
        for each in chapters[:LISTED_CHANGES]
    ]
    components.table(("生效日期", "办理内容", "对培训任务的影响", "依据", "经办"), rows)
    if len(chapters) > LISTED_CHANGES:
        components.hint(f"只列出最近 {LISTED_CHANGES} 条。")


def _lines(texts: Iterable[str]) -> Markup:
    return join(markup("<div>{}</div>", text) for text in texts)
