"""What leaves this server towards others: never to a machine somebody names, never with a header somebody writes, and no key comes back."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import datetime
from typing import Any

import pytest
import requests
from sqlalchemy import select, update
from sqlmodel import Session

from quiz import clock
from quiz.db import Database
from quiz.models.organisations import Organisation, Person
from quiz.models.reminders import OutboxMessage
from quiz.organisations.reach import Reach, Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Invalid, NotFound
from quiz.reminders import addresses, contacts, mode, outbox, planning
from quiz.reminders.addresses import Address
from quiz.reminders.senders import Letter, NotSent, Sender, SmsGateway, Smtp, Unclear, WeCom
from quiz.settings import settings
from quiz.ui import reminders_view
from quiz.vocabulary import Channel, ContactOutcome
from tests import factories
from tests.pages.conftest import Open, made_site, open_screen, site
from tests.pages.office_site import PROGRAMME, Ids, everything, ids
from tests.reminders.conftest import Taken, Town, build, gateway, http_server, mail, subscribed, town
from tests.security.offices import offices

__all__ = ["gateway", "ids", "made_site", "mail", "offices", "open_screen", "site", "subscribed", "town"]

BODY = {"phone": "{phone}", "text": "{text}"}
LETTER = Letter("13806310000", "题", "文", "k")
WEBHOOKS = (
    "http://{own}\\@qyapi.weixin.qq.com/cgi-bin",
    "http://{own}\\@qyapi.weixin.qq.com",
    "http://{own}#@qyapi.weixin.qq.com/",
    "http://{own}?@qyapi.weixin.qq.com/",
    "http://{own}/\\qyapi.weixin.qq.com/",
    "http://qyapi.weixin.qq.com\\@{own}/",
    "http://qyapi.weixin.qq.com@{own}/",
    "http://qyapi.weixin.qq.com:80@{own}/",
    "http:/{own}/x",
    "http:///{own}/x",
    "http://qyapi.weixin.qq.com/\r\nHost: {own}",
    "http://qyapi.weixin.qq.com\t.evil.example/",
    "http://qyapi.weixin.qq.com:99999/",
    "http://[::1/x",
    "http://[::ffff:127.0.0.1]/x",
    "http://0x7f000001/x",
    "http://qyapi。weixin.qq.com/",
    "http://qyapi.weixin.qq.com.evil.example/x",
    "//qyapi.weixin.qq.com/x",
    "gopher://qyapi.weixin.qq.com/x",
    "https://qyapi.weixin.qq.com",
)  # fmt: skip


def test_no_spelling_of_an_address_leads_to_another_machine(session: Session, gateway: Taken) -> None:
    """Two readers of addresses that disagree are a way in: one checks the host, the other calls it."""
    taken = []
    for address in WEBHOOKS:
        named = address.replace("{own}", gateway.url.removeprefix("http://"))
        for use in (
            lambda named=named: addresses.set_address(session, Address("371002001", wecom=named)),
            lambda named=named: WeCom().send(Letter(named, "", "x", "k")),
        ):
            try:
                use()
                taken.append(address)
            except Invalid as refusal:
                assert refusal.code == "webhook_host"

    assert (taken, gateway.letters) == ([], [])


def test_an_address_that_is_allowed_is_called_where_it_was_checked() -> None:
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"

    addresses.check_webhook(address)

    assert requests.Request("POST", address).prepare().url == address


MAILBOXES = (
    "a@example.cn\nBcc: b@evil.example", "a@example.cn\r\n\r\ntext", "a@example.cn, b@evil.example", "a@example.cn;b@evil.example",
    '"a b"@example.cn', "a@example.cn>", "<a@example.cn", "a@[127.0.0.1]", "a@localhost", "甲@example.cn",
)  # fmt: skip


def test_a_mailbox_is_one_mailbox_and_nothing_more(session: Session) -> None:
    for mailbox in MAILBOXES:
        with pytest.raises(Invalid):
            addresses.set_address(session, Address("371002001", email=mailbox))


def test_what_people_are_called_writes_no_header(mail: Taken) -> None:
    subject = "完成情况\r\nBcc: b@evil.example\x0b\x85\u2028X-Evil: 1"
    body = "第一行\r\n.\r\nRSET\r\nMAIL FROM:<b@evil.example>\r\n"

    Smtp(mail.url, "ankao@example.cn").send(Letter("street@example.cn", subject, body, "k\r\nX-Evil: 1"))

    assert len(mail.letters) == 1 and mail.letters[0]["to"] == ["street@example.cn"]
    letter = email.message_from_bytes(mail.letters[0]["message"], policy=email.policy.default)
    assert {name.lower() for name, _ in letter.items()} == {
        "from", "to", "subject", "message-id", "content-type", "content-transfer-encoding", "mime-version",
    }  # fmt: skip
    assert letter["To"] == "street@example.cn" and "RSET" in letter.get_content()


def test_a_name_with_braces_and_quotes_stays_a_text_in_the_message(db: Database, gateway: Taken, now: datetime) -> None:
    name, firm = '{姓名}{0.__class__}","phone":"13900000000', "{key}\n{phone}"
    with db.transaction() as session:
        made = build(session, today=clock.local_day(now))
        session.execute(update(Person).values(name=name))
        session.execute(update(Organisation).values(name=firm))
        mode.set_live(session, True)
        planning.add_rule(session, programme_id=made.programme, template_code="holder-before", days_before=7, account_id=None, now=now)
        planning.plan_today(session, now=now)

    outbox.send_some(db, roads={Channel.SMS: SmsGateway(gateway.url, {}, BODY)}, now=now)

    assert {tuple(sorted(each["body"])) for each in gateway.letters} == {("phone", "text")}
    assert [each["body"]["phone"] for each in gateway.letters] == ["13806310000", "13806310001"]
    assert all(name in each["body"]["text"] and firm in each["body"]["text"] for each in gateway.letters)


# 密钥不外露 -----------------------------------------------------------------------------------------------------------

SECRETS = ("T0KEN-of-the-gateway", "H3ADER-key", "693a91f6-4bc4", "mail-P4SSWORD")


def said_by(road: Sender, letter: Letter) -> str:
    """What the outbox would show of it."""
    try:
        return road.send(letter)
    except (NotSent, Unclear, Invalid) as problem:
        return str(problem)


def test_neither_keys_nor_whole_numbers_come_back_in_what_went_wrong(gateway: Taken, mail: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    own = gateway.url.removeprefix("http://")
    monkeypatch.setenv("ANKAO_WECOM_HOSTS", f"{own},127.0.0.1:9")
    settings.cache_clear()
    to_phone = f"bad token {SECRETS[0]} {SECRETS[1]} for 13806310000"
    to_group = f"bad key {SECRETS[2]}"
    path, group = f"/send?token={SECRETS[0]}", f"/cgi-bin/webhook/send?key={SECRETS[2]}"
    headers = {"Authorization": f"Bearer {SECRETS[1]}"}
    heard: list[str] = []
    for status, hang_up in ((200, False), (500, False), (401, False), (200, True)):
        gateway.status, gateway.hang_up = status, hang_up
        gateway.answer = to_phone
        heard.append(said_by(SmsGateway(gateway.url + path, headers, BODY), LETTER))
        for gateway.answer in (to_group, json.dumps({"errcode": 93000, "errmsg": to_group})):
            heard.append(said_by(WeCom(), Letter(gateway.url + group, "", "x", "k")))
    heard.append(said_by(SmsGateway("http://127.0.0.1:9" + path, headers, BODY), LETTER))
    heard.append(said_by(WeCom(), Letter("http://127.0.0.1:9" + group, "", "x", "k")))
    mail.status = 550
    with_password = mail.url.replace("smtp://", f"smtp://user:{SECRETS[3]}@")
    heard += [said_by(Smtp(url, "ankao@example.cn"), Letter("street@example.cn", "题", "文", "k")) for url in (mail.url, with_password)]

    words = (*SECRETS, "13806310000", "street@example.cn", "token=", "key=")
    assert [(text, word) for text in heard for word in words if word in text] == []
    assert len(heard) == 16 and all(heard)


def test_an_answer_that_breaks_off_is_unclear_and_the_others_still_leave(db: Database, now: datetime, town_of_three: int) -> None:
    with http_server() as broken:
        broken.hang_up = True
        road = SmsGateway(broken.url, {}, BODY)

        assert outbox.send_some(db, roads={Channel.SMS: road}, now=now) == 2

    with db.reading() as session:
        assert [(row.state, "不能确定" in row.error) for row in session.scalars(select(OutboxMessage))] == [("failed", True)] * 2


@pytest.fixture
def town_of_three(db: Database, now: datetime) -> int:
    with db.transaction() as session:
        made = build(session, today=clock.local_day(now))
        mode.set_live(session, True)
        planning.add_rule(session, programme_id=made.programme, template_code="holder-before", days_before=7, account_id=None, now=now)
        return planning.plan_today(session, now=now).written


# 谁的地址 -------------------------------------------------------------------------------------------------------------


def reach(**limits: str) -> Reaches:
    return Reaches((Reach(**{name: frozenset({code}) for name, code in limits.items()}),))  # type: ignore[arg-type]


def test_an_address_is_kept_by_whoever_reaches_the_whole_region(session: Session) -> None:
    """A digest names every enterprise of its region: whoever sees only some of them must not have it sent to themselves."""
    factories.reference(session)
    reference = Reference.load(session)
    asked = {
        "city": Reaches.everything(), "district": reach(district_codes="371002"), "town": reach(town_codes="371002001"),
        "department": reach(department_codes="fire_rescue"),
        "department of a district": reach(district_codes="371002", department_codes="fire_rescue"),
        "one enterprise": Reaches((Reach(organisation_ids=frozenset({1})),)), "nobody": Reaches(),
        "town or department": Reaches((*reach(town_codes="371002001").parts, *reach(department_codes="fire_rescue").parts)),
        "street of another district": reach(district_codes="371003", town_codes="371002001"),
    }  # fmt: skip
    districts = {row.code for row in reference.districts()}
    towns = {row.code for code in districts for row in reference.towns_of(code)}
    own = {row.code for row in reference.towns_of("371002")}

    found = {name: set(reminders_view.own_regions(reference, each)) for name, each in asked.items()}

    assert found == {
        "city": districts | towns, "district": {"371002"} | own, "town": {"371002001"}, "department": set(),
        "department of a district": set(), "one enterprise": set(), "nobody": set(), "town or department": {"371002001"},
        "street of another district": set(),
    }  # fmt: skip


def test_the_screen_shows_a_webhook_to_nobody_who_does_not_keep_it(site: Database, offices: Ids, open_screen: Open) -> None:
    key = "693a91f6-the-key-of-the-district"
    with site.transaction() as session:
        addresses.set_address(
            session, Address("371002", email="qu@example.cn", wecom=f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}")
        )

    shown = {who: everything(open_screen("reminders", who, programme=PROGRAMME)) for who in ("town", "department", "other-district")}

    assert {who: [word for word in (key, "qu@example.cn", "qyapi") if word in text] for who, text in shown.items()} == dict.fromkeys(
        shown, []
    )


# 电话记录 -------------------------------------------------------------------------------------------------------------


def test_a_call_names_nobody_who_never_served_the_enterprise(session: Session, town: Town, now: datetime) -> None:
    stamp: dict[str, Any] = {
        "programme_code": "gas", "organisation_id": town.firms["甲公司"], "outcome": ContactOutcome.CALLED,
        "reach": Reaches.everything(), "account_id": town.account, "now": now,
    }  # fmt: skip

    with pytest.raises(NotFound):
        contacts.log_contact(session, **stamp, person_id=town.people["丙公司"])
    contacts.log_contact(session, **stamp, person_id=town.people["甲公司"])

    assert [view.person for view in contacts.contacts(session, reach=Reaches.everything())] == ["甲负责人"]
