"""Markup to plain text and back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quiz.exchange.markup_text import Plain, escape_html, from_html, survives_html

CASES = [
    ("<p>一</p><p>二<br>三</p>", Plain("一\n二\n三")),
    ("一<br/><br/>二", Plain("一\n\n二")),
    ("m<sup>2</sup>，H<sub>2</sub>O，10<sup>ab</sup>，x<sub>i</sub>", Plain("m²，H₂O，10^(ab)，x_i")),
    ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", Plain("a\tb\n1\t2")),
    ("<ol><li>甲</li><li>乙</li></ol>", Plain("1. 甲\n2. 乙")),
    ("a &lt;b&gt;&nbsp;&amp; c", Plain("a <b> & c")),
    ("1 < 2 且 3 > 2", Plain("1 < 2 且 3 > 2")),
    ("<!-- 注 -->字<script>alert('</p>')</script><style>p{}</style>", Plain("字", dropped=("script", "style"))),
    ('看<img src="a.png" alt="x>y">图', Plain("看图", images=("a.png",))),
    ("<video src=a></video>看", Plain("看", unsupported=("视频",))),
    ("<a href='@@PLUGINFILE@@/a.MP3?x=1'>听</a>，<a href='a.html'>看</a>", Plain("听，看", unsupported=("音视频",))),
    ("<p>断了的 <b>标签", Plain("断了的 标签")),
    ("<ruby>危<rt>wēi</rt></ruby>", Plain("危（wēi）")),
    ("<pre>a\n  b</pre>", Plain("a\n  b")),
]


@pytest.mark.parametrize(("markup", "expected"), CASES)
def test_markup_becomes_what_a_person_reads(markup: str, expected: Plain) -> None:
    assert from_html(markup) == expected


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" \n<>&"), max_size=40).map(lambda text: text.strip()))
def test_escaped_text_comes_back_unless_it_holds_odd_blanks(text: str) -> None:
    assert survives_html(text) or "\u00a0" in text or text != text.strip() or " \n" in text or "\n " in text


def test_escaping_keeps_markup_harmless() -> None:
    assert escape_html("<script>\n  x") == "&lt;script&gt;<br/>\u00a0\u00a0x"


@pytest.mark.parametrize("piece", ['<a "', "<", "<!--", "<sup>", "&#", "<p ", "</", " \n", "<b x='"])
def test_hostile_markup_takes_bounded_time(piece: str) -> None:
    begun = time.process_time()

    from_html(piece * 100_000)

    assert time.process_time() - begun < 10
