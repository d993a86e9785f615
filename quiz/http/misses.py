"""Who asks in vain too often: public numbers are not found out by trying, and a typing error costs nobody anything."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from quiz.problems import Refusal

WINDOW = timedelta(minutes=15)
ALLOWED = 100
"""Numbers that do not exist, from one address within the window. A whole town may share one address, so only misses count."""
MOST_ADDRESSES = 10_000
NETWORK_BITS = 64
"""What one IPv6 customer holds."""


class TooManyMisses(Refusal):
    """Somebody tries numbers."""

    status = 429


@dataclass
class Misses:
    """Misses by address since each one's window began; kept in memory, for a restart forgives."""

    counted: OrderedDict[str, tuple[datetime, int]] = field(default_factory=OrderedDict)

    def refuse_if_many(self, address: str, *, now: datetime) -> None:
        """Raise TooManyMisses for an address that has to wait."""
        begun, number = self.counted.get(_whose(address), (now, 0))
        if number >= ALLOWED and now - begun < WINDOW:
            raise TooManyMisses("查询不存在的编号次数过多，请 15 分钟后再试。", code="too_many_misses")

    def note(self, address: str, *, now: datetime) -> None:
        """One more number that does not exist."""
        whose = _whose(address)
        begun, number = self.counted.get(whose, (now, 0))
        self.counted[whose] = (now, 1) if now - begun >= WINDOW else (begun, number + 1)
        self.counted.move_to_end(whose)
        while len(self.counted) > MOST_ADDRESSES:
            self.counted.popitem(last=False)


def _whose(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> (128 - NETWORK_BITS)) if isinstance(parsed, IPv6Address) else address
