"""Nobody changes a word of a certificate unnoticed, with the server or without it."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from quiz.certificates import signing
from quiz.certificates.domain import Content, add_months, last_day, number, state_on, tidy_number
from quiz.problems import Invalid
from quiz.vocabulary import CertificateState

NAMES = tuple(field.name for field in fields(Content))
words = some.text(max_size=40)
calm = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def contents() -> some.SearchStrategy[Content]:
    return some.builds(Content, **dict.fromkeys(NAMES, words))


def signed(content: Content) -> tuple[Content, str, str]:
    signer = signing.signer()
    own = replace(content, key=signer.key_id)
    return own, signer.sign(own), signer.public


@calm
@given(contents())
def test_what_was_signed_is_genuine_however_it_travels(content: Content) -> None:
    own, signature, public = signed(content)

    assert signing.is_genuine(own, signature=signature, public=public)
    assert signing.read_offline_code(signing.offline_code(own, signature=signature)) == (own, signature)
    assert signing.read_signed_file(signing.signed_file(own, signature=signature, public=public)) == (own, signature)


@calm
@given(contents(), some.sampled_from(NAMES), words)
def test_a_changed_word_is_noticed(content: Content, name: str, other: str) -> None:
    own, signature, public = signed(content)
    changed = replace(own, **{name: other})

    assert signing.is_genuine(changed, signature=signature, public=public) == (changed == own)


@calm
@given(contents(), some.integers(0, 63), some.integers(1, 255))
def test_a_changed_signature_is_noticed(content: Content, place: int, by: int) -> None:
    own, signature, public = signed(content)
    raw = bytearray(signing._bytes(signature))
    raw[place] ^= by

    assert not signing.is_genuine(own, signature=signing._text(bytes(raw)), public=public)


def test_another_key_does_not_vouch_for_it() -> None:
    own, signature, _ = signed(Content(**dict.fromkeys(NAMES, "字")))
    other = Ed25519PrivateKey.generate()
    public = signing._text(other.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    theirs = replace(own, key=signing.key_id(public))

    assert not signing.is_genuine(own, signature=signature, public=public)
    # signed rightly by a stranger, but naming our key
    assert not signing.is_genuine(own, signature=signing._text(other.sign(own.signed_bytes)), public=public)
    assert signing.is_genuine(theirs, signature=signing._text(other.sign(theirs.signed_bytes)), public=public)


@pytest.mark.parametrize(
    "text", ["", "AKC1", "AKC1..", "AKC1.x.y", "AKC1.eJwDAAAAAAE.sig", "AKC2.a.b", "AKC1.甲.乙", "https://example.com"]
)
def test_what_is_no_offline_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        signing.read_offline_code(text)


def test_an_offline_code_that_unpacks_without_end_is_refused() -> None:
    import zlib

    bomb = signing._text(zlib.compress(b" " * 50_000_000))

    with pytest.raises(Invalid):
        signing.read_offline_code(f"AKC1.{bomb}.x")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"certificate": {}, "signature": ""}', b"\xff\xfe", b"%PDF-1.7"])
def test_what_is_no_signed_file_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        signing.read_signed_file(data)


def test_a_field_more_or_less_is_no_certificate() -> None:
    own, signature, public = signed(Content(**dict.fromkeys(NAMES, "字")))
    whole = json.loads(signing.signed_file(own, signature=signature, public=public))
    whole["certificate"]["grade"] = "优秀"

    with pytest.raises(Invalid):
        signing.read_signed_file(json.dumps(whole).encode())


def test_the_key_is_made_once_and_is_its_owners(key_folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: signing._signer.__wrapped__(key_folder / "certificate.key").public, range(16)))

    assert len(made) == 1
    assert stat.S_IMODE((key_folder / "certificate.key").stat().st_mode) == 0o600
    assert [path.name for path in key_folder.iterdir()] == ["certificate.key"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("AK2026-K7M2-9QXP", "AK2026-K7M2-9QXP"),
        (" ak2026 k7m2 9qxp ", "AK2026-K7M2-9QXP"),
        ("ＡＫ２０２６－Ｋ７Ｍ２－９ＱＸＰ", "AK2026-K7M2-9QXP"),
        ("AK2026K7M29QXP", "AK2026-K7M2-9QXP"),
        ("<script>", "<SCRIPT>"),
        ("AK2026-0000-0000", "AK202600000000"),
    ],
)
def test_a_number_is_found_however_it_was_typed(typed: str, kept: str) -> None:
    assert tidy_number(typed) == kept


def test_a_number_says_its_year_and_nothing_to_count_by() -> None:
    assert number(year=2026, code="K7M2-9QXP") == "AK2026-K7M2-9QXP"


@given(some.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)), some.integers(0, 240))
def test_months_later_is_the_same_day_or_the_months_last(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and add_months(later, 0).day == later.day >= 28)


def test_a_certificate_expires_after_its_last_day_and_an_ended_one_stays_ended() -> None:
    last = last_day(date(2026, 2, 28), 12)

    assert last == date(2027, 2, 28) and last_day(date(2026, 2, 28), None) is None
    assert state_on(date(2027, 2, 28), state="valid", valid_until=last) is CertificateState.VALID
    assert state_on(date(2027, 3, 1), state="valid", valid_until=last) is CertificateState.EXPIRED
    assert state_on(date(2027, 3, 1), state="revoked", valid_until=last) is CertificateState.REVOKED
    assert state_on(date(2099, 1, 1), state="valid", valid_until=None) is CertificateState.VALID
