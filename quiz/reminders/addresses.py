"""Where a district's or street's digest goes: its mailbox, and the webhook of its WeCom group."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlmodel import Session, col

from quiz.models.accounts import Setting
from quiz.problems import Invalid
from quiz.settings import settings
from quiz.vocabulary import Channel

PREFIX = "reminder_address:"
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_WEBHOOK = re.compile(r"https?://([A-Za-z0-9.-]+(?::[0-9]{1,5})?)/[A-Za-z0-9._~/?=&%-]*")
"""The whole address, in characters about which no two readers differ: one that takes a backslash for a slash finds another host."""


@dataclass(frozen=True)
class Address:
    """Where a region is reached."""

    region_code: str
    email: str = ""
    wecom: str = ""

    def of(self, channel: Channel) -> str:
        """The address on that road; empty when there is none."""
        return {Channel.EMAIL: self.email, Channel.WECOM: self.wecom}.get(channel, "")

    @property
    def shown_wecom(self) -> str:
        """The webhook without its key, which lets anybody write into the group."""
        return "" if not self.wecom else f"{urlsplit(self.wecom).hostname or ''}/…{self.wecom[-4:]}"


def addresses(session: Session) -> dict[str, Address]:
    """All that are known, by region."""
    rows = session.scalars(select(Setting).where(col(Setting.name).startswith(PREFIX)))
    return {each.region_code: each for each in (_read(row) for row in rows)}


def set_address(session: Session, address: Address) -> None:
    """Keep it; an empty one is forgotten.

    Raises:
        Invalid: no mailbox, or a webhook of a host that is not allowed.
    """
    email, wecom = address.email.strip(), address.wecom.strip()
    if email and not _EMAIL.fullmatch(email):
        raise Invalid("邮箱地址不正确，请核对。", code="email_malformed")
    if wecom:
        check_webhook(wecom)
    name = f"{PREFIX}{address.region_code}"
    session.execute(delete(Setting).where(col(Setting.name) == name))
    if email or wecom:
        session.add(Setting(name=name, value=json.dumps({"email": email, "wecom": wecom})))
    session.flush()


def check_webhook(address: str) -> None:
    """Only hosts that the administrator allows: otherwise an address would make this server call any machine of its network."""
    allowed = {host.strip().lower() for host in settings().wecom_hosts.split(",") if host.strip()}
    read = _WEBHOOK.fullmatch(address)
    if read is None or read[1].lower() not in allowed:
        raise Invalid(f"群机器人地址须是这些主机的网址：{'、'.join(sorted(allowed))}。", code="webhook_host")


def masked(channel: Channel, address: str) -> str:
    """An address as a list shows it."""
    if channel is Channel.SMS:
        return f"{address[:3]}****{address[-4:]}"
    if channel is Channel.WECOM:
        return Address("", wecom=address).shown_wecom
    name, _, host = address.partition("@")
    return f"{name[:2]}***@{host}"


def _read(row: Setting) -> Address:
    value: Mapping[str, str] = json.loads(row.value)
    return Address(row.name.removeprefix(PREFIX), value.get("email", ""), value.get("wecom", ""))
