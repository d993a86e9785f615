"""Codes and telephone numbers that pass every check and belong to nobody."""

from __future__ import annotations

import random
from collections.abc import Callable

from stdnum.iso7064 import mod_11_10

from quiz.organisations.identifiers import USCC_ALPHABET, uscc_check_digit

_ORGANISATION_CODE_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SERIES = {"91": ("MAX", "MAY", "MAW"), "92": ("MAX", "MAY"), "12": ("MBX", "MBY"), "52": ("MJX", "MJY")}
"""First three characters of the inner code, far ahead of the series that registers have handed out so far."""
_UNASSIGNED_PREFIXES = ("154", "160", "161", "163", "164", "168", "169", "194")
"""Mobile prefixes of the right form that no operator has been given: nobody's telephone rings."""


class Numbers:
    """Hands out codes and telephone numbers, none of them twice."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._used: set[str] = set()

    def uscc(self, prefix: str, authority: str) -> str:
        """A 统一社会信用代码 with both check digits right; `prefix` says what kind of body it is (91, 92, 12, 52)."""
        inner = self._fresh(lambda: self._chance.choice(_SERIES[prefix]) + "".join(self._chance.choices(USCC_ALPHABET, k=5)))
        first_17 = f"{prefix}{authority}{inner}{organisation_code_check(inner)}"
        return first_17 + uscc_check_digit(first_17)

    def registration_number(self, authority: str) -> str:
        """The fifteen digits of an old 营业执照 of a self-employed person (serial numbers from 6 on), with its check digit."""
        first_14 = self._fresh(lambda: f"{authority}69{self._chance.randrange(10**6):06}")
        return first_14 + registration_check(first_14)

    def mobile(self) -> str:
        """Eleven digits in the form of a mobile number."""
        return self._fresh(lambda: f"{self._chance.choice(_UNASSIGNED_PREFIXES)}{self._chance.randrange(10**8):08}")

    def _fresh(self, draw: Callable[[], str]) -> str:
        while (value := draw()) in self._used:
            continue
        self._used.add(value)
        return value


def organisation_code_check(first_8: str) -> str:
    """The ninth character of an organisation code (GB 11714)."""
    total = sum(int(character, 36) * weight for character, weight in zip(first_8, _ORGANISATION_CODE_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def registration_check(first_14: str) -> str:
    """The fifteenth digit of a registration number (ISO 7064, MOD 11,10)."""
    return str(mod_11_10.calc_check_digit(first_14))
