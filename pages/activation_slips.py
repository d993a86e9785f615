"""Hand out first-use codes, street by street, on paper slips."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.organisations.reference import Reference
from quiz.ui import activation_view, components, gate, office, store

user, reach = gate.require_reach(Permission.ISSUE_ACTIVATIONS)
now = clock.now()
components.page_header("激活码发放", "主要负责人凭激活码开通账号。按镇街发放、打印、当面交给本人。")

with store.reading() as session:
    reference = Reference.load(session)
    issued = activation_view.ISSUED.get()
    if issued is not None:
        activation_view.slips(issued, reference, user)
    if not office.districts(reference, reach):
        components.empty_state("没有可以发放的范围", "您的账号没有关联区市，请联系系统管理员。", href="/", label="返回工作台")
    else:
        asked = activation_view.ask(reference, reach)
        office.begin_again(str(asked), page=activation_view.PAGE)
        activation_view.figures(asked.rows(session, reach, now, any_state=True))
        rows = asked.rows(session, reach, now)
        if rows:
            place = reference.label("region", asked.district) + reference.label("region", asked.town)
            activation_view.issue(rows, asked, place, user, reach)
            activation_view.listing(rows, reference)
        elif asked.state == "none" and not asked.text:
            components.empty_state(
                "都发过了", "所选范围内没有未发放的人员。可以换一个镇街，或查看其他状态。", href="/coverage", label="查看谁还没有登录"
            )
        else:
            components.empty_state(
                "没有符合条件的人员",
                "请换一个状态、镇街或名称。名册里没有负责人的，请先登记。",
                href="/enterprises?principal=none",
                label="未登记负责人的企业",
            )
