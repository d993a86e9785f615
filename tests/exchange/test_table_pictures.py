"""Pictures, per cents and hidden rows of the other workbooks: xls and ods tell as much as xlsx, and nothing that lies on a sheet is lost silently."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from PIL import Image as Drawing

from quiz.exchange.domain import Reading
from quiz.exchange.readers.excel import read
from quiz.spreadsheets.reading import Unreadable
from tests.exchange.test_excel import HEADER, ONE, TRUE, codes, fates, picture, said, workbook
from tests.exchange.xls_bytes import PERCENT, YEARLESS, xls

EMF = b"\x01\x00\x00\x00" + bytes(80)


def image(colour: str, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Drawing.new("RGB", (4, 4), colour).save(file, kind)
    return file.getvalue()


def pictures(reading: Reading) -> list[list[tuple[str, str]]]:
    """Where each picture of each item stands, and its kind."""
    return [[(shown.where, shown.media_type) for shown in row.pictures] for row in reading.items]


def ods(table: str, *, files: dict[str, bytes] | None = None) -> bytes:
    """An OpenDocument table with this content."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{path}:1.0"'
        for name, path in (("office", "office"), ("table", "table"), ("text", "text"), ("draw", "drawing"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<office:body><office:spreadsheet><table:table table:name="题库">{table}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        for path, data in (files or {}).items():
            archive.writestr(path, data)
    return file.getvalue()


def cell(text: str, inside: str = "") -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>{inside}</table:table-cell>'


def frame(path: str) -> str:
    return f'<draw:frame table:end-cell-address="题库.C4"><draw:image xlink:href="{path}"/></draw:frame>'


def row(*cells: str, how: str = "") -> str:
    return f"<table:table-row{how}>{''.join(text if text.startswith('<') else cell(text) for text in cells)}</table:table-row>"


def test_pictures_of_an_ods_table_go_with_their_cells() -> None:
    table = (
        row(*HEADER)
        + row(ONE[0], cell(ONE[1], frame("Pictures/a.png")), cell("停", frame("Pictures/b.jpg")), *ONE[3:])
        + '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="7"/></table:table-row>'
        + row(*TRUE[:2], *TRUE[2:6], cell("对", frame("Pictures/a.png")), how=' table:visibility="collapse"')
    )

    reading = read(ods(table, files={"Pictures/a.png": image("red"), "Pictures/b.jpg": image("blue", "JPEG")}))

    assert (fates(reading), pictures(reading)) == ("SAA", [[("stem", "image/png"), ("A", "image/jpeg")], [("stem", "image/png")]])
    assert codes(reading)[2] == ["hidden_row"] and str(reading.rows[2].place) == "工作表“题库” 第 6 行"


def test_pictures_of_an_ods_table_that_belong_to_no_cell_are_said() -> None:
    shapes = f"<table:shapes>{frame('Pictures/a.png')}{frame('Pictures/a.png')}</table:shapes>"
    table = shapes + row(*HEADER) + row(ONE[0], cell(ONE[1], frame("Pictures/x.emf")), *ONE[2:])

    reading = read(ods(table, files={"Pictures/a.png": image("red"), "Pictures/x.emf": EMF}))

    assert [remark.message for remark in reading.remarks if remark.code.startswith("picture")] == [
        "图片 x.emf 是 EMF 矢量图，网页上不能显示，没有收入",
        "工作表“题库”有 2 张图片没有固定在单元格上，不知道属于哪一题，没有收入",
    ]


def test_per_cents_of_an_ods_table_are_read_as_shown() -> None:
    share = '<table:table-cell office:value-type="percentage" office:value="0.125"><text:p>12.5%</text:p></table:table-cell>'

    draft = read(ods(row(*HEADER) + row("单选题", "占比", share, "二成", "三成", "四成", "A"))).items[0].draft

    assert draft is not None and list(draft.options.values()) == ["12.5%", "二成", "三成", "四成"]


@pytest.mark.parametrize("content", ["<!DOCTYPE x [<!ENTITY a 'b'>]>", "<broken"])
def test_an_ods_table_with_an_odd_content_is_answered_plainly(content: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)

    with pytest.raises(Unreadable, match="文件"):
        read(file.getvalue())


def test_an_old_workbook_tells_what_its_cells_show() -> None:
    rows = [HEADER, ("单选题", "占比", 0.5, 0.125, 1, "四成", "B"), TRUE, ("单选题", "哪天", 45413.0, "五月", "六月", "七月", "A")]
    styles = {(1, 2): PERCENT, (1, 3): PERCENT, (1, 4): PERCENT, (3, 2): YEARLESS}

    reading = read(xls("题库", rows, styles=styles, hidden=[2]))

    drafts = [row.draft for row in reading.items if row.draft]
    assert list(drafts[0].options.values()) == ["50%", "12.5%", "100%", "四成"]
    assert (drafts[2].options["A"], codes(reading)[2:]) == ("5月1日", [["hidden_row"], ["date_cell"]])


def test_pictures_of_an_old_workbook_go_with_their_cells() -> None:
    shown = [(image("red"), 1, 1), (image("blue", "JPEG"), 1, 3), (EMF, 2, 1)]

    reading = read(xls("题库", [HEADER, ONE, TRUE], pictures=shown))

    assert (fates(reading), pictures(reading)) == ("SAA", [[("stem", "image/png"), ("B", "image/jpeg")], []])
    assert [remark.message for remark in reading.remarks if "picture" in remark.code] == [
        "B3 处的图片是EMF 矢量图，网页上不能显示，没有收入"
    ]


@pytest.mark.parametrize("cut", [600, 1100, 3000, 5000])
def test_an_old_workbook_that_is_cut_off_never_ends_in_an_error_of_ours(cut: int) -> None:
    data = xls("题库", [HEADER, ONE], pictures=[(image("red"), 1, 1)])

    try:
        reading = read(data[:cut])
    except Unreadable as problem:
        assert "文件" in str(problem)
    else:
        assert reading.rows


def test_a_picture_that_no_browser_shows_is_named_with_its_cell() -> None:
    def draw(book: openpyxl.Workbook) -> None:
        book.active.add_image(picture("red"), "B2")

    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([HEADER, ONE], change=draw))) as source, zipfile.ZipFile(file, "w") as changed:
        for name in source.namelist():
            changed.writestr(name, EMF if name.startswith("xl/media/") else source.read(name))

    reading = read(file.getvalue())

    assert (fates(reading), pictures(reading)) == ("SA", [[]])
    assert [str(remark.place) for remark in reading.remarks if remark.code == "picture_not_shown"] == ["工作表“表1” B2 单元格"]


def test_text_boxes_and_charts_on_a_sheet_are_said() -> None:
    def draw(book: openpyxl.Workbook) -> None:
        chart = openpyxl.chart.BarChart()
        chart.add_data(openpyxl.chart.Reference(book.active, min_col=3, min_row=1, max_row=2))
        book.active.add_chart(chart, "J2")

    reading = read(workbook([HEADER, ONE], change=draw))

    assert "drawing_not_read" in said(reading)
