"""The three roads out: SMTP, an SMS gateway and WeCom group webhooks over HTTP."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import urllib3

from quiz.reminders.addresses import check_webhook
from quiz.settings import Settings, settings
from quiz.vocabulary import Channel

TIMEOUT_SECONDS = 10.0
LONGEST_ANSWER = 2_000
SHORTEST_SECRET = 4


class NotSent(Exception):
    """The other side certainly did not take it; it may be tried again."""


class Unclear(Exception):
    """Nobody knows whether it was taken (the connection broke after sending): never tried again by itself."""


@dataclass(frozen=True)
class Letter:
    """What is sent."""

    address: str
    subject: str
    body: str
    key: str
    """Names the occasion; given to gateways that can tell repetitions."""


class Sender(Protocol):
    """A road out: takes a letter and answers with a receipt."""

    def send(self, letter: Letter) -> str: ...


def senders(configured: Settings | None = None) -> dict[Channel, Sender]:
    """The roads that the administrator has opened."""
    known = configured or settings()
    found: dict[Channel, Sender] = {}
    if known.smtp_url:
        found[Channel.EMAIL] = Smtp(known.smtp_url, known.smtp_from)
    if known.sms_url:
        found[Channel.SMS] = SmsGateway(known.sms_url, json.loads(known.sms_headers or "{}"), json.loads(known.sms_body))
    if known.wecom_hosts:
        found[Channel.WECOM] = WeCom()
    return found


@dataclass(frozen=True)
class Smtp:
    """`smtp://user:password@host:25`, `smtp+starttls://…:587` or `smtps://…:465`."""

    url: str
    sender: str

    def send(self, letter: Letter) -> str:
        """Hand the letter to the mail server."""
        parts = urlsplit(self.url)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, letter.address, " ".join(letter.subject.split())
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or None)
        message.set_content(letter.body)
        try:
            with self._connected(parts) as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                refused = server.send_message(message)
        except smtplib.SMTPServerDisconnected as problem:
            raise Unclear("邮件服务器中断") from problem
        except smtplib.SMTPRecipientsRefused as problem:
            raise NotSent(f"邮件服务器拒收（{_codes(problem.recipients)}）") from problem
        except (smtplib.SMTPException, OSError) as problem:
            code = getattr(problem, "smtp_code", "")
            raise NotSent(f"邮件未发出（{f'回答 {code}' if code else '连接不上'}）") from problem
        if refused:
            raise NotSent(f"邮件服务器拒收（{_codes(refused)}）")
        return str(message["Message-ID"])

    def _connected(self, parts: Any) -> smtplib.SMTP:
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        return server


@dataclass(frozen=True)
class SmsGateway:
    """A gateway that takes JSON by POST; `{phone}`, `{text}` and `{key}` in the values of `body` are filled."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    def send(self, letter: Letter) -> str:
        """Post it; any status of 2xx counts as taken."""
        filled = _filled(self.body, {"{phone}": letter.address, "{text}": letter.body, "{key}": letter.key})
        secrets = (letter.address, *(part for value in self.headers.values() for part in str(value).split()))
        return _post(self.url, filled, {**self.headers, "Idempotency-Key": letter.key}, secrets=secrets)[:200]


@dataclass(frozen=True)
class WeCom:
    """The webhook of a group: the address of the letter is the webhook."""

    def send(self, letter: Letter) -> str:
        """Post a text message; the group answers `errcode` 0."""
        check_webhook(letter.address)
        answer = _post(letter.address, {"msgtype": "text", "text": {"content": letter.body}}, {})
        try:
            code = json.loads(answer).get("errcode")
        except (ValueError, AttributeError) as problem:
            raise Unclear(f"企业微信的回答看不懂：{answer[:100]}") from problem
        if code != 0:
            raise NotSent(f"企业微信未接受：{answer[:200]}")
        return "errcode 0"


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, Mapping):
        return {name: _filled(each, words) for name, each in value.items()}
    return [_filled(each, words) for each in value] if isinstance(value, list) else value


def _codes(refused: Mapping[str, tuple[int, bytes]]) -> str:
    """The numbers a mail server answered with; its words name the mailbox."""
    return "、".join(f"回答 {code}" for code in dict.fromkeys(code for code, _ in refused.values()))


def _quiet(text: str, url: str, secrets: Sequence[str]) -> str:
    """What the other side said, without the keys and numbers that it repeats: every office that sees the outbox reads it."""
    parts = urlsplit(url)
    hidden = {*secrets, url, parts.password or "", *(value for _, value in parse_qsl(parts.query))}
    for secret in sorted(hidden, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "…")
    return text


def _post(url: str, body: Any, headers: Mapping[str, str], *, secrets: Sequence[str] = ()) -> str:
    """The answer. What went wrong is told without the words of the transport, which repeat the address with its keys."""
    try:
        response = requests.post(url, json=body, headers=dict(headers), timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True)
        text = response.raw.read(LONGEST_ANSWER, decode_content=True).decode("utf-8", errors="replace")
    except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as problem:
        raise NotSent("连接不上对方的服务器") from problem
    except requests.exceptions.ConnectionError as problem:
        if "NewConnectionError" in repr(problem) or "refused" in repr(problem):
            raise NotSent("连接不上对方的服务器") from problem
        raise Unclear("连接中断") from problem
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
        raise Unclear("没有等到回答") from problem
    text = _quiet(text, url, secrets)
    if not 200 <= response.status_code < 300:
        raise NotSent(f"对方回答 {response.status_code}：{text[:200]}")
    return text
