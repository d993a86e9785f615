"""Names, stems and options as an attacker would write them: on every screen they are text, in every file they are text."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pandas as pd
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col
from streamlit.testing.v1 import AppTest

from quiz import clock
from quiz.accounts.service import Slip
from quiz.coverage.uncovered import Filters
from quiz.db import Database
from quiz.models.accounts import Account
from quiz.models.banks import ItemVersion
from quiz.models.organisations import Organisation, Person
from quiz.models.papers import Paper
from quiz.models.training import Programme
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.training.queries import programme
from quiz.ui import activation_files, coverage_files, enterprises_list, scores_view
from quiz.ui.coverage_view import Question
from quiz.ui.files import csv_bytes, xlsx_bytes
from quiz.ui.markup import markup, plain
from quiz.web.render import STATIC
from tests.pages.conftest import Open, made_site, open_screen, site
from tests.pages.office_site import PROGRAMME, Ids, ids

__all__ = ["ids", "made_site", "open_screen", "site"]

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>"
    "![图](http://evil.example/x.png)[点我](javascript:alert(1)) :red[红] $x^2$ :material/bomb: `代码`"
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil.example","x")', " =1", "＝1")
EVERYTHING = Reaches.everything()


@pytest.fixture
def hostile(site: Database, ids: Ids) -> Ids:
    """Whatever a person or a file can write is hostile now."""
    with site.transaction() as session:
        session.execute(update(Organisation).values(name=HOSTILE[:118], remark=HOSTILE, address=HOSTILE, premises=HOSTILE[:100]))
        session.execute(update(Person).values(name=HOSTILE[:55]))
        session.execute(update(Account).values(name=HOSTILE[:55]))
        session.execute(update(Paper).values(title=HOSTILE))
        session.execute(update(Programme).values(title=HOSTILE[:118], basis=HOSTILE, description=HOSTILE))
        options = [{"key": key, "text": f"{HOSTILE}\n\n# {key}"} for key in "ABCDEFGH"]
        session.execute(update(ItemVersion).values(stem=HOSTILE, explanation=HOSTILE + "\n\n<script>", options=options))
    return ids


MARKDOWN = ("<script>", "<img src=x", "](javascript:", "![图](", ":red[", "$x^2$", ":material/bomb", "`代码`")


def alive(word: str, text: str) -> bool:
    """Is it there without the stroke that makes it plain?"""
    return re.search(r"(?<!\\)" + re.escape(word), text) is not None


def unsafe(app: AppTest) -> list[str]:
    """Places where the text would come alive: raw HTML, and Markdown in texts and in the labels that understand it."""
    found: list[str] = []

    def walk(node: Any) -> None:
        proto = getattr(node, "proto", None)
        if proto is not None and hasattr(proto, "DESCRIPTOR"):
            given = MessageToDict(proto, preserving_proto_field_name=True)
            body, label = str(given.get("body", "")), str(given.get("label", ""))
            if given.get("allow_html"):
                found.extend(f"html: {word}" for word in ("<script>", "<img src=x", 'javascript:alert(1)"') if word in body)
                if body.startswith('<div class="ankao">') and re.search(r"\n\s*\n", body):
                    found.append(f"markdown after the block: {body[:80]}")
            else:
                found.extend(f"text: {word} in {body[:80]}" for word in MARKDOWN if alive(word, body))
            found.extend(f"label: {word} in {label[:80]}" for word in MARKDOWN if alive(word, label))
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(app._tree)
    return found


def test_no_screen_of_the_office_runs_what_people_wrote(open_screen: Open, hostile: Ids) -> None:
    addresses: tuple[tuple[str, dict[str, str]], ...] = (
        ("home", {}),
        ("coverage", {"programme": PROGRAMME}),
        ("coverage", {"programme": PROGRAMME, "view": "lists"}),
        ("coverage", {"programme": PROGRAMME, "view": "lists", "list": "due"}),
        ("scores", {"programme": PROGRAMME}),
        ("scores", {"programme": PROGRAMME, "organisation": str(hostile.own)}),
        ("scores", {"programme": PROGRAMME, "organisation": str(hostile.own), "person": str(hostile.zhang)}),
        (
            "scores",
            {
                "programme": PROGRAMME,
                "organisation": str(hostile.own),
                "person": str(hostile.zhang),
                "attempt": str(hostile.attempt_of_zhang),
            },
        ),
        ("enterprises", {}),
        ("enterprises", {"organisation": str(hostile.own)}),
        ("programmes", {}),
        ("programmes", {"programme": PROGRAMME, "q": "<"}),
        ("extensions", {"q": "<"}),
        ("extensions", {"person": str(hostile.zhang)}),
        ("activation_slips", {"state": ""}),
        ("import_roster", {}),
        ("coverage", {"programme": PROGRAMME, "view": "compare"}),
        ("calls", {"programme": PROGRAMME}),
        ("certificates", {}),
        ("reminders", {"programme": PROGRAMME}),
        ("documents", {"programme": PROGRAMME, "q": "<"}),
        ("data_quality", {"check": "code_pending"}),
        ("data_quality", {"check": "same_name"}),
        ("exemptions", {}),
        ("classes", {}),
        ("institutions", {}),
    )
    seen: dict[str, list[str]] = {}
    for screen, address in addresses:
        app = open_screen(screen, "office", **address)
        assert not app.exception, (screen, address)
        if found := unsafe(app):
            seen[f"{screen} {address}"] = found

    assert seen == {}


def test_no_other_screen_does_either(open_screen: Open, hostile: Ids) -> None:
    addresses: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("home", "trainee", {}),
        ("take_quiz", "trainee", {}),
        ("my_results", "trainee", {}),
        ("banks", "trainer", {"bank": "trade-industry"}),
        ("papers", "trainer", {}),
        ("papers", "trainer", {"paper": "1"}),
        ("accounts", "administrator", {"account": "1"}),
        ("audit_trail", "administrator", {}),
        ("system", "administrator", {}),
        ("home", "administrator", {}),
    )
    seen: dict[str, list[str]] = {}
    for screen, account, address in addresses:
        app = open_screen(screen, account, **address)
        assert not app.exception, (screen, address)
        if found := unsafe(app):
            seen[f"{screen} {address}"] = found

    assert seen == {}


@given(st.text())
def test_a_value_never_leaves_its_place_in_our_markup(text: str) -> None:
    made = str(markup('<p title="{}">{}</p>', text, text))

    inner = made.removeprefix('<p title="').removesuffix("</p>").replace("<br>", "")
    assert "<" not in inner and inner.count('"') == 1
    assert "\n" not in made and "\r" not in made


@given(st.text(alphabet="*_`[]()!<>$:#\\~|^=-+.{}&ab \n", max_size=30))
def test_plain_text_keeps_no_markdown_character_alone(text: str) -> None:
    made = plain(text)

    assert re.sub(r"\\[\\`*_{}\[\]()<>#+\-.!|~:$&^=]", "", made).strip("ab ") == ""
    assert "\n" not in made


# 文件 -----------------------------------------------------------------------------------------------------------------


def formulas_in(content: bytes) -> list[str]:
    """Cells a spreadsheet would calculate, and links it would follow."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    return [f"{cell.coordinate}: {cell.value}" for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_no_workbook_holds_a_formula(site: Database, ids: Ids) -> None:
    for text in FORMULAS:
        made = workbooks(site, text)
        assert {name: formulas_in(content) for name, content in made.items()} == dict.fromkeys(made, []), text


def workbooks(site: Database, text: str) -> dict[str, bytes]:
    """Every file an office can take away, from a roster in which everything is called so."""
    with site.transaction() as session:
        session.execute(update(Organisation).values(name=text))
        session.execute(update(Person).values(name=text))
        session.execute(update(Programme).where(col(Programme.code) == PROGRAMME).values(title=text))
    now = clock.now()
    with site.reading() as session:
        wanted, reference = programme(session, code=PROGRAMME), Reference.load(session)
    today = clock.local_day(now)
    slip = Slip(text, "371002", None, text, text, "ABCD-EFGH", now)
    return {
        "coverage": coverage_files.workbook(Question(wanted, today, Filters()), EVERYTHING, full_phones=False)(),
        "enterprises": enterprises_list.workbook({"text": ""}, EVERYTHING)(),
        "scores": scores_view.workbook(scores_view.Question(wanted, "enterprise", Filters(), "label", False, today), EVERYTHING)(),
        "slips": activation_files.workbook([slip], site=text, reference=reference, now=now, organiser=text, telephone=text),
        "frame": xlsx_bytes(pd.DataFrame([{text: text}]), title=text, now=now, notes=(text,)),
    }


@pytest.mark.parametrize("text", FORMULAS)
def test_a_csv_cell_is_no_formula_in_a_spreadsheet(text: str) -> None:
    line = csv_bytes(pd.DataFrame([{"名称": text}])).decode("utf-8-sig").split("\n", 1)[1]

    assert line.lstrip('"').startswith("'")


def test_ordinary_text_in_a_csv_stays_as_it_is() -> None:
    assert csv_bytes(pd.DataFrame([{"a": "望海厂", "b": 3}])).decode("utf-8-sig") == "a,b\n望海厂,3\n"


def test_the_players_scripts_write_text_and_never_html() -> None:
    for path in STATIC.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        assert [
            word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function") if word in source
        ] == []
