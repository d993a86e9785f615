"""What each role sees first: what is going on, and what to do next."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.administration import account_figures, latest_event
from quiz.accounts.domain import Permission, User
from quiz.banks.queries import list_banks
from quiz.coverage.queries import CoverageView, coverage
from quiz.papers.queries import list_papers
from quiz.training.first_steps import first_steps
from quiz.training.my_papers import my_papers
from quiz.training.queries import ProgrammeView, programmes
from quiz.ui import components
from quiz.ui.components import Kpi, Tone
from quiz.ui.markup import draw, join, markup
from quiz.vocabulary import PaperState, ProgrammeState

_SOON = 7
_BACKUP_OLD = timedelta(days=7)


def trainee(session: Session, user: User, now: datetime) -> None:
    """Papers to take, and the big way to them."""
    papers = my_papers(session, person_id=user.person_id, now=now) if user.person_id else []
    waiting = [view for view in papers if not view.passed]
    if not papers:
        components.empty_state("现在没有要参加的考试", "有新的考试会显示在这里。", href="/my_results", label="查看以往成绩")
        return
    nearest = min((view.due_on for view in waiting), default=None)
    components.kpi_row(
        [
            Kpi("待完成", f"{len(waiting)} 项", tone="warn" if waiting else "ok"),
            Kpi("已合格", f"{len(papers) - len(waiting)} 项", tone="ok"),
            Kpi("最近期限", nearest.isoformat() if nearest else "—"),
        ]
    )
    components.link("去答题" if waiting else "查看我的考试", "/my", primary=True)


def office(session: Session, user: User, now: datetime) -> None:
    """Coverage of each open programme, within reach."""
    today = clock.local_day(now)
    opened = sorted(programmes(session, states=[ProgrammeState.OPEN]), key=lambda programme: programme.due_on)
    reach = user.reach(Permission.SEE_COVERAGE)
    components.section("进行中的培训专项", f"统计到 {today.isoformat()}，按企业计；只含您管辖范围内的企业。")
    if not opened:
        may = user.may(Permission.MANAGE_PROGRAMMES)
        components.empty_state(
            "没有进行中的专项",
            "新建并开放一个专项后，这里显示它的覆盖率。",
            href="/programmes" if may else "",
            label="新建培训专项" if may else "",
        )
    for programme in opened:
        _programme(programme, coverage(session, programme_code=programme.code, as_of=today, reach=reach), (programme.due_on - today).days)


def _programme(programme: ProgrammeView, view: CoverageView, days: int) -> None:
    left = f"还剩 {days} 天" if days > 0 else "今天截止" if days == 0 else f"已过期限 {-days} 天"
    tone: Tone = "bad" if days < 0 else "warn" if days <= _SOON else "info"
    total = view.total
    with st.container(border=True):
        components.heading(
            programme.title, components.badge(left, tone), over=f"期限 {programme.due_on.isoformat()} · 口径 {view.policy.label}"
        )
        draw(
            markup(
                '<div class="ankao-rate"><b>{}</b><span>已完成 {} ÷ 应训 {}</span></div>'
                '<div class="ankao-bar"><i style="width:{}%"></i></div>',
                view.shown_rate,
                total.completed,
                total.due,
                f"{100 * total.completed / total.due:.1f}" if total.due else "0",
            )
        )
        counts = [("已参训", total.trained), ("已参考", total.examined), ("未完成", total.due - total.completed), ("核减", total.exempt)]
        if programme.paper_id is None:
            counts = [each for each in counts if each[0] != "已参考"]
        components.facts([(label, f"{number} 家") for label, number in counts])
        components.link("查看覆盖率和未覆盖名单", f"/coverage?programme={programme.code}")


def trainer(session: Session, now: datetime) -> None:
    """Banks and papers, and what is next."""
    banks, papers = list_banks(session), list_papers(session)
    open_now = [paper for paper in papers if paper.is_open(now)]
    clauses, covered = sum(bank.clauses for bank in banks), sum(bank.clauses_covered for bank in banks)
    components.section("题库与试卷")
    components.kpi_row(
        [
            Kpi("题库", f"{len(banks)} 个", f"共 {sum(bank.items for bank in banks)} 道在用题目", href="/banks"),
            Kpi("条款覆盖", components.rate_text(covered, clauses), f"{covered} ÷ {clauses} 条应考条款", href="/banks"),
            Kpi("正在开放的试卷", f"{len(open_now)} 份", f"全部试卷 {len(papers)} 份", href="/papers"),
            Kpi("草稿", f"{sum(paper.state is PaperState.DRAFT for paper in papers)} 份", "发布后才能用于专项", href="/papers"),
        ]
    )
    if not papers:
        components.empty_state("还没有试卷", "选好题库和题量，几分钟就能组好一份。", href="/papers?paper=new", label="新建试卷")
        return
    with st.container(horizontal=True):
        components.link("导入题目", "/import_bank", primary=True)
        components.link("新建试卷", "/papers?paper=new")


def administrator(session: Session, now: datetime) -> None:
    """Accounts, the last backup, the last check of the trail."""
    figures = account_figures(session, now=now)
    backup, check = latest_event(session, action="backup"), latest_event(session, action="verify_audit")
    old = backup is None or now - backup.at > _BACKUP_OLD
    sound = check is not None and check.result == "done"
    components.section("系统")
    components.kpi_row(
        [
            Kpi("账号", f"{figures.accounts} 个", f"其中工作人员 {figures.staff} 个，停用 {figures.disabled} 个", href="/accounts"),
            Kpi(
                "锁定中", f"{figures.locked} 个", "连续输错密码，15 分钟后自动解锁", tone="warn" if figures.locked else "", href="/accounts"
            ),
            Kpi(
                "最近备份",
                _ago(backup.at, now) if backup else "从未",
                "建议每天备份" if old else "",
                tone="bad" if old else "ok",
                href="/system",
            ),
            Kpi(
                "审计记录",
                ("完整" if sound else "有异常") if check else "未核对",
                f"核对于 {clock.show(check.at)}" if check else "点此核对",
                tone=("ok" if sound else "bad") if check else "warn",
                href="/audit_trail",
            ),
        ]
    )


def _ago(moment: datetime, now: datetime) -> str:
    hours = int((now - moment).total_seconds() // 3600)
    return "1 小时内" if hours < 1 else f"{hours} 小时前" if hours < 48 else f"{hours // 24} 天前"


def steps(session: Session, user: User) -> None:
    """The way from an empty installation to the first figure, until all of it has been done."""
    done = first_steps(session)
    if done.all_done:
        return
    plan = (
        (done.roster, "导入企业名册", "下载模板填好企业和主要负责人，上传后先预检再写入。", "import_roster", Permission.MANAGE_ROSTER),
        (done.paper, "建好并发布试卷", "从题库按条款、题型抽题，设定合格分、时限和开放时间。", "papers", Permission.MANAGE_PAPERS),
        (
            done.programme,
            "新建并开放培训专项",
            "选定培训对象、期限和试卷；开放后每家企业都有一项任务。",
            "programmes",
            Permission.MANAGE_PROGRAMMES,
        ),
        (
            done.activations,
            "发放激活码",
            "按镇街打印激活条，主要负责人用它开通账号后就能答题。",
            "activation_slips",
            Permission.ISSUE_ACTIVATIONS,
        ),
    )
    components.section("第一次使用：四步", "做完一步打一个勾，全部做完后这里不再显示。")
    rows = []
    for number, (is_done, title, text, page, permission) in enumerate(plan, start=1):
        name = components.anchor(title, f"/{page}") if user.may(permission) else markup("{}（由有权限的同事办理）", title)
        mark, kind = ("✓", "ankao-done") if is_done else (str(number), "")
        rows.append(markup('<li class="{}"><i>{}</i><div><b>{}</b><span>{}</span></div></li>', kind, mark, name, text))
    draw(markup('<ol class="ankao-steps">{}</ol>', join(rows)))
