"""Invented codes pass every check that a real one passes."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from quiz.demonstration.numbers import Numbers, organisation_code_check
from quiz.organisations.identifiers import read_phone, read_uscc, uscc_kind_warning

KINDS = {"91": "enterprise", "92": "self_employed", "12": "hospital", "52": "hospital"}


def test_inner_check_character_follows_gb_11714() -> None:
    # 0000000A: 10 × 2 = 20, 20 mod 11 = 9, 11 − 9 = 2; 11111111: 48 mod 11 = 4, 11 − 4 = 7
    assert organisation_code_check("0000000A") == "2"
    assert organisation_code_check("11111111") == "7"


@given(st.integers(0, 10_000), st.sampled_from(sorted(KINDS)), st.sampled_from(["371000", "371002", "371082"]))
def test_every_code_reads_without_a_remark(seed: int, prefix: str, authority: str) -> None:
    code = Numbers(random.Random(seed)).uscc(prefix, authority)

    reading = read_uscc(code)

    assert (reading.value, reading.findings, uscc_kind_warning(code, KINDS[prefix])) == (code, (), None)


@given(st.integers(0, 10_000))
def test_registration_numbers_have_fifteen_digits_and_a_check_digit(seed: int) -> None:
    number = Numbers(random.Random(seed)).registration_number("371082")

    assert (len(number), number[:7], mod_11_10.is_valid(number)) == (15, "3710826", True)


def test_telephone_numbers_have_the_right_form_and_are_never_handed_out_twice() -> None:
    numbers = Numbers(random.Random(1))

    telephones = [numbers.mobile() for _ in range(3000)]

    assert len(set(telephones)) == 3000
    assert all(read_phone(each).value == each for each in telephones)
