"""Wordings of messages: as shipped, as an office changed them, and what may stand in their braces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlmodel import Session

from quiz.models.reminders import MessageTemplate
from quiz.problems import Invalid, NotFound
from quiz.reminders.domain import UnknownPlaceholder, check_template
from quiz.vocabulary import Channel

FILE = Path(__file__).parent / "data" / "templates.yaml"
COMMON = ("专项", "截止日期", "统计日期", "网址", "咨询电话", "发送单位")
PLACEHOLDERS = {
    "holder": (*COMMON, "姓名", "单位", "岗位", "剩余天数", "逾期天数"),
    "town": (*COMMON, "地区", "应训", "完成", "未完成", "逾期", "覆盖率", "名单"),
    "district": (*COMMON, "地区", "应训", "完成", "未完成", "逾期", "覆盖率", "名单"),
}
"""What a template for this audience may name."""
LONGEST_BODY = 2_000


@dataclass(frozen=True)
class TemplateView:
    """One wording."""

    code: str
    title: str
    channel: Channel
    audience: str
    subject: str
    body: str
    is_changed: bool
    """An office has changed what was shipped."""


@lru_cache(maxsize=1)
def shipped() -> dict[str, dict[str, str]]:
    """The wordings that come with the product."""
    return {each["code"]: each for each in yaml.safe_load(FILE.read_text(encoding="utf-8"))}


def templates(session: Session) -> list[TemplateView]:
    """All wordings, in the order in which they are shipped."""
    order = {code: place for place, code in enumerate(shipped())}
    rows = session.scalars(select(MessageTemplate))
    return sorted((_view(row) for row in rows), key=lambda view: (order.get(view.code, len(order)), view.code))


def template(session: Session, code: str) -> TemplateView:
    """One wording."""
    row = session.get(MessageTemplate, code)
    if row is None:
        raise NotFound("没有找到该消息模板。", code="template_unknown")
    return _view(row)


def load_shipped(session: Session, *, now: datetime) -> None:
    """Put in what is missing, and renew what no office has changed."""
    for code, given in shipped().items():
        row = session.get(MessageTemplate, code)
        if row is None:
            session.add(MessageTemplate(**given, is_builtin=True, changed_at=now))
        elif row.is_builtin:
            row.subject, row.body, row.title = given["subject"], given["body"], given["title"]


def change(session: Session, *, code: str, subject: str, body: str, now: datetime) -> TemplateView:
    """Word it otherwise.

    Raises:
        Invalid: empty, too long, or naming something in braces that no message has.
    """
    row = session.get(MessageTemplate, code)
    if row is None:
        raise NotFound("没有找到该消息模板。", code="template_unknown")
    allowed = PLACEHOLDERS[row.audience]
    if not body.strip() or len(body) > LONGEST_BODY or len(subject) > 120:
        raise Invalid(f"正文不能为空，最多 {LONGEST_BODY} 字；标题最多 120 字。", code="template_length")
    for text in (subject, body):
        try:
            check_template(text, allowed)
        except UnknownPlaceholder as unknown:
            named = "、".join(f"{{{name}}}" for name in unknown.names)
            raise Invalid(f"模板里的{named}没有对应的内容，可用的有：{'、'.join(allowed)}。", code="placeholder_unknown") from unknown
        except ValueError as broken:
            raise Invalid("模板里的花括号不成对，请检查“{”和“}”。", code="template_braces") from broken
    row.subject, row.body, row.is_builtin, row.changed_at = subject.strip(), body.strip(), False, now
    return _view(row)


def reset(session: Session, *, code: str, now: datetime) -> TemplateView:
    """Back to the wording that was shipped."""
    row = session.get(MessageTemplate, code)
    if row is None or code not in shipped():
        raise NotFound("没有找到该消息模板。", code="template_unknown")
    row.subject, row.body, row.is_builtin, row.changed_at = shipped()[code]["subject"], shipped()[code]["body"], True, now
    return _view(row)


def _view(row: MessageTemplate) -> TemplateView:
    return TemplateView(
        code=row.code, title=row.title, channel=Channel(row.channel), audience=row.audience, subject=row.subject, body=row.body,
        is_changed=not row.is_builtin,
    )  # fmt: skip
