"""All attempts of the person who is signed in, with the way to each result."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.attempts import queries as attempts
from quiz.papers import queries as papers
from quiz.ui import components, gate, store
from quiz.ui.components import Kpi
from quiz.ui.results import result_row

user = gate.require(Permission.TAKE_QUIZ)
components.page_header("我的成绩", "每次答题的得分；点“查看”可以看错题、答案和解析（以试卷的公布规则为准）。")

with store.reading() as session:
    taken = attempts.attempts_of(session, person_id=user.person_id) if user.person_id else []
    titles = {paper_id: papers.paper(session, paper_id).title for paper_id in {row.paper_id for row in taken}}

closed = [row for row in taken if row.state.is_closed]
if taken:
    passed = {row.paper_id for row in closed if row.passed}
    components.kpi_row(
        [
            Kpi("参加过的考试", f"{len(titles)} 项"),
            Kpi("已合格", f"{len(passed)} 项", tone="ok" if len(passed) == len(titles) else "warn"),
            Kpi("答题次数", f"{len(taken)} 次"),
            Kpi("最近一次", clock.show(taken[0].started_at)[:10]),
        ]
    )
    components.table(
        ("试卷", "第几次", "开始时间", "得分", "结果", "交卷方式", "详情"),
        [result_row(row, titles[row.paper_id]) for row in taken],
        numbers=("得分",),
    )
else:
    components.empty_state("还没有答题记录", "完成一次考试后，成绩会显示在这里。", href="/take_quiz", label="去参加考试")
