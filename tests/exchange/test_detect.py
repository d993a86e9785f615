"""What a file is, from its bytes; its name decides only where they leave it open."""

from __future__ import annotations

import pytest

from quiz.exchange.detect import detect
from quiz.exchange.domain import Format
from quiz.problems import Invalid


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("a.csv", "题型,题干,A,B,答案\n单选题,集合{=1}是？,甲,乙,A\n", Format.CSV),
        ("a.txt", "谁审批？{=厂长 ~工人}\n", Format.GIFT),
        ("a.gift", "说明文字，没有花括号\n", Format.GIFT),
        ("a.txt", "说明文字，没有花括号\n", Format.TEXT),
        ("a.txt", "谁？\nA. 甲\nB. 乙\nANSWER: A\n", Format.AIKEN),
    ],
)
def test_a_text_is_told_by_what_stands_in_it(name: str, text: str, format: Format) -> None:
    assert detect(text.encode(), name=name) is format


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"Rar!\x1a\x07\x00", "archive"),
        (b"7z\xbc\xaf\x27\x1c", "archive"),
        (b"MZ\x90\x00", "program"),
        (b"%PDF-1.7", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"{\\rtf1", "rtf"),
        (b"PK\x03\x04broken", "damaged"),
    ],
)
def test_what_is_no_bank_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        detect(data, name="题库.xlsx")

    assert refusal.value.code == code
