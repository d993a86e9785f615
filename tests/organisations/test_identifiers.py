"""Numbers of enterprises and people: check digits, what is repaired on reading, what is refused and why, and what a report may show."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.organisations.identifiers import (
    USCC_ALPHABET,
    identity_check_digit,
    masked,
    read_date,
    read_identity_number,
    read_phone,
    read_uscc,
    uscc_check_digit,
    uscc_kind_warning,
)

TODAY = date(2026, 11, 23)
bodies = st.text(alphabet=USCC_ALPHABET, min_size=8, max_size=8)
checks = st.sampled_from(USCC_ALPHABET)
first_17 = st.builds(lambda region, body, check: f"91{region:06}{body}{check}", st.integers(0, 999999), bodies, checks)
birthdays = st.dates(date(1930, 1, 1), date(2009, 1, 1))
identity_17 = st.builds(lambda day, number: f"371002{day:%Y%m%d}{number:03}", birthdays, st.integers(0, 999))


@pytest.mark.parametrize("code", ["91371000MA00000A9A", "123710000000000193", "91350100M000100Y43", "91512081MA62K0260E"])
def test_published_codes_pass(code: str) -> None:
    assert read_uscc(code).value == code


@given(first_17)
def test_check_digit_makes_a_code_valid(first: str) -> None:
    code = first + uscc_check_digit(first)

    assert read_uscc(code).value == code


@given(first_17, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_is_noticed(first: str, place: int, character: str) -> None:
    code = first + uscc_check_digit(first)
    wrong = code[:place] + character + code[place + 1 :]

    assert read_uscc(wrong).refused == (wrong != code)


@given(first_17, st.sampled_from("0123456789"), st.sampled_from(" \u3000\u00a0-'"))
def test_blanks_width_and_case_do_not_matter(first: str, digit: str, noise: str) -> None:
    code = first + uscc_check_digit(first)
    typed = f"{noise}{code[:4]}{noise}{code[4:].lower()}{noise}".translate({ord(c): ord(c) + 0xFEE0 for c in digit})

    assert read_uscc(typed).value == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (1.2371e17, "digits_lost"),
        ("9.1371E+17", "digits_lost"),
        ("12345678X", "organisation_code"),
        ("371002200012345", "registration_number"),
        ("91371000MA00000A9", "uscc_length"),
        ("9137100OMA00000A9A", "uscc_letter"),
        ("91371000MA000?0A9A", "uscc_character"),
        ("91371000MA00000A9B", "uscc_check_digit"),
    ],
)
def test_a_refused_code_says_why(raw: object, code: str) -> None:
    reading = read_uscc(raw)

    assert (reading.value, [finding.code for finding in reading.findings]) == (None, [code])


def test_a_mistyped_letter_is_named_but_not_replaced() -> None:
    reading = read_uscc("9137100OMA00000A9A")

    assert "第 8 位字母 O 疑为数字 0" in reading.findings[0].message
    assert reading.value is None


def test_first_two_characters_against_the_kind_are_a_warning_only() -> None:
    warning = uscc_kind_warning("92371000MA00000A9A", "enterprise")

    assert warning is not None and warning.severity == "warning"
    assert uscc_kind_warning("91371000MA00000A9A", "enterprise") is None


def test_the_standard_identity_number_passes() -> None:
    assert read_identity_number("11010519491231002x", today=TODAY).value == "11010519491231002X"


@given(identity_17)
def test_check_digit_makes_an_identity_number_valid(first: str) -> None:
    number = first + identity_check_digit(first)

    assert read_identity_number(number, today=TODAY).value == number


@given(identity_17, st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_an_identity_number_is_noticed(first: str, place: int, digit: str) -> None:
    number = first + identity_check_digit(first)
    wrong = number[:place] + digit + number[place + 1 :]

    assert read_identity_number(wrong, today=TODAY).refused == (wrong != number)


def test_fifteen_digits_are_no_longer_an_identity_number() -> None:
    assert read_identity_number("110105491231002", today=TODAY).findings[0].code == "identity_15"


def test_a_passport_is_taken_as_it_stands() -> None:
    assert read_identity_number("E12345678", today=TODAY).value == "E12345678"


@pytest.mark.parametrize("raw", ["13812345678", 13812345678.0, 13812345678, "+86 138 1234 5678", "0086-138-1234-5678", "1.3812345678E10"])
def test_a_mobile_number_is_read_however_it_was_typed(raw: object) -> None:
    assert read_phone(raw).value == "13812345678"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("1381234567", "phone_form"),
        ("0631-5231234", "phone_landline"),
        ("13812345678、13912345678", "phone_several"),
        ("1.38E+10", "digits_lost"),
    ],
)
def test_a_refused_phone_says_why(raw: str, code: str) -> None:
    assert [finding.code for finding in read_phone(raw).findings] == [code]


@given(st.dates(date(1950, 1, 2), date(2099, 12, 30)))
def test_every_way_of_writing_a_day_is_read(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    plain = f"{day.year}.{day.month}.{day.day}"
    values = [day, datetime(day.year, day.month, day.day, 8), serial, float(serial)]
    texts = [day.isoformat(), f"{day:%Y%m%d}", plain, f"{day:%Y/%m/%d} 00:00", f"{day.year}年{day.month}月{day.day}日"]

    assert {read_date(way).value for way in (*values, *texts)} == {day}


def test_a_month_alone_is_its_first_day_with_a_warning() -> None:
    reading = read_date("2024年3月")

    assert (reading.value, reading.findings[0].code) == (date(2024, 3, 1), "month_only")


@pytest.mark.parametrize("raw", ["长期", "2024-02-30", "24.3.5", "1900-01-01"])
def test_what_is_no_day_is_refused(raw: str) -> None:
    assert read_date(raw).refused


@given(st.text(max_size=30), st.sampled_from(["identity", "phone", "principal"]))
def test_a_report_never_shows_personal_data_whole(text: str, column: str) -> None:
    kept = masked(column, text)

    assert kept == "" or len(kept) == 1 or "*" in kept


def test_what_a_report_shows() -> None:
    assert masked("identity", "11010519491231002X") == "**************002X"
    assert masked("phone", "13812345678") == "138****5678"
    assert masked("principal", "欧阳某某") == "欧**"
    assert masked("uscc", "91371000MA00000A9A") == "913710****0A9A"
    assert masked("held_from", TODAY + timedelta(days=1)) == "2026-11-24"
    assert len(masked("address", "长" * 99)) == 40
