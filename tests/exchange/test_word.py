"""Word documents as they come: lists that Word numbers, tables, boxes, revisions, formulas, pictures, and files made to do harm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import RGBColor

from quiz.exchange.domain import Fate, Reading
from quiz.exchange.readers.word import read
from quiz.problems import Invalid
from tests.exchange.test_text import DOCS, said, shown

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
NAMESPACES = (
    f'{W} {M} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


def png(shade: int = 0) -> bytes:
    """A picture of one dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes([0, shade]))) + chunk(b"IEND", b"")


def saved(document: Docx) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_paragraphs(*texts: str) -> Docx:
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    return document


def raw_docx(body: str, parts: dict[str, bytes] | None = None, relations: str = "", numbering: str = "", styles: str = "") -> bytes:
    """A package written by hand around a body."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    files = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships><Relationship Id="r1" Type="{kinds}/officeDocument" Target="word/document.xml"/></Relationships>'.encode(),
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>".encode(),
        "word/_rels/document.xml.rels": f"<Relationships>{relations}</Relationships>".encode(),
    }
    if numbering:
        files["word/numbering.xml"] = f"<w:numbering {W}>{numbering}</w:numbering>".encode()
    if styles:
        files["word/styles.xml"] = f"<w:styles {W}>{styles}</w:styles>".encode()
    return packed(files | (parts or {}))


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def p(*runs: str, settings: str = "") -> str:
    """A paragraph; a run that begins with `<` is XML."""
    inner = "".join(run if run.startswith("<") else f'<w:r><w:t xml:space="preserve">{run}</w:t></w:r>' for run in runs)
    return f"<w:p>{f'<w:pPr>{settings}</w:pPr>' if settings else ''}{inner}</w:p>"


def relation(identifier: str, kind: str, target: str, mode: str = "") -> str:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return f'<Relationship Id="{identifier}" Type="{kinds}/{kind}" Target="{target}"{mode}/>'


def level(number: int, format: str, text: str, start: int = 1) -> str:
    return f'<w:lvl w:ilvl="{number}"><w:start w:val="{start}"/><w:numFmt w:val="{format}"/><w:lvlText w:val="{text}"/></w:lvl>'


def item(identifier: int, at: int = 0) -> str:
    return f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{identifier}"/></w:numPr>'


def codes(reading: Reading) -> list[str]:
    return [remark.code for remark in reading.remarks]


# The layouts of plain text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.name)
def test_what_holds_for_lines_holds_for_paragraphs(doc) -> None:  # type: ignore[no-untyped-def]
    lines = doc.text.split("\n")
    numbers = {line: place for place, line in enumerate((number for number, text in enumerate(lines, 1) if text.strip()), 1)}

    reading = read(saved(with_paragraphs(*lines)))

    expected = []
    for row in doc.rows:
        line, rest = row.split(" ", 1)
        expected.append(f"{numbers[int(line)]} {rest}")
    assert shown(reading) == tuple(expected)


# Numbers Word writes ----------------------------------------------------------------------------------------------------

LISTS = (
    '<w:abstractNum w:abstractNumId="0">'
    + level(0, "chineseCounting", "%1、")
    + level(1, "decimal", "%2.")
    + level(2, "upperLetter", "%3．")
    + "</w:abstractNum>"
    '<w:abstractNum w:abstractNumId="1">' + level(0, "decimal", "%1.") + "</w:abstractNum>"
    '<w:abstractNum w:abstractNumId="2">' + level(0, "upperLetter", "%1.") + "</w:abstractNum>"
    '<w:abstractNum w:abstractNumId="3">' + level(0, "bullet", "•") + "</w:abstractNum>"
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>'
    '<w:num w:numId="4"><w:abstractNumId w:val="2"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    '<w:num w:numId="5"><w:abstractNumId w:val="3"/></w:num>'
    '<w:num w:numId="6"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
)


def test_one_list_with_three_levels_numbers_sections_questions_and_options() -> None:
    body = (
        p("单选题", settings=item(1, 0)) + p("甲是（B）", settings=item(1, 1)) + p("子", settings=item(1, 2)) + p("丑", settings=item(1, 2))
        + p("乙是（A）", settings=item(1, 1)) + p("寅", settings=item(1, 2)) + p("卯", settings=item(1, 2))
        + p("判断题", settings=item(1, 0)) + p("丙（√）", settings=item(1, 1))
    )  # fmt: skip

    assert shown(read(raw_docx(body, numbering=LISTS))) == (
        "1 skipped section_heading",
        "2 accepted single|甲是（　）|A子/B丑|B",
        "5 accepted single|乙是（　）|A寅/B卯|A",
        "8 skipped section_heading",
        "9 accepted true_false|丙||A",
    )


def test_lists_that_begin_again_and_lists_that_do_not() -> None:
    body = (
        p("一、单选题") + p("甲（A）", settings=item(2)) + p("子", settings=item(3)) + p("丑", settings=item(3))
        + p("乙（B）", settings=item(2)) + p("寅", settings=item(4)) + p("卯", settings=item(4))
        + p("二、判断题") + p("丙（√）", settings=item(6)) + p("丁（×）", settings=item(6))
        + p("参考答案") + p("一、1.A 2.B") + p("二、1.√ 2.×")
    )  # fmt: skip

    assert shown(read(raw_docx(body, numbering=LISTS)))[:6] == (
        "1 skipped section_heading",
        "2 accepted single|甲（　）|A子/B丑|A",
        "5 accepted single|乙（　）|A寅/B卯|B",
        "8 skipped section_heading",
        "9 accepted true_false|丙||A",
        "10 accepted true_false|丁||B",
    )


def test_bullets_are_options_without_letters() -> None:
    body = p("单选题") + p("甲是（ ）", settings=item(2)) + p("子", settings=item(5)) + p("丑", settings=item(5)) + p("答案：B")

    assert shown(read(raw_docx(body, numbering=LISTS)))[1] == "2 repaired single|甲是（ ）|A子/B丑|B [options_unlabelled]"


def test_a_list_of_a_style_counts_too() -> None:
    styles = '<w:style w:type="paragraph" w:styleId="Q"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    body = (
        p("判断题") + p("甲（√）", settings='<w:pStyle w:val="Q"/>') + p("乙（×）", settings='<w:pStyle w:val="Q"/>') + p("答案：1.√ 2.×")
    )

    assert shown(read(raw_docx(body, numbering=LISTS, styles=styles)))[1:3] == (
        "2 accepted true_false|甲||A",
        "3 accepted true_false|乙||B",
    )


# Runs -------------------------------------------------------------------------------------------------------------------


def test_line_breaks_and_tabs_inside_a_paragraph() -> None:
    document = with_paragraphs("单选题", "1.甲是（A）\nA.子\tB.丑\nC.寅\tD.卯")

    assert shown(read(saved(document)))[1] == "2 accepted single|甲是（　）|A子/B丑/C寅/D卯|A"


def test_words_cut_into_many_runs_are_whole() -> None:
    body = p("单选题") + p("1", ".", "安全", "生产", "（", " A ", "）") + p("A", "．", "子") + p("B", "．丑")

    assert shown(read(raw_docx(body)))[1] == "2 accepted single|安全生产（　）|A子/B丑|A"


def test_hidden_text_and_deletions_are_left_out_and_insertions_taken() -> None:
    body = (
        p("单选题")
        + p("1.甲", "<w:r><w:rPr><w:vanish/></w:rPr><w:t>暗</w:t></w:r>", "<w:ins><w:r><w:t>新</w:t></w:r></w:ins>", "<w:del><w:r><w:delText>旧</w:delText></w:r></w:del>", "（A）")
        + p("A.子") + p("B.丑")
    )  # fmt: skip

    assert shown(read(raw_docx(body)))[1] == "2 accepted single|甲新（　）|A子/B丑|A [hidden_text tracked_deletion]"


def test_a_paragraph_that_is_all_hidden_is_said_of_the_file() -> None:
    body = p("<w:r><w:rPr><w:vanish/></w:rPr><w:t>答案：B</w:t></w:r>") + p("随便")

    reading = read(raw_docx(body))

    assert (shown(reading), codes(reading)) == (("1 skipped not_a_question",), ["hidden_text", "no_questions"])


def test_footnotes_stay_out_and_are_named() -> None:
    notes = f'<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:t>出自某书</w:t></w:r></w:p></w:footnote></w:footnotes>'
    body = p("判断题") + p("1.甲", '<w:r><w:footnoteReference w:id="2"/></w:r>', "（√）")

    row = read(raw_docx(body, {"word/footnotes.xml": notes.encode()})).rows[1]

    assert said(row) == "2 accepted true_false|甲||A [footnote_left_out]"
    assert "出自某书" in row.remarks[0].message and "本段开头" in row.remarks[0].message


def test_content_controls_and_fields_show_what_a_person_sees() -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> REF x </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>结果</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    body = f"<w:sdt><w:sdtContent>{p('判断题')}</w:sdtContent></w:sdt>" + p(
        "1.甲", "<w:sdt><w:sdtContent><w:r><w:t>乙</w:t></w:r></w:sdtContent></w:sdt>", field, "（√）"
    )

    assert shown(read(raw_docx(body)))[1] == "2 accepted true_false|甲乙结果||A"


def test_check_marks_of_symbol_fonts() -> None:
    body = (
        p("判断题")
        + p("1.甲（", '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', "）")
        + p("2.乙（", '<w:r><w:sym w:font="Wingdings 2" w:char="F04F"/></w:r>', "）")
    )

    assert shown(read(raw_docx(body)))[1:] == ("2 accepted true_false|甲||A", "3 accepted true_false|乙||B")


def test_text_boxes_are_read_once() -> None:
    box = f"<wps:txbx><w:txbxContent>{p('2.乙（×）')}</w:txbxContent></wps:txbx>"
    old = f"<w:pict><v:textbox><w:txbxContent>{p('2.乙（×）')}</w:txbxContent></v:textbox></w:pict>"
    shape = f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback>{old}</mc:Fallback></mc:AlternateContent></w:r>"
    body = p("判断题") + p("1.甲（√）", shape) + p("3.丙（√）")

    assert shown(read(raw_docx(body)))[1:] == ("2 accepted true_false|甲||A", "3 accepted true_false|乙||B", "4 accepted true_false|丙||A")


# Answers by formatting --------------------------------------------------------------------------------------------------


def bold(run) -> None:  # type: ignore[no-untyped-def]
    run.bold = True


def red(run) -> None:  # type: ignore[no-untyped-def]
    run.font.color.rgb = RGBColor(255, 0, 0)


def underlined(run) -> None:  # type: ignore[no-untyped-def]
    run.underline = True


def highlighted(run) -> None:  # type: ignore[no-untyped-def]
    run.font.highlight_color = WD_COLOR_INDEX.YELLOW


@pytest.mark.parametrize("mark", [bold, red, underlined, highlighted])
def test_the_one_option_that_looks_different_is_the_answer(mark: Callable[..., None]) -> None:
    document = with_paragraphs("单选题", "1.甲（ ）", "A.子")
    mark(document.add_paragraph().add_run("B.丑"))
    document.add_paragraph("C.寅")

    assert shown(read(saved(document)))[1] == "2 repaired single|甲（ ）|A子/B丑/C寅|B [answer_from_formatting]"


def test_an_underlined_letter_or_a_red_word_in_the_stem_is_the_answer() -> None:
    document = with_paragraphs("单选题", "1.方针是")
    underlined(document.paragraphs[-1].add_run(" B "))
    document.paragraphs[-1].add_run("。")
    for text in ("A.子", "B.丑", "判断题", "1.乙。"):
        document.add_paragraph(text)
    red(document.paragraphs[-1].add_run("错误"))

    assert shown(read(saved(document)))[1::2] == (
        "2 repaired single|方针是（　）。|A子/B丑|B [answer_from_formatting]",
        "6 repaired true_false|乙。||B [answer_from_formatting]",
    )


def test_formatting_that_is_not_consistent_is_no_answer() -> None:
    document = with_paragraphs("单选题", "1.甲（ ）")
    bold(document.add_paragraph().add_run("A.子"))
    document.add_paragraph("B.丑")
    red(document.add_paragraph().add_run("C.寅"))

    assert shown(read(saved(document)))[1] == "2 refused missing_answer"


def test_a_word_in_bold_inside_an_option_is_no_answer() -> None:
    document = with_paragraphs("单选题", "1.甲（ ）", "A.子")
    paragraph = document.add_paragraph("B.丑")
    bold(paragraph.add_run("丑"))

    assert shown(read(saved(document)))[1] == "2 refused missing_answer"


def test_several_marked_options_of_a_multiple_choice_question() -> None:
    document = with_paragraphs("多选题", "1.甲（ ）")
    red(document.add_paragraph().add_run("A.子"))
    document.add_paragraph("B.丑")
    red(document.add_paragraph().add_run("C.寅"))

    assert shown(read(saved(document)))[1] == "2 repaired multiple|甲（ ）|A子/B丑/C寅|A,C [answer_from_formatting]"


def test_underlined_blanks_are_blanks_and_underlined_words_their_answers() -> None:
    document = with_paragraphs("填空题")
    first = document.add_paragraph("1.方针是")
    underlined(first.add_run("      "))
    first.add_run("。")
    document.add_paragraph("答案：甲")
    second = document.add_paragraph("2.火警是")
    underlined(second.add_run(" 119 "))
    second.add_run("。")

    assert shown(read(saved(document)))[1:] == (
        "2 accepted blank|方针是____。||甲",
        "4 repaired blank|火警是____。||119 [answer_from_formatting]",
    )


# Tables -----------------------------------------------------------------------------------------------------------------


def table(document: Docx, *rows: tuple[str, ...]) -> None:
    grid = document.add_table(rows=len(rows), cols=len(rows[0]))
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            grid.cell(place, column).text = text


def test_questions_in_rows_under_a_header() -> None:
    document = with_paragraphs("题库")
    table(
        document,
        ("序号", "题型", "题干", "A", "B", "答案", "解析"),
        ("1", "单选", "甲", "子", "丑", "B", "因为"),
        ("2", "判断", "乙", "", "", "对", ""),
    )

    assert shown(read(saved(document))) == (
        "1 skipped title",
        "2 skipped header_row",
        "3 accepted single|甲|A子/B丑|B|因为",
        "4 accepted true_false|乙||A",
    )


def test_rows_without_a_header() -> None:
    document = with_paragraphs("判断题")
    table(document, ("1", "从业人员有权拒绝", "√"), ("2", "可以酒后上岗作业", "×"))

    assert shown(read(saved(document)))[1:] == ("2 accepted true_false|从业人员有权拒绝||A", "3 accepted true_false|可以酒后上岗作业||B")


def test_one_question_a_table() -> None:
    document = with_paragraphs("题库")
    for stem in ("甲", "乙"):
        table(document, ("题型", "单选题"), ("题干", stem), ("A", "子"), ("B", "丑"), ("答案", "A"), ("解析", "因为"))
        document.add_paragraph("")

    assert shown(read(saved(document)))[1:] == ("2 accepted single|甲|A子/B丑|A|因为", "8 accepted single|乙|A子/B丑|A|因为")


def test_options_in_cells() -> None:
    document = with_paragraphs("单选题", "1.甲（C）")
    table(document, ("A.子", "B.丑"), ("C.寅", "D.卯"))
    document.add_paragraph("2.乙（B）")
    table(document, ("A", "子", "B", "丑"))

    assert shown(read(saved(document)))[1:] == ("2 accepted single|甲（　）|A子/B丑/C寅/D卯|C", "5 accepted single|乙（　）|A子/B丑|B")


@pytest.mark.parametrize(
    "rows",
    [
        (("题号", "1", "2", "3"), ("答案", "A", "B", "A")),
        (("1", "2", "3"), ("A", "B", "A")),
        (("题号", "答案"), ("1", "A"), ("2", "B"), ("3", "A")),
        (("题号", "答案", "题号", "答案"), ("1", "A", "3", "A"), ("2", "B", "", "")),
        (("1.A", "2.B", "3.A"),),
    ],
)
def test_keys_in_tables(rows: tuple[tuple[str, ...], ...]) -> None:
    document = with_paragraphs("单选题", "1.甲", "A.子", "B.丑", "2.乙", "A.子", "B.丑", "3.丙", "A.子", "B.丑", "参考答案")
    table(document, *rows)

    reading = read(saved(document))

    assert [row.draft.key for row in reading.items if row.draft] == [["A"], ["B"], ["A"]]
    assert reading.counts == {Fate.ACCEPTED: 3, Fate.REPAIRED: 0, Fate.REFUSED: 0, Fate.SKIPPED: 2 + len(rows)}


def test_a_table_of_data_belongs_to_the_stem_and_a_score_table_to_nothing() -> None:
    document = with_paragraphs("安全考试")
    table(document, ("题号", "一", "二", "总分"), ("得分", "", "", ""))
    document.add_paragraph("单选题")
    document.add_paragraph("1.根据下表，等级是（A）")
    table(document, ("死亡", "重伤"), ("三人", "十人"))
    document.add_paragraph("A.较大")
    document.add_paragraph("B.重大")

    assert shown(read(saved(document))) == (
        "1 skipped title",
        "2 skipped instruction",
        "3 skipped instruction",
        "4 skipped section_heading",
        "5 accepted single|根据下表，等级是（　）⏎死亡\t重伤⏎三人\t十人|A较大/B重大|A",
    )


def test_a_heading_in_the_row_for_the_score_is_a_heading() -> None:
    document = with_paragraphs("试卷")
    table(document, ("得分", "评卷人", "一、判断题（每题2分，共2分）"))
    document.add_paragraph("1.甲。（√）")

    assert shown(read(saved(document))) == ("1 skipped title", "2 skipped section_heading", "3 accepted true_false|甲。||A")


def test_room_set_as_spacing_between_brackets_is_a_blank() -> None:
    wide = '<w:r><w:rPr><w:spacing w:val="420"/></w:rPr><w:t>（</w:t></w:r>'

    assert (
        shown(read(raw_docx(p("单选题") + p("1.甲", wide, "）") + p("A.子") + p("B.丑") + p("答案：A"))))[1]
        == "2 accepted single|甲（　）|A子/B丑|A"
    )


def test_coloured_words_are_answers_only_where_they_fill_a_gap() -> None:
    red, plain = '<w:r><w:rPr><w:color w:val="FF0000"/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r>', "，这是需要记住的一句话。"

    body = p("1.安全生产的方针是", red.format("安全第一"), plain) + p("2.安全生产的方针是  ", red.format("安全第一"), "   这几个字。")

    assert shown(read(raw_docx(body))) == (
        "1 refused missing_answer",
        "2 repaired blank|安全生产的方针是  ____   这几个字。||安全第一 [answer_from_formatting]",
    )


def test_a_table_that_lays_out_the_page() -> None:
    document = with_paragraphs("判断题")
    grid = document.add_table(rows=1, cols=2)
    grid.cell(0, 0).text = "1.甲（√）\n2.乙（×）"
    grid.cell(0, 1).text = "3.丙（√）\n4.丁（×）"

    assert [said(row).split(" ", 1)[1] for row in read(saved(document)).rows[1:]] == [
        "accepted true_false|甲||A", "accepted true_false|乙||B", "accepted true_false|丙||A", "accepted true_false|丁||B",
    ]  # fmt: skip


# Formulas ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>", "x²"),
        ("<m:sSub><m:e><m:r><m:t>H</m:t></m:r></m:e><m:sub><m:r><m:t>2</m:t></m:r></m:sub></m:sSub>", "H₂"),
        ("<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>", "(a+b)/2"),
        ("<m:rad><m:deg/><m:e><m:r><m:t>3</m:t></m:r></m:e></m:rad>", "√3"),
        ("<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e><m:r><m:t>x</m:t></m:r></m:e></m:d>", "[x]"),
    ],
)
def test_formulas_become_text(formula: str, text: str) -> None:
    row = read(raw_docx(p("判断题") + p("1.甲", f"<m:oMath>{formula}</m:oMath>", "（√）"))).rows[1]

    assert row.draft is not None
    assert row.draft.stem == f"甲{text}"


def test_a_formula_that_cannot_stand_on_a_line_refuses_its_question() -> None:
    matrix = "<m:oMath><m:m><m:mr><m:e><m:r><m:t>1</m:t></m:r></m:e></m:mr></m:m></m:oMath>"

    assert shown(read(raw_docx(p("判断题") + p("1.甲", matrix, "（√）") + p("2.乙（√）"))))[1:] == (
        "2 refused formula",
        "3 accepted true_false|乙||A",
    )


def test_equation_fields_and_equation_objects() -> None:
    field = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>eq \\f(1,2)</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    thing = '<w:r><w:object><v:shape><v:imagedata r:id="x"/></v:shape><o:OLEObject ProgID="Equation.3"/></w:object></w:r>'

    assert shown(read(raw_docx(p("判断题") + p("1.甲", field, "（√）") + p("2.乙", thing, "（√）"))))[1:] == (
        "2 repaired true_false|甲1/2||A [formula_as_text]",
        "3 refused formula",
    )


# Pictures ---------------------------------------------------------------------------------------------------------------


def test_pictures_stay_where_they_stand() -> None:
    document = with_paragraphs("单选题")
    document.add_paragraph("1.图中是（A）").add_run().add_picture(io.BytesIO(png(1)))
    document.add_paragraph("A.子").add_run().add_picture(io.BytesIO(png(2)))
    document.add_paragraph("B.丑")
    document.add_paragraph("解析：见").add_run().add_picture(io.BytesIO(png(3)))

    row = read(saved(document)).rows[1]

    assert said(row) == "2 accepted single|图中是（　）|A子/B丑|A|见"
    assert [(picture.where, picture.data) for picture in row.pictures] == [("stem", png(1)), ("A", png(2)), ("explanation", png(3))]


def test_options_that_are_pictures_only() -> None:
    document = with_paragraphs("单选题", "1.哪个是灭火器（B）")
    for letter, shade in (("A.", 1), ("B.", 2)):
        document.add_paragraph(letter).add_run().add_picture(io.BytesIO(png(shade)))

    row = read(saved(document)).rows[1]

    assert said(row) == "2 repaired single|哪个是灭火器（　）|A见图A/B见图B|B [picture_option]"
    assert [picture.where for picture in row.pictures] == ["A", "B"]


def test_old_pictures_and_kinds_no_browser_shows() -> None:
    old = '<w:r><w:pict><v:shape><v:imagedata r:id="p1"/></v:shape></w:pict></w:r>'
    wmf = '<w:r><w:drawing><a:blip r:embed="p2"/></w:drawing></w:r>'
    linked = '<w:r><w:drawing><a:blip r:link="p3"/></w:drawing></w:r>'
    relations = (
        relation("p1", "image", "media/a.png")
        + relation("p2", "image", "media/b.wmf")
        + relation("p3", "image", "http://192.0.2.1/x.png", ' TargetMode="External"')
    )
    body = p("判断题") + p("1.甲", old, "（√）") + p("2.乙", wmf, "（√）") + p("3.丙", linked, "（√）")

    reading = read(raw_docx(body, {"word/media/a.png": png(), "word/media/b.wmf": b"\xd7\xcd\xc6\x9a"}, relations))

    assert shown(reading)[1:] == (
        "2 accepted true_false|甲||A",
        "3 accepted true_false|乙||A [picture_unsupported]",
        "4 accepted true_false|丙||A [picture_missing]",
    )
    assert [picture.data for picture in reading.rows[1].pictures] == [png()]


# altChunk ---------------------------------------------------------------------------------------------------------------

PAGE = "<html><head><style>p{}</style><script>x()</script></head><body><p>判断题</p><ol><li>甲（√）</li><li>乙（×）</li></ol></body></html>"
CHUNK_ROWS = (
    "1 skipped not_a_question",
    "2 skipped section_heading",
    "3 accepted true_false|甲||A",
    "4 accepted true_false|乙||B",
    "5 skipped not_a_question",
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", PAGE.encode()),
        ("a.htm", ("<meta charset=gb2312>" + PAGE).encode("gbk")),
        (
            "a.mht",
            b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + PAGE.encode(),
        ),
        ("a.txt", "判断题\n1.甲（√）\n2.乙（×）".encode("gbk")),
        ("a.docx", raw_docx(p("判断题") + p("1.甲（√）") + p("2.乙（×）"))),
    ],
)
def test_foreign_parts_are_read_in_their_place(name: str, data: bytes) -> None:
    body = p("说在前面") + '<w:altChunk r:id="c"/>' + p("说在后面")

    assert shown(read(raw_docx(body, {f"word/{name}": data}, relation("c", "aFChunk", name)))) == CHUNK_ROWS


RTF_TEXT = "单选题\n1.甲{（B）\nA.子\\\nB.丑\n"
RTF_BYTES = "".join(
    {"\n": "\\par\n", "\\": "\\\\", "{": "\\{"}.get(sign)
    or (sign if sign.isascii() else "".join(f"\\'{byte:02x}" for byte in sign.encode("gbk")))
    for sign in RTF_TEXT
)
RTF_SIGNS = "".join(
    {"\n": "\\line ", "\\": "\\\\", "{": "\\{"}.get(sign) or (sign if sign.isascii() else f"\\u{(ord(sign) + 0x8000) % 0x10000 - 0x8000}?")
    for sign in RTF_TEXT
)


@pytest.mark.parametrize(
    "rtf",
    [
        "{\\rtf1\\ansi\\ansicpg936{\\fonttbl{\\f0\\fcharset134 SimSun;}}{\\*\\generator x;}\\pard\\f0 " + RTF_BYTES + "}",
        "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}{\\f1\\fcharset134 SimSun;}}{\\header 页眉}{\\f1 " + RTF_BYTES + "}}",
        "{\\rtf1\\ansi\\uc1{\\stylesheet{\\s0 Normal;}}" + RTF_SIGNS + "}",
    ],
)
def test_rich_text_carried_along_is_read_as_text(rtf: str) -> None:
    reading = read(raw_docx('<w:altChunk r:id="c"/>', {"word/a.rtf": rtf.encode("latin-1", "ignore")}, relation("c", "aFChunk", "a.rtf")))

    assert shown(reading) == ("1 skipped section_heading", "2 accepted single|甲{（　）|A子\\/B丑|B")
    assert codes(reading) == ["rtf_read"]


def test_a_picture_in_rich_text_is_named() -> None:
    rtf = b"{\\rtf1 {\\*\\shppict{\\pict\\pngblip 0102ff}}x}"

    reading = read(raw_docx(p("甲") + '<w:altChunk r:id="c"/>', {"word/a.rtf": rtf}, relation("c", "aFChunk", "a.rtf")))

    assert codes(reading) == ["rtf_read", "picture_missing", "no_questions"]


def test_a_foreign_part_of_another_kind_is_named() -> None:
    reading = read(
        raw_docx(p("甲") + '<w:altChunk r:id="c"/>', {"word/a.xml": b"<?xml version='1.0'?><a/>"}, relation("c", "aFChunk", "a.xml"))
    )

    assert codes(reading) == ["altchunk_unreadable", "no_questions"]


# Files as a whole -------------------------------------------------------------------------------------------------------


def test_macros_are_not_run_and_said() -> None:
    reading = read(raw_docx(p("判断题") + p("1.甲（√）"), {"word/vbaProject.bin": b"x"}))

    assert (codes(reading), shown(reading)[1]) == (["macros_ignored"], "2 accepted true_false|甲||A")


def test_external_templates_are_not_fetched() -> None:
    reading = read(raw_docx(p("甲"), relations=relation("t", "attachedTemplate", "http://192.0.2.1/evil.dotm", ' TargetMode="External"')))

    assert codes(reading) == ["external_ignored", "no_questions"]


def _compound(word: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + word.encode("utf-16-le") + bytes(100)


def _bomb() -> bytes:
    return packed({"word/document.xml": b"<a>" + b" " * (450 * 2**20) + b"</a>"})


_ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + b"x" * 100 + b'"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"just some text", "not_word"),
        (b"{\\rtf1\\ansi}", "rtf"),
        (b"%PDF-1.7 x", "pdf"),
        (b"\xef\xbb\xbf<html><body>1</body></html>", "html"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n", "html"),
        (b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w/>', "word_xml"),
        (_compound("WordDocument"), "old_word"),
        (_compound("EncryptedPackage"), "encrypted"),
        (_compound("Workbook"), "not_word"),
        (b"PK\x03\x04 broken", "damaged"),
        (raw_docx(p("甲"))[:-200], "damaged"),
        (packed({"xl/workbook.xml": b"<a/>"}), "not_word"),
        (packed({"readme.txt": b"x"}), "not_word"),
        (packed({"word/styles.xml": b"<a/>"}), "damaged"),
        (packed({"word/document.xml": b"<a><b></a>"}), "damaged"),
        (packed({"word/document.xml": b"<a/>"}), "damaged"),
        (packed({"word/document.xml": _ENTITIES}), "xml_entities"),
        (packed({"word/document.xml": b"<a/>", "../../evil.txt": b"x"}), "unsafe_package"),
        (packed({"word/document.xml": b"<a/>", "C:\\evil.txt": b"x"}), "unsafe_package"),
        (packed({"word/document.xml": b"<a>" * 500 + b"</a>" * 500}), "damaged"),
        (packed({f"word/{number}.xml": b"" for number in range(5001)}), "file_too_large"),
    ],
)
def test_what_is_no_sound_word_document_is_refused_for_what_it_is(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(data)

    assert refusal.value.code == code
    assert refusal.value.message.endswith("。")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Invalid) as refusal:
        read(_bomb())

    assert refusal.value.code == "file_too_large"


def test_an_encrypted_entry_is_named() -> None:
    data = bytearray(raw_docx(p("甲")))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(sign)
        data[at + offset] |= 1

    with pytest.raises(Invalid) as refusal:
        read(bytes(data))

    assert refusal.value.code == "encrypted"


def test_strict_documents_are_read_too() -> None:
    data = raw_docx(p("判断题") + p("1.甲（√）"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    files["word/document.xml"] = files["word/document.xml"].replace(
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main", strict.encode()
    )

    assert shown(read(packed(files)))[1] == "2 accepted true_false|甲||A"


def test_deep_tables_end_in_an_answer() -> None:
    inner = p("甲")
    for _ in range(30):
        inner = f"<w:tbl><w:tr><w:tc>{inner}</w:tc></w:tr></w:tbl>"

    assert "nested_too_deep" in codes(read(raw_docx(inner)))


def test_hyperlinks_of_a_saved_document_are_plain_text() -> None:
    document = with_paragraphs("判断题")
    paragraph = document.add_paragraph("1.甲")
    paragraph._p.append(parse_xml(f"<w:hyperlink {nsdecls('w')}><w:r><w:t>乙</w:t></w:r></w:hyperlink>"))
    paragraph.add_run("（√）")

    assert shown(read(saved(document)))[1] == "2 accepted true_false|甲乙||A"
