"""Moodle XML: what each kind of question comes to, and what a second reader finds in what we write."""

from __future__ import annotations

import base64
import time
from typing import Any
from xml.etree import ElementTree

import pytest

from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef
from quiz.exchange.readers import moodle_xml
from quiz.exchange.writers import moodle_xml as writer
from quiz.problems import Invalid
from tests.exchange.drafts import PICTURE
from tests.exchange.reading import TRUTH, rows

AB = {"A": "甲", "B": "乙"}
PIXEL = base64.b64encode(PICTURE.data).decode()


def question(kind: str, inside: str, text: str = "<p>题</p>") -> str:
    return f'<question type="{kind}"><questiontext format="html"><text><![CDATA[{text}]]></text></questiontext>{inside}</question>'


def answer(text: str, share: str, more: str = "") -> str:
    return f'<answer fraction="{share}"><text>{text}</text>{more}</answer>'


def pair(prompt: str, text: str) -> str:
    return f"<subquestion><text>{prompt}</text><answer><text>{text}</text></answer></subquestion>"


SINGLE = {"fate": "accepted", "type": "single", "stem": "题", "options": AB, "key": ["B"]}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("single", question("multichoice", "<single>true</single>" + answer("甲", "0") + answer("&lt;p&gt;乙&lt;/p&gt;", "100")), SINGLE),
    ("multiple", question("multichoice", "<single>false</single>" + answer("甲", "50") + answer("乙", "50")),
     SINGLE | {"type": "multiple", "key": ["A", "B"]}),
    ("feedback", question("multichoice", answer("甲", "0", "<feedback><text>不对</text></feedback>") + answer("乙", "100")
                          + "<generalfeedback><text>见第三条</text></generalfeedback>"),
     SINGLE | {"rationales": {"A": "不对"}, "explanation": "见第三条"}),
    ("half right", question("multichoice", answer("甲", "50") + answer("乙", "100")),
     SINGLE | {"fate": "repaired", "codes": ["partial_credit_dropped"]}),
    ("two right of one", question("multichoice", answer("甲", "100") + answer("乙", "100")),
     {"fate": "refused", "codes": ["several_answers_for_single"]}),
    ("none right", question("multichoice", answer("甲", "0") + answer("乙", "0")), {"fate": "refused", "codes": ["missing_answer"]}),
    ("true or false", question("truefalse", answer("true", "0", "<feedback><text>不对</text></feedback>") + answer("false", "100")),
     {"fate": "accepted", "type": "true_false", "stem": "题", "options": TRUTH, "key": ["B"], "rationales": {"A": "不对"}}),
    ("short answer", question("shortanswer", answer("三级", "100") + answer("3级", "100") + answer("*", "0")),
     {"fate": "accepted", "type": "blank", "stem": "题____", "key": ["三级|3级"]}),
    ("short answer in its place", question("shortanswer", answer("三级", "100"), "为 _____ 级"),
     {"fate": "accepted", "type": "blank", "stem": "为 ____ 级", "key": ["三级"]}),
    ("wildcard", question("shortanswer", answer("三*", "100")), {"fate": "refused", "codes": ["wildcard_answer"]}),
    ("figure", question("numerical", answer("12.50", "100", "<tolerance>0.1</tolerance>") + answer("*", "0")
                        + "<units><unit><multiplier>1</multiplier><unit_name>米</unit_name></unit></units>"),
     {"fate": "accepted", "type": "numeric", "stem": "题", "key": ["12.50"], "tolerance": "0.1", "unit": "米"}),
    ("two units", question("numerical", answer("1", "100", "<tolerance>0</tolerance>") + "<units><unit><multiplier>1</multiplier>"
                           "<unit_name>m</unit_name></unit><unit><multiplier>100</multiplier><unit_name>cm</unit_name></unit></units>"),
     {"fate": "repaired", "codes": ["units_dropped"], "type": "numeric", "stem": "题", "key": ["1"], "unit": "m"}),
    ("two figures", question("numerical", answer("1", "100") + answer("2", "100")), {"fate": "refused", "codes": ["figure_expected"]}),
    ("matching", question("matching", pair("一", "乙") + pair("二", "丙") + pair("", "甲")),
     {"fate": "accepted", "type": "matching", "stem": "题", "options": {"A": "丙", "B": "乙", "C": "甲"},
      "prompts": {"1": "一", "2": "二"}, "key": ["1B", "2A"]}),
    ("ordering", question("ordering", answer("乙", "1") + answer("丙", "2") + answer("甲", "3")),
     {"fate": "accepted", "type": "ordering", "stem": "题", "options": {"A": "丙", "B": "乙", "C": "甲"}, "key": ["B", "A", "C"]}),
    ("cloze of blanks", question("cloze", "", "<p>为{1:SHORTANSWER:=三级~%100%3级#好}，共{2:SA:=24}时</p>"),
     {"fate": "accepted", "type": "blank", "stem": "为____，共____时", "key": ["三级|3级", "24"]}),
    ("cloze of a figure", question("cloze", "", "<p>长度是 {1:NUMERICAL:=12.5:0.1}</p>"),
     {"fate": "accepted", "type": "numeric", "stem": "长度是", "key": ["12.5"], "tolerance": "0.1"}),
    ("cloze as a case", question("cloze", "", "<p>某厂动火。</p><p>谁审批？{1:MULTICHOICE:甲~=乙}</p><p>几小时？{1:NUMERICAL:=8}</p>"),
     {"fate": "accepted", "type": "case", "stem": "某厂动火。", "parts": [
         {"type": "single", "stem": "谁审批？", "options": AB, "key": ["B"]}, {"type": "numeric", "stem": "几小时？", "key": ["8"]}]}),
    ("cloze in the text", question("cloze", "", "<p>由{1:MC:甲~=乙}在{1:NM:=8}小时内</p>"), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("essay", question("essay", ""), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("plugin", question("ddimageortext", ""), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("description", question("description", ""), {"fate": "skipped", "codes": ["not_a_question"]}),
    ("script", question("truefalse", answer("true", "100") + answer("false", "0"), "<p>题</p><script>x()</script>"),
     {"fate": "repaired", "codes": ["markup_dropped"], "type": "true_false", "stem": "题", "options": TRUTH, "key": ["A"]}),
    ("picture elsewhere", question("truefalse", answer("true", "100") + answer("false", "0"), '<img src="@@PLUGINFILE@@/a.png">'),
     {"fate": "refused", "codes": ["picture_missing"]}),
    ("formula", question("truefalse", answer("true", "100") + answer("false", "0"), "<math><mi>x</mi></math>"),
     {"fate": "refused", "codes": ["formula_unsupported"]}),
    ("no stem", question("truefalse", answer("true", "100") + answer("false", "0"), ""), {"fate": "refused", "codes": ["no_stem"]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(text, expected, id=name) for name, text, expected in CASES])
def test_each_kind(text: str, expected: dict[str, Any]) -> None:
    assert rows(moodle_xml.read(f"<?xml version='1.0' encoding='UTF-8'?><quiz>{text}</quiz>".encode())) == [expected]


def test_embedded_pictures_stay_with_their_text() -> None:
    file = f'<file name="图 1.png" path="/" encoding="base64">{PIXEL}</file>'
    shown = '<img src="@@PLUGINFILE@@/%E5%9B%BE%201.png">'
    text = (
        f'<quiz><question type="multichoice"><questiontext format="html"><text><![CDATA[看图{shown}]]></text>{file}</questiontext>'
        f'<answer fraction="0" format="html"><text><![CDATA[{shown}]]></text>{file}</answer><answer fraction="100"><text>乙</text></answer>'
        "</question></quiz>"
    )

    reading = moodle_xml.read(text.encode())

    assert rows(reading) == [
        SINGLE | {"fate": "repaired", "codes": ["picture_option"], "stem": "看图", "options": {"A": "见图A", "B": "乙"}}
    ]
    assert [(picture.where, picture.data) for picture in reading.rows[0].pictures] == [("stem", PICTURE.data), ("A", PICTURE.data)]


def test_categories_become_topics_and_what_is_left_out_is_said() -> None:
    category = '<question type="category"><category><text>$course$/top/第一章//一</text></category></question>'
    judged = question(
        "truefalse", answer("true", "100") + answer("false", "0") + "<name><text>Q1</text></name><defaultgrade>2</defaultgrade>"
    )

    reading = moodle_xml.read(f"<quiz>{category}\n{judged}</quiz>".encode())

    assert [(row.fate.value, row.place.line) for row in reading.rows] == [("skipped", 1), ("accepted", 2)]
    assert [row.draft.topic for row in reading.items if row.draft] == ["第一章/一"]
    assert [remark.code for remark in reading.remarks] == ["names_dropped", "score_dropped"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html/>", "unknown_xml"),
        (b"<quiz><question>", "broken_xml"),
        (b'<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>', "entities"),
        (
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE quiz [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>'.encode(
                "utf-16"
            ),
            "entities",
        ),
        (b"<quiz>" * 3000 + b"</quiz>" * 3000, "broken_xml"),
        (b"<quiz>" * 300 + b"</quiz>" * 300, "too_deep"),
        (b'<?xml version="1.0" encoding="utf-7"?><quiz/>', "unknown_encoding"),
    ],
)
def test_files_that_cannot_be_read_say_why(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        moodle_xml.read(data)

    assert refusal.value.code == code


def test_huge_embedded_picture_is_refused() -> None:
    file = f'<file name="a.png" encoding="base64">{"A" * 25_000_000}</file>'
    text = f'<quiz><question type="truefalse"><questiontext format="html"><text>x&lt;img src="@@PLUGINFILE@@/a.png"&gt;</text>{file}</questiontext></question></quiz>'

    assert rows(moodle_xml.read(text.encode())) == [{"fate": "refused", "codes": ["picture_unsupported"]}]


def test_a_second_reader_finds_the_key_in_what_we_write() -> None:
    item = ItemDraft.model_validate(
        {"code": "a-1", "type": "multiple", "stem": "a<b\n选", "options": {"A": "甲", "B": "乙", "C": "丙"}, "key": ["A", "C"], "topic": "章/节",
         "rationales": {"B": "不对"}, "pictures": [PictureRef(digest=PICTURE.digest)]}
    )  # fmt: skip

    root = ElementTree.fromstring(writer.write("", [item], {PICTURE.digest: PICTURE}))

    category, asked = root.findall("question")
    assert (category.findtext("category/text"), asked.get("type"), asked.findtext("single")) == (
        "$course$/top/章//节",
        "multichoice",
        "false",
    )
    assert [(each.get("fraction"), each.findtext("text"), each.findtext("feedback/text")) for each in asked.findall("answer")] == [
        ("50", "甲", ""), ("-100", "乙", "不对"), ("50", "丙", ""),
    ]  # fmt: skip
    file = asked.find("questiontext/file")
    assert file is not None and f"@@PLUGINFILE@@/{file.get('name')}" in (asked.findtext("questiontext/text") or "")
    assert base64.b64decode(file.text or "") == PICTURE.data


def test_what_moodle_cannot_hold_is_said() -> None:
    part = {"type": "true_false", "stem": "句", "options": TRUTH, "key": ["A"]}
    case = ItemDraft.model_validate({"code": "a", "type": "case", "stem": "材料", "parts": [part, part]})
    unsorted = ItemDraft.model_validate({"code": "b", "type": "ordering", "stem": "排", "options": {"A": "2", "B": "1"}, "key": ["A", "B"]})
    control = ItemDraft.model_validate(part | {"code": "c", "stem": "a\x01b"})

    assert writer.cannot_hold(case) == ["Moodle XML 不能保存案例题"]
    assert writer.cannot_hold(unsorted) == ["Moodle XML 不保存选项的先后，顺序会改变", "Moodle XML 不保存答案的先后，顺序会改变"]
    assert writer.left_out(unsorted) == []
    assert writer.left_out(control) == ["Moodle XML 不能保存其中的控制字符"]


def test_hostile_cloze_takes_bounded_time() -> None:
    begun = time.process_time()

    moodle_xml.read(f"<quiz>{question('cloze', '', '{1:SA:' * 200_000)}</quiz>".encode())

    assert time.process_time() - begun < 20
