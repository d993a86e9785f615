"""What is due is put into the outbox once, leaves once, and what became of it is known."""

from __future__ import annotations

import email
import email.policy
import multiprocessing
import os
import signal
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from quiz import clock
from quiz.db import Database
from quiz.models.reminders import OutboxMessage
from quiz.models.training import Duty
from quiz.organisations.reach import Reach, Reaches
from quiz.problems import Invalid, NotFound, Refusal
from quiz.reminders import addresses, mode, outbox, planning, templates
from quiz.reminders.addresses import Address
from quiz.reminders.senders import Letter, NotSent, SmsGateway, Smtp, Unclear, WeCom, senders
from quiz.settings import Settings, settings
from quiz.training import service as training
from quiz.vocabulary import Channel, OutboxState
from tests import factories
from tests.reminders.conftest import Taken, build

BODY = {"phone": "{phone}", "text": "{text}", "key": "{key}", "sign": ["安考", 1]}


def messages(session: Session) -> list[OutboxMessage]:
    session.flush()
    session.expire_all()
    return list(session.scalars(select(OutboxMessage).order_by(col(OutboxMessage.id))))


def states(session: Session) -> list[str]:
    return [row.state for row in messages(session)]


@pytest.fixture
def live(db: Database, today: date) -> Database:
    """The campaign, with a reminder a week before the due day, and messages that leave."""
    with db.transaction() as session:
        town = build(session, today=today)
        mode.set_live(session, True)
        planning.add_rule(
            session, programme_id=town.programme, template_code="holder-before", days_before=7, account_id=None, now=factories.at(today)
        )
    return db


def plan(database: Database, now: datetime) -> planning.Planned:
    with database.transaction() as session:
        return planning.plan_today(session, now=now)


# --- planning ---------------------------------------------------------------------------------------------------------------------


def test_each_holder_gets_one_message_with_their_own_words(live: Database, now: datetime) -> None:
    first, again = plan(live, now), plan(live, now + timedelta(hours=3))

    with live.reading() as session:
        rows = messages(session)
        assert (first.written, first.known, again.written, again.known) == (2, 0, 0, 2)
        assert first.without_address == ("丙公司丙负责人（没有手机号）",)
        assert [(row.address, row.channel, row.state) for row in rows] == [
            ("13806310000", "sms", "queued"), ("13806310001", "sms", "queued"),
        ]  # fmt: skip
        assert rows[0].body.startswith("甲负责人您好：您作为甲公司的主要负责人，须在2026-11-30前完成“用气餐饮培训”，还剩7天。")


def test_who_has_completed_or_is_exempt_is_left_in_peace(live: Database, now: datetime, today: date) -> None:
    with live.transaction() as session:
        ids = list(session.scalars(select(col(Duty.id)).order_by(col(Duty.id))))
        session.execute(update(Duty).where(col(Duty.id) == ids[0]).values(completed_on=today))
        training.exempt(session, duty_id=ids[1] or 0, exempted_on=today, reason="停产核减")

    assert plan(live, now).written == 0


def test_a_person_with_two_enterprises_is_written_to_once(live: Database, now: datetime, today: date) -> None:
    with live.transaction() as session:
        person = session.scalar(select(col(Duty.person_id)).order_by(col(Duty.id)).limit(1)) or 0
        firm = factories.organisation(session, name="丁公司")
        factories.post(session, organisation_id=firm, person_id=person, designated=True)
        programme = session.scalar(select(col(Duty.programme_id)).limit(1)) or 0
        training.synchronise(session, programme_id=programme, organisation_ids=[firm], today=today)

    assert plan(live, now).written == 2


def test_nobody_is_woken(live: Database, today: date) -> None:
    night = datetime(2026, 11, 23, 5, 0, tzinfo=clock.SHANGHAI)
    plan(live, night)

    with live.reading() as session:
        assert {row.not_before.astimezone(clock.SHANGHAI).hour for row in messages(session)} == {9}
    assert outbox.send_some(live, roads={Channel.SMS: SmsGateway("http://127.0.0.1:9", {}, BODY)}, now=night) == 0


def test_a_street_gets_its_digest_and_one_without_address_is_named(live: Database, now: datetime) -> None:
    with live.transaction() as session:
        programme = session.scalar(select(col(Duty.programme_id)).limit(1)) or 0
        planning.add_rule(session, programme_id=programme, template_code="town-digest-email", days_before=7, account_id=None, now=now)
        addresses.set_address(session, Address("371002001", email="street@example.cn"))

    planned = plan(live, now)

    with live.reading() as session:
        letter = next(row for row in messages(session) if row.channel == "email")
        assert letter.address == "street@example.cn"
        assert "应训企业1家，已完成0家，覆盖率0.0%；未完成1家，其中逾期0家" in letter.body
        assert "1. 甲公司（" in letter.body and "138" not in letter.body
    assert set(planned.without_address) == {
        "丙公司丙负责人（没有手机号）", "环翠街道2（没有登记电子邮件地址）", "文登街道1（没有登记电子邮件地址）",
    }  # fmt: skip


def test_a_trial_does_not_keep_the_real_message_from_leaving(live: Database, now: datetime, gateway: Taken) -> None:
    with live.transaction() as session:
        mode.set_live(session, False)
    plan(live, now)
    roads = {Channel.SMS: SmsGateway(gateway.url, {}, BODY)}
    assert outbox.send_some(live, roads=roads, now=now) == 2

    with live.transaction() as session:
        assert states(session) == ["dry", "dry"] and gateway.letters == []
        mode.set_live(session, True)
    assert plan(live, now).written == 2
    assert outbox.send_some(live, roads=roads, now=now + timedelta(minutes=2)) == 2
    assert len(gateway.letters) == 2


# --- sending ----------------------------------------------------------------------------------------------------------------------


def test_an_sms_leaves_once_with_what_the_gateway_wants(live: Database, now: datetime, gateway: Taken) -> None:
    plan(live, now)
    roads = {Channel.SMS: SmsGateway(gateway.url + "/send", {"X-Key": "k"}, BODY)}

    sent = [outbox.send_some(live, roads=roads, now=now + timedelta(minutes=minute)) for minute in (0, 1, 2)]

    assert sent == [2, 0, 0]
    assert [letter["body"]["phone"] for letter in gateway.letters] == ["13806310000", "13806310001"]
    assert gateway.letters[0]["path"] == "/send" and gateway.letters[0]["headers"]["X-Key"] == "k"
    assert gateway.letters[0]["body"]["sign"] == ["安考", 1]
    with live.reading() as session:
        assert states(session) == ["sent", "sent"]


def test_what_was_certainly_not_taken_is_tried_again_later_and_then_given_up(live: Database, now: datetime, gateway: Taken) -> None:
    plan(live, now)
    gateway.status = 503
    roads = {Channel.SMS: SmsGateway(gateway.url, {}, BODY)}

    tried = [outbox.send_some(live, roads=roads, now=now + timedelta(minutes=minute)) for minute in (0, 1, 2, 17, 140, 500, 600)]

    assert tried == [2, 0, 2, 2, 2, 0, 0]
    with live.reading() as session:
        assert states(session) == ["failed", "failed"]
        assert "503" in messages(session)[0].error


def test_what_may_have_been_taken_is_never_sent_again_by_itself(live: Database, now: datetime, gateway: Taken) -> None:
    plan(live, now)
    gateway.hang_up = True
    roads = {Channel.SMS: SmsGateway(gateway.url, {}, BODY)}

    tried = [outbox.send_some(live, roads=roads, now=now + timedelta(minutes=minute)) for minute in (0, 30, 300)]

    assert tried == [2, 0, 0] and len(gateway.letters) == 2
    with live.transaction() as session:
        assert states(session) == ["failed", "failed"] and "不能确定" in messages(session)[0].error
        outbox.send_again(session, message_id=messages(session)[0].id or 0, now=now)
        assert states(session) == ["queued", "failed"]


def test_at_most_so_many_a_minute_leave_on_a_road(
    live: Database, now: datetime, gateway: Taken, fresh_settings: pytest.MonkeyPatch
) -> None:
    fresh_settings.setenv("ANKAO_MESSAGES_PER_MINUTE", "1")
    settings.cache_clear()
    plan(live, now)
    roads = {Channel.SMS: SmsGateway(gateway.url, {}, BODY)}

    assert [outbox.send_some(live, roads=roads, now=now + timedelta(seconds=second)) for second in (0, 20, 59, 61)] == [1, 0, 0, 1]


def test_a_road_that_is_not_open_keeps_its_messages_waiting(live: Database, now: datetime) -> None:
    plan(live, now)

    assert outbox.send_some(live, roads={}, now=now) == 0
    with live.reading() as session:
        assert states(session) == ["queued", "queued"]


def test_mail_arrives_in_chinese(mail: Taken) -> None:
    receipt = Smtp(mail.url, "ankao@example.cn").send(Letter("street@example.cn", "环翠街道\n完成情况", "第一行\n第二行", "k"))

    letter = email.message_from_bytes(mail.letters[0]["message"], policy=email.policy.default)
    assert mail.letters[0]["to"] == ["street@example.cn"]
    assert (letter["Subject"], letter["Message-ID"]) == ("环翠街道 完成情况", receipt)
    assert letter.get_content().split() == ["第一行", "第二行"]


def test_mail_that_is_refused_and_mail_that_is_cut_off_are_told_apart(mail: Taken) -> None:
    road, letter = Smtp(mail.url, "ankao@example.cn"), Letter("street@example.cn", "题", "文", "k")
    mail.status = 452
    with pytest.raises(NotSent):
        road.send(letter)
    mail.hang_up = True
    with pytest.raises(Unclear):
        road.send(letter)
    with pytest.raises(NotSent):
        Smtp("smtp://127.0.0.1:9", "ankao@example.cn").send(letter)


def test_a_group_gets_its_text_and_its_no_is_understood(gateway: Taken, fresh_settings: pytest.MonkeyPatch) -> None:
    fresh_settings.setenv("ANKAO_WECOM_HOSTS", gateway.url.removeprefix("http://"))
    settings.cache_clear()
    letter = Letter(f"{gateway.url}/cgi-bin/webhook/send?key=1", "", "正文", "k")

    assert WeCom().send(letter) == "errcode 0"
    assert gateway.letters[0]["body"] == {"msgtype": "text", "text": {"content": "正文"}}
    gateway.answer = '{"errcode": 93000, "errmsg": "invalid webhook url"}'
    with pytest.raises(NotSent, match="93000"):
        WeCom().send(letter)
    gateway.answer = "<html>"
    with pytest.raises(Unclear):
        WeCom().send(letter)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "https://qyapi.weixin.qq.com.evil.cn/x",
        "ftp://qyapi.weixin.qq.com/x",
        "file:///etc/passwd",
        "http://qyapi.weixin.qq.com@10.0.0.1/",
    ],
)
def test_a_webhook_elsewhere_is_refused_when_entered_and_when_sent(session: Session, address: str) -> None:
    with pytest.raises(Invalid):
        addresses.set_address(session, Address("371002001", wecom=address))
    with pytest.raises(Invalid):
        WeCom().send(Letter(address, "", "x", "k"))


def test_redirects_are_not_followed(gateway: Taken) -> None:
    gateway.status = 302

    with pytest.raises(NotSent, match="302"):
        SmsGateway(gateway.url, {}, BODY).send(Letter("138", "", "x", "k"))


def test_only_configured_roads_are_open() -> None:
    assert set(senders(Settings(wecom_hosts=""))) == set()
    assert set(senders(Settings(smtp_url="smtp://h", sms_url="http://h"))) == {Channel.EMAIL, Channel.SMS, Channel.WECOM}


class _Stuck:
    """A road on which the process dies after the letter has left."""

    def __init__(self, url: str) -> None:
        self.road = SmsGateway(url, {}, BODY)

    def send(self, letter: Letter) -> str:
        self.road.send(letter)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def _die_sending(url: str, gateway: str, now: datetime) -> None:
    outbox.send_some(Database(url), roads={Channel.SMS: _Stuck(gateway)}, now=now)


def test_a_process_that_dies_while_sending_never_makes_it_two(live: Database, database_url: str, now: datetime, gateway: Taken) -> None:
    plan(live, now)
    child = multiprocessing.get_context("spawn").Process(target=_die_sending, args=(database_url, gateway.url, now))
    child.start()
    child.join(60)
    roads: dict[Channel, Any] = {Channel.SMS: SmsGateway(gateway.url, {}, BODY)}

    assert child.exitcode == -signal.SIGKILL and len(gateway.letters) == 1
    for minute in (1, 9, 11, 60):
        outbox.send_some(live, roads=roads, now=now + timedelta(minutes=minute))
    with live.reading() as session:
        assert states(session) == ["failed", "failed"] and "不能确定" in messages(session)[0].error
    assert len(gateway.letters) == 1


# --- by hand ----------------------------------------------------------------------------------------------------------------------


def test_what_waits_may_be_cancelled_and_what_left_may_not(live: Database, now: datetime, gateway: Taken) -> None:
    plan(live, now)
    with live.transaction() as session:
        first, second = (row.id or 0 for row in messages(session))
        outbox.cancel(session, message_id=first)
    outbox.send_some(live, roads={Channel.SMS: SmsGateway(gateway.url, {}, BODY)}, now=now)

    with live.transaction() as session:
        assert states(session) == ["cancelled", "sent"]
        for act in (lambda: outbox.cancel(session, message_id=second), lambda: outbox.send_again(session, message_id=second, now=now)):
            with pytest.raises(Refusal):
                act()
        with pytest.raises(NotFound):
            outbox.cancel(session, message_id=99_999)


def test_an_office_sees_the_messages_of_its_own_enterprises_masked(live: Database, now: datetime) -> None:
    plan(live, now)
    wendeng = Reaches((Reach(district_codes=frozenset({"371003"})),))
    with live.reading() as session:
        programme = session.scalar(select(col(Duty.programme_id)).limit(1)) or 0
        whole = outbox.listed(session, programme_id=programme, reach=Reaches.everything())
        theirs = outbox.listed(session, programme_id=programme, reach=wendeng)

    assert (whole.total, whole.by_state, theirs.total) == (2, {OutboxState.QUEUED: 2}, 0)
    assert {message.address for message in whole.messages} == {"138****0000", "138****0001"}


def test_a_wording_is_changed_checked_and_put_back(session: Session, now: datetime) -> None:
    templates.load_shipped(session, now=now)

    with pytest.raises(Invalid, match="密码"):
        templates.change(session, code="holder-before", subject="", body="{姓名}{密码}", now=now)
    with pytest.raises(Invalid, match="花括号"):
        templates.change(session, code="holder-before", subject="", body="{姓名", now=now)
    changed = templates.change(session, code="holder-before", subject="提醒", body="{姓名}请学习", now=now)
    templates.load_shipped(session, now=now)

    assert changed.is_changed and templates.template(session, "holder-before").body == "{姓名}请学习"
    assert templates.reset(session, code="holder-before", now=now).body == templates.shipped()["holder-before"]["body"]
