"""Choose an open paper, read its rules, and start."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.training.my_papers import my_papers
from quiz.ui import components, exam_card, gate, store

user = gate.require(Permission.TAKE_QUIZ)
components.page_header("我的考试", "先看清规则再开始。答题页很轻，手机、弱网都能用，答案随答随存。")
now = clock.now()

with store.reading() as session:
    papers = my_papers(session, person_id=user.person_id, now=now) if user.person_id else []

for paper in sorted(papers, key=lambda view: view.open_attempt_id is None):
    exam_card.show(paper, user=user, today=clock.local_day(now))
if papers:
    components.link("打开简洁页面（手机适用）", "/my")
else:
    components.empty_state(
        "现在没有要参加的考试",
        "可能是培训还没有开始，或者您的单位还没有列入名册。接到了考试通知的，请联系办公室核对姓名和手机号。",
        href="/my_results",
        label="查看以往成绩",
    )
