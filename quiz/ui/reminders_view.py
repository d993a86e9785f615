"""The parts of the reminders screen: whether messages leave, when whom, where to, and in which words."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import Permission, User
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Forbidden
from quiz.reminders import addresses, mode, planning, templates
from quiz.reminders.addresses import Address
from quiz.reminders.senders import senders
from quiz.reminders.templates import PLACEHOLDERS, TemplateView
from quiz.training.queries import ProgrammeView, programmes
from quiz.ui import components, office
from quiz.vocabulary import Channel, ProgrammeState

PAGE = "reminders"
AUDIENCES = {"holder": "负责人", "town": "镇街", "district": "区市"}
_ROADS = {
    Channel.SMS: "ANKAO_SMS_URL（短信网关）",
    Channel.EMAIL: "ANKAO_SMTP_URL（邮件服务器）",
    Channel.WECOM: "ANKAO_WECOM_HOSTS（企业微信）",
}


def require_city(reach: Reaches) -> None:
    """Rules and wordings are the whole city's."""
    if not office.is_city_wide(reach):
        raise Forbidden("提醒规则、模板和发送开关由市安委会办公室管理。")


def mode_card(session: Session, user: User, reach: Reaches) -> None:
    """Trial or live, which roads are open, and the switch."""
    live = mode.is_live(session)
    opened = senders()
    with st.container(border=True):
        state = components.badge("正式发送", "ok") if live else components.badge("试运行，不真正发出", "warn")
        components.heading("发送状态", state)
        components.facts(
            [
                (channel.label, components.badge("可用", "ok") if channel in opened else components.badge("未配置", "warn"))
                for channel in (Channel.SMS, Channel.EMAIL, Channel.WECOM)
            ]
        )
        closed = [_ROADS[channel] for channel in _ROADS if channel not in opened]
        if closed:
            how = f"：{'、'.join(closed)}" if user.may(Permission.MANAGE_SYSTEM) else "，请联系系统管理员"
            components.hint(f"未配置的通道在服务器上设置{how}。未配置时，消息留在发件箱里等待。")
        if not office.is_city_wide(reach):
            return
        question = (
            "以后的提醒只写进发件箱供查看，不再真正发出。"
            if live
            else "以后到期的提醒会真正发到负责人手机和镇街邮箱。请先在下面的发件箱里看看试运行的内容是否妥当。"
        )
        label = "改为试运行" if live else "开始正式发送"
        if components.confirm_button(label, key=f"{PAGE}_live", question=question, icon=":material/send:"):
            office.perform(lambda writing: _switch(writing, user, reach, not live))


def _switch(session: Session, user: User, reach: Reaches, live: bool) -> str:
    require_city(reach)
    mode.set_live(session, live)
    office.record(session, user, "set_reminders_live", live=live)
    return "已开始正式发送。" if live else "已改为试运行。"


def choose_programme(session: Session) -> ProgrammeView | None:
    """One of the running programmes."""
    running = {view.code: view for view in programmes(session, states=[ProgrammeState.OPEN])}
    if not running:
        components.empty_state("没有进行中的专项", "开放培训专项后，在这里设置提醒。", href="/programmes", label="培训专项")
        return None
    code = office.choose("培训专项", {code: view.title for code, view in running.items()}, name="programme", page=PAGE, always=True)
    return running[code]


# 规则 -----------------------------------------------------------------------------------------------------------------


def rules(session: Session, programme: ProgrammeView, user: User, reach: Reaches, *, now: datetime) -> None:
    """When this programme reminds whom."""
    components.section(
        "什么时候提醒谁", f"按每位负责人自己的完成期限计算（本专项统一期限 {programme.due_on.isoformat()}）；9 点至 20 点之间发出。"
    )
    found = planning.rules(session, programme_id=programme.id)
    if found:
        rows = [(rule.said, AUDIENCES[rule.template.audience], rule.template.channel.label, rule.template.title) for rule in found]
        components.table(("时间", "发给", "通道", "模板"), rows)
    else:
        components.empty_state("还没有设置提醒", "建议到期前 7 天、3 天、当天各提醒一次，逾期后 3 天再提醒一次。")
    if not office.is_city_wide(reach):
        components.hint("提醒规则由市安委会办公室设置。")
        return
    with st.container(horizontal=True):
        if not found and st.button("按建议一次设好", type="primary", key=f"{PAGE}_usual"):
            office.perform(lambda writing: _usual(writing, programme, user, reach, now))
        question = "把今天该发的提醒写进发件箱；已经写过的不会重复。系统每小时也会自动检查一次。"
        if found and components.confirm_button("现在检查一次", key=f"{PAGE}_plan", question=question, icon=":material/schedule_send:"):
            office.perform(lambda writing: _plan(writing, user, reach))
    with st.expander("增加或删除提醒"):
        _rule_form(session, programme, user, reach, now)
        if found:
            names = {rule.id: f"{rule.said} · {rule.template.title}" for rule in found}
            chosen = st.selectbox("要删除的提醒", list(names), format_func=names.__getitem__, key=f"{PAGE}_remove_choice")
            if st.button("删除这条提醒", key=f"{PAGE}_remove"):
                office.perform(lambda writing: _remove(writing, programme, user, reach, chosen, names[chosen]))


def _rule_form(session: Session, programme: ProgrammeView, user: User, reach: Reaches, now: datetime) -> None:
    known = {view.code: view for view in templates.templates(session)}
    with st.form(f"{PAGE}_rule", border=False):
        left, right = st.columns(2)
        with left:
            code = st.selectbox("模板", list(known), format_func=lambda each: known[each].title, key=f"{PAGE}_rule_template")
        with right:
            days = st.number_input("到期前几天（逾期后填负数）", -planning.FARTHEST, planning.FARTHEST, 7, step=1, key=f"{PAGE}_rule_days")
        if st.form_submit_button("增加提醒"):
            office.perform(lambda writing: _add(writing, programme, user, reach, code, int(days), now))


def _add(session: Session, programme: ProgrammeView, user: User, reach: Reaches, code: str, days: int, now: datetime) -> str:
    require_city(reach)
    planning.add_rule(session, programme_id=programme.id, template_code=code, days_before=days, account_id=user.account_id, now=now)
    office.record(session, user, "add_reminder", subject=programme.title, template=code, days_before=days)
    return "已增加提醒。"


def _usual(session: Session, programme: ProgrammeView, user: User, reach: Reaches, now: datetime) -> str:
    usual = (("holder-before", (7, 3, 0)), ("holder-overdue", (-3,)), ("town-digest-email", (7, 0, -3)))
    for code, days in usual:
        for each in days:
            _add(session, programme, user, reach, code, each, now)
    return "已按建议设好提醒：到期前 7 天、3 天、当天和逾期后 3 天。"


def _remove(session: Session, programme: ProgrammeView, user: User, reach: Reaches, rule_id: int, said: str) -> str:
    require_city(reach)
    planning.remove_rule(session, rule_id=rule_id)
    office.record(session, user, "remove_reminder", subject=programme.title, rule=said)
    return f"已删除提醒：{said}。已经发出的不受影响。"


def _plan(session: Session, user: User, reach: Reaches) -> str:
    require_city(reach)
    planned = planning.plan_today(session, now=clock.now())
    office.record(session, user, "plan_reminders", written=planned.written)
    missing = (
        f"；{len(planned.without_address)} 个对象没有地址：{'、'.join(planned.without_address[:5])}" if planned.without_address else ""
    )
    more = "等" if len(planned.without_address) > 5 else ""
    return f"新写入 {planned.written} 条，此前已有 {planned.known} 条{missing}{more}。"


# 地址 -----------------------------------------------------------------------------------------------------------------


def own_regions(reference: Reference, reach: Reaches) -> dict[str, str]:
    """Districts and streets of which every enterprise is within reach: a digest names them all.

    A department reaches only some of the enterprises of a street, and a street is not its whole district.
    """
    offered: dict[str, str] = {}
    for part in reach.parts:
        if part.department_codes is not None or part.organisation_ids is not None:
            continue
        for district in reference.districts():
            if part.district_codes is not None and district.code not in part.district_codes:
                continue
            if part.town_codes is None:
                offered[district.code] = district.name
            offered |= {
                town.code: f"{district.name} · {town.name}"
                for town in reference.towns_of(district.code)
                if part.town_codes is None or town.code in part.town_codes
            }
    return offered


def address_book(session: Session, reference: Reference, user: User, reach: Reaches) -> None:
    """Where digests go; a district keeps its own."""
    components.section("镇街和区市的收件地址", "汇总发到这里；名单里没有手机号。")
    known = addresses.addresses(session)
    offered = own_regions(reference, reach)
    if not offered:
        components.hint("地址由市、区市安委会办公室和镇街登记。")
        return
    rows = [
        (offered[code], each.email or "—", each.shown_wecom or "—") for code, each in sorted(known.items()) if code in offered
    ]  # fmt: skip
    if rows:
        components.table(("地区", "邮箱", "企业微信群"), rows)
    else:
        components.empty_state("还没有登记地址", "登记后，汇总提醒才能发到镇街。")
    with st.expander("登记或修改地址"):
        code = st.selectbox("地区", list(offered), format_func=offered.__getitem__, key=f"{PAGE}_region")
        if code is None:
            return
        now = known.get(code, Address(code))
        with st.form(f"{PAGE}_address_{code}", border=False):
            email = st.text_input("邮箱", now.email, max_chars=120, key=f"{PAGE}_email_{code}")
            wecom = st.text_input("企业微信群机器人地址", now.wecom, max_chars=300, key=f"{PAGE}_wecom_{code}", type="password")
            if st.form_submit_button("保存"):
                office.perform(lambda writing: _keep(writing, Address(code, email, wecom), offered, user))


def _keep(session: Session, address: Address, offered: dict[str, str], user: User) -> str:
    if address.region_code not in offered:
        raise Forbidden("只能登记管辖范围内的地址。")
    addresses.set_address(session, address)
    office.record(session, user, "set_address", subject=offered[address.region_code], email=address.email, wecom=address.shown_wecom)
    return f"已保存{offered[address.region_code]}的地址。"


# 模板 -----------------------------------------------------------------------------------------------------------------


def wordings(session: Session, user: User, reach: Reaches) -> None:
    """The words, with what may stand in braces."""
    components.section("消息模板", "花括号里的内容发送时自动填写。")
    for view in templates.templates(session):
        changed = "（已修改）" if view.is_changed else ""
        with st.expander(f"{view.title} · {view.channel.label}{changed}"):
            _wording(view, user, reach)


def _wording(view: TemplateView, user: User, reach: Reaches) -> None:
    may = office.is_city_wide(reach)
    with st.form(f"{PAGE}_wording_{view.code}", border=False):
        subject = view.subject
        if view.channel is Channel.EMAIL:
            subject = st.text_input("标题", view.subject, max_chars=120, key=f"{PAGE}_subject_{view.code}", disabled=not may)
        body = st.text_area(
            "正文", view.body, max_chars=templates.LONGEST_BODY, height=160, key=f"{PAGE}_body_{view.code}", disabled=not may
        )
        components.hint("可用：" + "".join(f"{{{name}}}" for name in PLACEHOLDERS[view.audience]))
        if view.channel is Channel.SMS:
            components.hint("短信每条约 70 字，超过的按多条计费。")
        pressed = st.form_submit_button("保存模板", disabled=not may)
    if pressed:
        office.perform(lambda session: _change(session, view, subject, body, user, reach))
    if (
        may
        and view.is_changed
        and components.confirm_button(
            "恢复原来的内容", key=f"{PAGE}_reset_{view.code}", question="改动过的文字将丢弃，恢复为系统自带的内容。"
        )
    ):
        office.perform(lambda session: _reset(session, view, user, reach))


def _change(session: Session, view: TemplateView, subject: str, body: str, user: User, reach: Reaches) -> str:
    require_city(reach)
    now = clock.now()
    templates.change(session, code=view.code, subject=subject, body=body, now=now)
    office.record(session, user, "change_template", subject=view.title, now=now)
    return f"已保存模板“{view.title}”。"


def _reset(session: Session, view: TemplateView, user: User, reach: Reaches) -> str:
    require_city(reach)
    now = clock.now()
    templates.reset(session, code=view.code, now=now)
    office.record(session, user, "change_template", subject=view.title, now=now, reset=True)
    return f"模板“{view.title}”已恢复。"
