"""The 通报: what it says, all of it from one snapshot (and, for what has changed, from an earlier one)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from quiz.coverage.domain import MEASURES, Counts, show_rate, show_share
from quiz.coverage.service import SnapshotView, has_paper
from quiz.problems import Refusal
from quiz.reports.structure import Bars, Block, Document, Paragraph, Section, Table
from quiz.vocabulary import HolderPolicy, NotCoveredReason

MEASURE_COLUMNS = ("应训", "已参训", "已参考", "已完成", "未完成", "核减", "覆盖率")
OF_A_PAPER = "已参考"
"""Left out where nothing is examined."""
WIDTHS = {"应训": 1.2, "核减": 0.9, "覆盖率": 1.2}
NAMED_WORST = 3
NUMERALS = "一二三四五六七八九十"
_PROBLEMS = {
    NotCoveredReason.NEVER_SIGNED_IN: "从未登录学习",
    NotCoveredReason.NOT_ATTEMPTED: "登录过但没有参加考试",
    NotCoveredReason.NOT_PASSED: "参加过考试但未合格",
    NotCoveredReason.HOURS_SHORT: "集中培训学时未满",
    NotCoveredReason.NEW_HOLDER: "负责人新到任、尚在宽限期内",
    NotCoveredReason.NO_HOLDER: "没有登记主要负责人",
}

_HELP = {
    NotCoveredReason.NEVER_SIGNED_IN: "对从未登录的，上门指导激活账号",
    NotCoveredReason.NOT_ATTEMPTED: "对登录后没有参加考试的，约定时间完成",
    NotCoveredReason.NOT_PASSED: "对考试未合格的，组织集中学习后补考",
    NotCoveredReason.HOURS_SHORT: "对学时未满的，安排就近班次补课",
    NotCoveredReason.NEW_HOLDER: "对新任负责人，在宽限期内完成",
}


def notice(view: SnapshotView, *, addressees: str, signed_by: str, signed_on: date, earlier: SnapshotView | None = None) -> Document:
    """The document for a snapshot.

    Raises:
        Refusal: the snapshot is of a time when lists were not kept in it, or `earlier` is not earlier or of another programme.
    """
    figures = view.figures
    if "uncovered" not in figures or "programme" not in figures:
        raise Refusal("这份快照是旧版本固化的，没有名单，不能生成通报；请重新固化一份。", code="snapshot_without_lists")
    if earlier is not None and (earlier.programme != view.programme or earlier.as_of >= view.as_of):
        raise Refusal("用来对比的快照须是同一专项、更早的统计时点。", code="snapshot_not_earlier")
    programme, total = figures["programme"], counts_of(figures["total"])
    sections = [
        Section("总体情况", _overall(view, total, earlier)),
        Section("分区市情况", _by_group(view, "region", "区市", "各区市")),
        Section("分行业领域情况", _by_group(view, "sector", "行业领域", "各行业领域")),
        Section("存在的主要问题", _problems(view, total)),
        Section("下一步工作要求", _requirements(view, total)),
    ]
    return Document(
        title=f"关于{programme['title']}完成情况的通报",
        addressees=addressees,
        opening=_opening(programme, view),
        sections=tuple(Section(f"{NUMERALS[place]}、{section.heading}", section.blocks) for place, section in enumerate(sections)),
        signed_by=signed_by,
        signed_on=_chinese(signed_on),
        source=source(view),
        annexes=_annexes(figures["uncovered"]),
    )


def source(view: SnapshotView) -> str:
    """Where every figure comes from."""
    return f"数据来源：快照 {view.number}；统计时点 {view.as_of.isoformat()}；口径 {HolderPolicy(view.policy).label}；单位：企业（同一企业只计一次）"


def counts_of(figures: Mapping[str, Any]) -> Counts:
    """The counts out of a snapshot's JSON."""
    return Counts(**{name: int(figures[name]) for name in MEASURES})


def _opening(programme: Mapping[str, Any], view: SnapshotView) -> str:
    basis = f"根据{programme['basis'].rstrip('。；')}，" if programme["basis"] else ""
    return (
        f"{basis}我市自{_chinese(date.fromisoformat(programme['opens_on']))}起开展{programme['title']}，要求应训企业{programme['role']}"
        f"于{_chinese(date.fromisoformat(programme['due_on']))}前完成。现将截至{_chinese(view.as_of)}的完成情况通报如下。"
    )


# --- sections ---------------------------------------------------------------------------------------------------------------------


def _overall(view: SnapshotView, total: Counts, earlier: SnapshotView | None) -> tuple[Block, ...]:
    people = view.figures["persons"]
    overdue = sum(1 for row in view.figures["uncovered"] if row["days_overdue"])
    exempt = f"（另经批准核减{total.exempt}家，不计入应训）" if total.exempt else ""
    examined = has_paper(view.figures)
    scores = f"参加考试{people['examined']}人，考试合格{people['passed']}人，" if examined else "本专项不设考试，"
    text = (
        f"全市应训企业{total.due}家{exempt}，已完成{total.completed}家，企业覆盖率{show_rate(total)}；"
        f"已参训{total.trained}家{f'，已参加考试{total.examined}家' if examined else ''}。"
        f"未完成{total.uncovered}家，其中已逾期{overdue}家。"
    )
    persons = (
        f"应训人员{people['due']}人（一人任职多家企业的只计1人），已参训{people['trained']}人，"
        f"{scores}完成全部要求{people['completed']}人；其中新任未满{view.figures['programme']['grace_days']}天的"
        f"{people['new_holders']}人。"
    )
    policy = f"完成判定采用口径{HolderPolicy(view.policy).label}。"
    blocks: list[Block] = [Paragraph(text), Paragraph(persons + policy)]
    if earlier is not None:
        blocks.append(Paragraph(_compared(view, total, earlier)))
    return tuple(blocks)


def _compared(view: SnapshotView, total: Counts, earlier: SnapshotView) -> str:
    before = counts_of(earlier.figures["total"])
    change = f"新增完成{total.completed - before.completed}家" if total.completed >= before.completed else (
        f"完成数减少{before.completed - total.completed}家（因负责人变更、企业增减等）"
    )  # fmt: skip
    points = "" if total.rate is None or before.rate is None else f"，覆盖率由{show_rate(before)}变为{show_rate(total)}"
    due = "" if total.due == before.due else f"，应训企业由{before.due}家变为{total.due}家"
    return f"与上次通报（统计时点{earlier.as_of.isoformat()}，快照{earlier.number}）相比，{change}{due}{points}。"


def _by_group(view: SnapshotView, by: str, column: str, each: str) -> tuple[Block, ...]:
    known, total = [(str(group["label"]), counts_of(group)) for group in view.figures["by"][by]], counts_of(view.figures["total"])
    ranked = sorted((pair for pair in known if pair[1].due), key=lambda pair: (-(pair[1].rate or 0), pair[0]))
    if not ranked:
        return (Paragraph("没有应训企业。"),)
    best, worst = show_rate(ranked[0][1]), show_rate(ranked[-1][1])
    said = f"{each}覆盖率均为{best}。" if best == worst else f"{each}中，{_best(ranked)}；{_worst(ranked)}。"
    columns = tuple(name for name in MEASURE_COLUMNS if name != OF_A_PAPER or has_paper(view.figures))
    rows = [(str(place), label, *_figures(counts, columns)) for place, (label, counts) in enumerate(ranked, start=1)]
    rows += [("—", label, *_figures(counts, columns)) for label, counts in known if not counts.due]
    table = Table(
        caption=f"{column}完成情况（按覆盖率排序）", columns=("序号", column, *columns),
        rows=(*rows, ("", "合计", *_figures(total, columns))), numeric=frozenset(columns) | {"序号"}, last_is_total=True,
        widths=(0.8, 2.6, *(WIDTHS.get(name, 1.1) for name in columns)),
    )  # fmt: skip
    bars = Bars(
        caption=f"{column}覆盖率", bars=tuple((label, counts.completed, counts.due) for label, counts in ranked), part=total.completed,
        whole=total.due,
    )  # fmt: skip
    return (table,) if len(ranked) == 1 else (Paragraph(said), table, bars)


def _best(ranked: Sequence[tuple[str, Counts]]) -> str:
    """Who is first; of several who share the place none is left out for coming later in the alphabet."""
    shown = show_rate(ranked[0][1])
    level = [label for label, counts in ranked if show_rate(counts) == shown]
    return f"{_named(level)}覆盖率最高，{'均' if len(level) > 1 else ''}为{shown}"


def _worst(ranked: Sequence[tuple[str, Counts]]) -> str:
    shown = show_rate(ranked[-1][1])
    level = {label: counts.uncovered for label, counts in ranked if show_rate(counts) == shown}
    return f"{_named(list(level))}最低，{'均' if len(level) > 1 else ''}为{shown}，尚有{sum(level.values())}家未完成"


def _named(labels: Sequence[str]) -> str:
    return "、".join(labels) if len(labels) <= NAMED_WORST else f"{labels[0]}等{len(labels)}个"


def _figures(counts: Counts, columns: Sequence[str]) -> tuple[str, ...]:
    values = (counts.due, counts.trained, counts.examined, counts.completed, counts.uncovered, counts.exempt)
    shown = dict(zip(MEASURE_COLUMNS, (*(str(value) for value in values), show_rate(counts)), strict=True))
    return tuple(shown[name] for name in columns)


def _problems(view: SnapshotView, total: Counts) -> tuple[Block, ...]:
    rows = view.figures["uncovered"]
    if not rows:
        return (Paragraph("截至统计时点，应训企业已全部完成，未发现突出问题。"),)
    blocks: list[Block] = []
    behind = _behind(view.figures["by"]["region"], total)
    if behind:
        names = "、".join(f"{label}（{show_rate(counts)}）" for label, counts in behind[:NAMED_WORST])
        blocks.append(Paragraph(f"（一）进度不平衡。{len(behind)}个区市低于全市平均水平，较低的是{names}。"))
    reasons = Counter(row["reason"] for row in rows)
    examined = has_paper(view.figures)
    texts = _PROBLEMS if examined else {**_PROBLEMS, NotCoveredReason.NOT_ATTEMPTED: "登录过但没有参加培训"}
    parts = [
        f"{text}的{reasons[reason.value]}家，占{show_share(reasons[reason.value], len(rows))}"
        for reason, text in texts.items()
        if reasons[reason.value]
    ]
    blocks.append(
        Paragraph(
            f"（{NUMERALS[len(blocks)]}）{'学习考试' if examined else '培训'}没有落实到人。未完成的{len(rows)}家企业中，{'；'.join(parts)}。"
        )
    )
    overdue = sorted((row for row in rows if row["days_overdue"]), key=lambda row: -row["days_overdue"])
    if overdue:
        where = Counter(row["district_name"] for row in overdue)
        spread = "、".join(f"{name}{number}家" for name, number in where.most_common(NAMED_WORST))
        blocks.append(
            Paragraph(
                f"（{NUMERALS[len(blocks)]}）部分企业逾期。已逾期{len(overdue)}家，最长逾期{overdue[0]['days_overdue']}天，主要分布在{spread}。"
            )
        )
    return tuple(blocks)


def _behind(groups: Sequence[Mapping[str, Any]], total: Counts) -> list[tuple[str, Counts]]:
    known = [(str(group["label"]), counts_of(group)) for group in groups]
    low = [(label, counts) for label, counts in known if counts.rate is not None and total.rate is not None and counts.rate < total.rate]
    return sorted(low, key=lambda pair: (pair[1].rate or 0, pair[0]))


def _requirements(view: SnapshotView, total: Counts) -> tuple[Block, ...]:
    due = date.fromisoformat(view.figures["programme"]["due_on"])
    when = (
        f"于{_chinese(due)}前全部完成"
        if view.as_of <= due
        else f"立即组织补训{'补考' if has_paper(view.figures) else ''}，逾期企业逐家说明原因"
    )
    rows = view.figures["uncovered"]
    if not rows:
        return (Paragraph("各区市、各有关部门要巩固成果，对新设企业、新任负责人及时登记、及时培训，保持应训尽训。"),)
    reasons = Counter(row["reason"] for row in rows)
    without = reasons[NotCoveredReason.NO_HOLDER.value]
    texts = [f"（一）逐家督促。各区市要将附件所列{total.uncovered}家未完成企业分解到镇街，明确责任人，{when}。"]
    help_ = _HELP if has_paper(view.figures) else {**_HELP, NotCoveredReason.NOT_ATTEMPTED: "对登录后没有参加培训的，约定时间完成"}
    helped = [text for reason, text in help_.items() if reasons[reason.value]]
    if helped:
        texts.append(f"（{NUMERALS[len(texts)]}）分类帮扶。{'；'.join(helped)}。")
    if without:
        texts.append(
            f"（{NUMERALS[len(texts)]}）核准底数。{without}家企业没有登记主要负责人，属地镇街要尽快核实登记；"
            "注销、停产的按规定办理核减，不得擅自剔除。"
        )
    return tuple(Paragraph(text) for text in texts)


def _annexes(rows: Sequence[Mapping[str, Any]]) -> tuple[Section, ...]:
    """The uncovered by district: names of enterprises and holders, never a telephone number."""
    if not rows:
        return ()
    by_district: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_district[row["district_name"] or "未明确区市"].append(row)
    tables = [
        Table(
            caption=f"{district}（{len(found)}家）",
            columns=("序号", "企业名称", "镇街", "行业领域", "未完成原因", "逾期（天）"),
            rows=tuple(
                (
                    str(place), row["name"], row["town_name"] or "—", row["sector_name"],
                    NotCoveredReason(row["reason"]).label, str(row["days_overdue"]) if row["days_overdue"] else "—",
                )
                for place, row in enumerate(found, start=1)
            ),
            numeric=frozenset({"序号", "逾期（天）"}),
            widths=(0.7, 3.3, 1.5, 1.3, 1.3, 1.2),
        )
        for district, found in by_district.items()
    ]  # fmt: skip
    return (Section("附件：未完成企业名单", tuple(tables)),)


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
