"""QTI 1.2, 2.x and 3.0: what each kind of item comes to, packages good and bad, and what a second reader finds in what we write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Format
from quiz.exchange.readers import qti
from quiz.exchange.writers import qti21, qti30
from quiz.problems import Invalid
from tests.exchange.drafts import PICTURE, PICTURES, drafts
from tests.exchange.reading import TRUTH, rows

NS = "http://www.imsglobal.org/xsd/imsqti_v2p1"
AB = {"A": "甲", "B": "乙"}


def item(body: str, declared: str, more: str = "", attributes: str = "") -> bytes:
    head = f'<assessmentItem xmlns="{NS}" identifier="i" title="" adaptive="false" timeDependent="false" {attributes}>'
    return f"{head}{declared}<itemBody>{body}</itemBody>{more}</assessmentItem>".encode()


def declare(correct: str, cardinality: str = "single", base: str = "identifier", more: str = "") -> str:
    values = "".join(f"<value>{value}</value>" for value in correct.split(";") if value)
    right = f"<correctResponse>{values}</correctResponse>" if values else ""
    return f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="{base}">{right}{more}</responseDeclaration>'


def choices(*texts: str, name: str = "simpleChoice") -> str:
    return "".join(f'<{name} identifier="c{place}">{text}</{name}>' for place, text in enumerate(texts))


CHOICE = f'<p>谁？</p><choiceInteraction responseIdentifier="RESPONSE">{choices("甲", "乙")}</choiceInteraction>'
ENTRY = '<textEntryInteraction responseIdentifier="RESPONSE"/>'
MATCH = (
    '<matchInteraction responseIdentifier="RESPONSE"><prompt>配</prompt>'
    '<simpleMatchSet><simpleAssociableChoice identifier="l1">一</simpleAssociableChoice><simpleAssociableChoice identifier="l2">二</simpleAssociableChoice>'
    '</simpleMatchSet><simpleMatchSet><simpleAssociableChoice identifier="r1">甲</simpleAssociableChoice>'
    '<simpleAssociableChoice identifier="r2">乙</simpleAssociableChoice></simpleMatchSet></matchInteraction>'
)
SINGLE = {"fate": "accepted", "type": "single", "stem": "谁？", "options": AB, "key": ["B"]}
EQUAL = (
    '<responseProcessing><responseCondition><responseIf><equal toleranceMode="{mode}" tolerance="{sides}"><variable identifier="RESPONSE"/>'
    '<correct identifier="RESPONSE"/></equal></responseIf></responseCondition></responseProcessing>'
)
CASES: list[tuple[str, bytes, dict[str, Any]]] = [
    ("single", item(CHOICE, declare("c1")), SINGLE),
    ("multiple", item(CHOICE, declare("c0;c1", "multiple")), SINGLE | {"type": "multiple", "key": ["A", "B"]}),
    ("mapping", item(CHOICE, declare("", more='<mapping><mapEntry mapKey="c1" mappedValue="1"/><mapEntry mapKey="c0" mappedValue="0.5"/></mapping>')),
     SINGLE | {"fate": "repaired", "codes": ["partial_credit_dropped"]}),
    ("compared with", item(CHOICE, declare(""), '<responseProcessing><responseCondition><responseIf><match><variable identifier="RESPONSE"/>'
                           '<baseValue baseType="identifier">c1</baseValue></match></responseIf></responseCondition></responseProcessing>'), SINGLE),
    ("no key", item(CHOICE, declare("")), {"fate": "refused", "codes": ["missing_answer"]}),
    ("feedback", item(CHOICE, declare("c1"), '<modalFeedback outcomeIdentifier="F" identifier="c0" showHide="show">不对</modalFeedback>'
                      '<modalFeedback outcomeIdentifier="F" identifier="why" showHide="show"><p>见第三条</p></modalFeedback>'),
     SINGLE | {"rationales": {"A": "不对"}, "explanation": "见第三条"}),
    ("truths", item(CHOICE.replace("甲", "True").replace("乙", "False"), declare("c1")),
     {"fate": "repaired", "codes": ["type_inferred"], "type": "true_false", "stem": "谁？", "options": TRUTH, "key": ["B"]}),
    ("blank", item(f"<p>为{ENTRY}级</p>", declare("三", base="string", more='<mapping><mapEntry mapKey="三" mappedValue="1"/>'
                   '<mapEntry mapKey="3" mappedValue="1"/></mapping>')),
     {"fate": "accepted", "type": "blank", "stem": "为____级", "key": ["三|3"]}),
    ("figure", item(f"<p>多长？</p><p>{ENTRY}</p>", declare("12.50", base="float"), EQUAL.format(mode="absolute", sides="0.1 0.1")),
     {"fate": "accepted", "type": "numeric", "stem": "多长？", "key": ["12.50"], "tolerance": "0.1"}),
    ("percent", item(f"<p>多长？{ENTRY}</p>", declare("50", base="float"), EQUAL.format(mode="relative", sides="10 10")),
     {"fate": "repaired", "codes": ["tolerance_converted"], "type": "numeric", "stem": "多长？____", "key": ["50"], "tolerance": "5"}),
    ("uneven tolerance", item(f"<p>多长？{ENTRY}</p>", declare("50", base="float"), EQUAL.format(mode="absolute", sides="1 2")),
     {"fate": "refused", "codes": ["figure_expected"]}),
    ("order", item(f'<orderInteraction responseIdentifier="RESPONSE"><prompt>排</prompt>{choices("甲", "乙", "丙")}</orderInteraction>',
                   declare("c2;c0;c1", "ordered")),
     {"fate": "accepted", "type": "ordering", "stem": "排", "options": AB | {"C": "丙"}, "key": ["C", "A", "B"]}),
    ("match", item(MATCH, declare("l1 r2;l2 r2", "multiple", "directedPair")),
     {"fate": "accepted", "type": "matching", "stem": "配", "options": AB, "prompts": {"1": "一", "2": "二"}, "key": ["1B", "2B"]}),
    ("many to many", item(MATCH, declare("l1 r1;l1 r2;l2 r2", "multiple", "directedPair")), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("essay", item('<p>谈谈</p><extendedTextInteraction responseIdentifier="RESPONSE"/>', declare("", base="string")),
     {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("adaptive", item(CHOICE, declare("c1")).replace(b'adaptive="false"', b'adaptive="true"'), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("random", item(CHOICE, declare("c1") + "<templateDeclaration/>"), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("include", item(CHOICE + '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>', declare("c1")),
     {"fate": "refused", "codes": ["external_reference"]}),
    ("case", item(f'<p>某厂动火。</p><p>一、谁审批？</p>{CHOICE.removeprefix("<p>谁？</p>")}'
                  f'<p>二、谁监护？</p>{CHOICE.removeprefix("<p>谁？</p>").replace("RESPONSE", "R2")}',
                  declare("c1") + declare("c0").replace("RESPONSE", "R2")),
     {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("case with prompts", item(f'<p>某厂动火。</p>{CHOICE.removeprefix("<p>谁？</p>").replace("RESPONSE&quot;>", "")}'.replace(
        '"RESPONSE">', '"RESPONSE"><prompt>谁审批？</prompt>') + CHOICE.removeprefix("<p>谁？</p>").replace(
        '"RESPONSE">', '"R2"><prompt>谁监护？</prompt>'), declare("c1") + declare("c0").replace("RESPONSE", "R2")),
     {"fate": "accepted", "type": "case", "stem": "某厂动火。", "parts": [
         {"type": "single", "stem": "谁审批？", "options": AB, "key": ["B"]}, {"type": "single", "stem": "谁监护？", "options": AB, "key": ["A"]}]}),
    ("nothing to answer", item("<p>说明</p>", ""), {"fate": "skipped", "codes": ["not_a_question"]}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), [pytest.param(data, expected, id=name) for name, data, expected in CASES])
def test_each_kind_of_2(data: bytes, expected: dict[str, Any]) -> None:
    reading = qti.read(data)

    assert reading.format is Format.QTI21
    assert rows(reading) == [expected]


@pytest.mark.parametrize("prefix", ["", "q:"])
def test_3_is_read_with_any_prefix(prefix: str) -> None:
    name = "xmlns:q" if prefix else "xmlns"
    text = (
        f'<{prefix}qti-assessment-item {name}="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="i" title="" adaptive="false">'
        f'<{prefix}qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier"><{prefix}qti-correct-response>'
        f"<{prefix}qti-value>c1</{prefix}qti-value></{prefix}qti-correct-response></{prefix}qti-response-declaration><{prefix}qti-item-body>"
        f'<{prefix}qti-choice-interaction response-identifier="RESPONSE" max-choices="1"><{prefix}qti-prompt>谁？</{prefix}qti-prompt>'
        f'<{prefix}qti-simple-choice identifier="c0">甲</{prefix}qti-simple-choice><{prefix}qti-simple-choice identifier="c1">乙</{prefix}qti-simple-choice>'
        f"</{prefix}qti-choice-interaction></{prefix}qti-item-body></{prefix}qti-assessment-item>"
    )

    reading = qti.read(text.encode())

    assert (reading.format, rows(reading)) == (Format.QTI30, [SINGLE])


def old(presentation: str, scoring: str, more: str = "") -> bytes:
    inside = f"<presentation>{presentation}</presentation><resprocessing>{scoring}</resprocessing>{more}"
    return f'<?xml version="1.0"?><!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2p1.dtd"><questestinterop><item ident="i">{inside}</item></questestinterop>'.encode()


def material(text: str) -> str:
    return f"<material><mattext>{text}</mattext></material>"


def lid(name: str, cardinality: str = "Single", text: str = "") -> str:
    labels = "".join(f'<response_label ident="{key}">{material(shown)}</response_label>' for key, shown in (("a", "甲"), ("b", "乙")))
    shown = material(text) if text else ""
    return f'<response_lid ident="{name}" rcardinality="{cardinality}">{shown}<render_choice>{labels}</render_choice></response_lid>'


def right(condition: str, score: str = "100") -> str:
    return f'<respcondition><conditionvar>{condition}</conditionvar><setvar varname="SCORE" action="Set">{score}</setvar></respcondition>'


def equal(value: str, name: str = "r") -> str:
    return f'<varequal respident="{name}">{value}</varequal>'


FIB = material("为") + '<response_str ident="r"><render_fib><response_label ident="x"/></render_fib></response_str>'
OLD_CASES: list[tuple[str, bytes, dict[str, Any]]] = [
    ("single", old(material("谁？") + lid("r"), right(equal("b")) + right(equal("a"), "0")), SINGLE),
    ("multiple", old(material("谁？") + lid("r", "Multiple"), right(f"<and>{equal('b')}<not>{equal('a')}</not></and>")),
     SINGLE | {"type": "multiple"}),
    ("blank", old(FIB, right(equal("三级")) + right(equal("3级"))), {"fate": "accepted", "type": "blank", "stem": "为____", "key": ["三级|3级"]}),
    ("figure", old(FIB.replace("<render_fib>", '<render_fib fibtype="Decimal">'),
                   right(f'<or>{equal("4")}<and><vargte respident="r">3.5</vargte><varlte respident="r">4.5</varlte></and></or>')),
     {"fate": "accepted", "type": "numeric", "stem": "为", "key": ["4"], "tolerance": "0.5"}),
    ("open bounds", old(FIB.replace("<render_fib>", '<render_fib fibtype="Decimal">'),
                        right('<vargt respident="r">3.5</vargt><varlte respident="r">4.5</varlte>')), {"fate": "refused", "codes": ["figure_expected"]}),
    ("matching", old(material("配") + lid("r", text="一") + lid("s", text="二"), right(equal("b"), "50") + right(equal("a", "s"), "50")),
     {"fate": "accepted", "type": "matching", "stem": "配", "options": AB, "prompts": {"1": "一", "2": "二"}, "key": ["1B", "2A"]}),
    ("essay", old(FIB, ""), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("point", old(material("看图") + '<response_xy ident="r"><render_hotspot/></response_xy>', ""), {"fate": "refused", "codes": ["kind_unsupported"]}),
    ("feedback", old(material("谁？") + lid("r"), right(equal("b")) + f'<respcondition><conditionvar>{equal("a")}</conditionvar>'
                     '<displayfeedback linkrefid="a_fb"/></respcondition>',
                     f'<itemfeedback ident="general_fb">{material("见第三条")}</itemfeedback><itemfeedback ident="a_fb">{material("不对")}</itemfeedback>'),
     SINGLE | {"rationales": {"A": "不对"}, "explanation": "见第三条"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), [pytest.param(data, expected, id=name) for name, data, expected in OLD_CASES])
def test_each_kind_of_1_2(data: bytes, expected: dict[str, Any]) -> None:
    reading = qti.read(data)

    assert (reading.format, rows(reading)) == (Format.QTI12, [expected])


# Packages -------------------------------------------------------------------------------------------------------------


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(name, data)
    return stream.getvalue()


def test_a_package_accounts_for_every_file_and_finds_its_pictures() -> None:
    shown = item(CHOICE.replace("谁？", '谁？<img src="../media/a%20b.png" alt=""/>'), declare("c1"))
    broken = item(CHOICE, declare("c1"))[:-20]
    files = {
        "q/1.xml": shown,
        "media/a b.png": PICTURE.data,
        "q/2.xml": broken,
        "notes.xml": b"<lom/>",
        "more.zip": b"PK",
        "imsmanifest.xml": b"<manifest/>",
    }

    reading = qti.read(packed(files))

    assert [(row.place.sheet, row.fate.value) for row in reading.rows] == [
        ("notes.xml", "skipped"), ("q/1.xml", "accepted"), ("q/2.xml", "refused"), ("more.zip", "skipped"),
    ]  # fmt: skip
    assert [(picture.where, picture.data) for picture in reading.rows[1].pictures] == [("stem", PICTURE.data)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04broken", "damaged"),
        (packed({"../../etc/x.xml": b"<a/>"}), "unsafe_package"),
        (packed({"C:\\x.xml": b"<a/>"}), "unsafe_package"),
        (packed({"a.txt": b"x"}), "unknown_package"),
        (packed({f"{place}.bin": b"\0" * 50_000_000 for place in range(13)}), "file_too_large"),
        (b"<html/>", "unknown_xml"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><assessmentItem>&b;</assessmentItem>', "entities"),
    ],
)
def test_files_that_cannot_be_read_say_why(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        qti.read(data)

    assert refusal.value.code == code


# What we write, by a second reader ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("writer", "dashed"), [(qti21, False), (qti30, True)])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(items=st.lists(drafts(), min_size=1, max_size=3))
def test_every_reference_in_a_written_package_resolves(writer: ModuleType, dashed: bool, items: list[ItemDraft]) -> None:
    package = zipfile.ZipFile(io.BytesIO(writer.write("题库", items, PICTURES)))

    manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
    listed = [each.get("href") or "" for each in manifest.iter() if each.tag.endswith("}file")]
    assert set(listed) == set(package.namelist()) - {"imsmanifest.xml"}
    for name in listed:
        if name.startswith("items/"):
            _check_item(ElementTree.fromstring(package.read(name)), dashed, package.namelist())


def _check_item(root: ElementTree.Element, dashed: bool, files: list[str]) -> None:
    """Each interaction has its declaration and the reverse; correct values are choices; processing names what is declared."""

    def named(name: str) -> list[ElementTree.Element]:
        wanted = f"qti-{name}" if dashed else "".join(part.capitalize() if place else part for place, part in enumerate(name.split("-")))
        return [each for each in root.iter() if each.tag.rsplit("}", 1)[-1] == wanted]

    def attribute(element: ElementTree.Element, name: str) -> str | None:
        return element.get(name if dashed else "".join(part.capitalize() if place else part for place, part in enumerate(name.split("-"))))

    declared = {each.get("identifier"): each for each in named("response-declaration")}
    outcomes = {each.get("identifier") for each in named("outcome-declaration")}
    interactions = [each for kind in ("choice", "order", "match", "text-entry") for each in named(f"{kind}-interaction")]
    assert sorted(attribute(each, "response-identifier") or "" for each in interactions) == sorted(name or "" for name in declared)
    for interaction in interactions:
        declaration = declared[attribute(interaction, "response-identifier")]
        values = [value.text or "" for value in declaration.iter() if value.tag.endswith("value")]
        assert values and (attribute(declaration, "cardinality") != "single" or len(values) == 1)
        if attribute(declaration, "base-type") in ("identifier", "directedPair"):
            known = {each.get("identifier") for each in interaction.iter()}
            assert {part for value in values for part in value.split()} <= known
    for variable in [*named("variable"), *named("correct"), *named("map-response")]:
        assert variable.get("identifier") in set(declared) | outcomes
    assert {each.get("identifier") for each in named("set-outcome-value")} <= outcomes
    assert {attribute(each, "outcome-identifier") for each in named("modal-feedback")} <= outcomes
    images = [each.get("src") or "" for each in root.iter() if each.tag.endswith("}img")]
    assert all(source.removeprefix("../") in files for source in images)


def test_what_qti_cannot_hold_is_said() -> None:
    control = ItemDraft.model_validate({"code": "c", "type": "true_false", "stem": "a\x01b", "options": TRUTH, "key": ["A"]})
    words = ItemDraft.model_validate({"code": "d", "type": "single", "stem": "句", "options": {"A": "对", "B": "错"}, "key": ["A"]})

    assert qti21.left_out(control) == ["QTI 2.1 不能保存其中的控制字符"]
    assert qti30.left_out(words) == ["QTI 3.0 不能原样保存题型、选项，再导入时不是同一道题"]
