"""What a print room gets: a paper as a school sets it, a key to mark by, and nothing in either that a file could not hold."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef, Question
from quiz.exchange.domain import Fate, Picture
from quiz.exchange.readers import word
from quiz.exchange.writers import printed
from quiz.exchange.writers.held import essence
from quiz.exchange.writers.printed_page import A3
from quiz.exchange.writers.printed_text import answer, blanks_widened, clean, em, options_a_line
from quiz.papers.print_form import PrintedItem, Sheet
from tests.exchange.drafts import drafts
from tests.exchange.material import draft


def item(kind: str, stem: str, **more: Any) -> ItemDraft:
    return ItemDraft.model_validate({"code": "q", "type": kind, "stem": stem} | more)


SINGLE = draft("灭火器的压力指针应在哪个区？", explanation="绿区正常。", rationales={"B": "红区压力不足"}, clauses=["消防法 第二条"])
MULTIPLE = draft("哪些是特种作业？", key="AC", explanation="见目录。")
TRUE = item("true_false", "动火前应当清理可燃物。", options={"A": "正确", "B": "错误"}, key=["A"], explanation="对的。")
FALSE = item("true_false", "停产期间不用值班。", options={"A": "正确", "B": "错误"}, key=["B"])
NUMERIC = item("numeric", "每 75 平方米 1 具，250 平方米配几具？", key=["4"], unit="具", tolerance="0.5")
BLANK = item("blank", "培训不少于____学时，每年再培训不少于____学时。", key=["32|三十二", "12"], explanation="见规定。")
ORDERING = item("ordering", "按先后排列。", options={"A": "检测", "B": "通风", "C": "审批"}, key=["C", "B", "A"])
MATCHING = item(
    "matching", "颜色表示什么？", prompts={"1": "红", "2": "黄"}, options={"A": "警告", "B": "禁止", "C": "提示"}, key=["1B", "2A"]
)
CASE = item(
    "case",
    "某厂两名工人进入集液池清理，一人晕倒，另一人施救也晕倒，造成两人死亡。\n该厂没有办理作业票。",
    explanation="盲目施救扩大了伤亡。",
    parts=[
        {"type": "single", "stem": "这是哪一级事故？", "options": {"A": "一般", "B": "较大"}, "key": ["A"]},
        {"type": "true_false", "stem": "应当立即下去救人。", "options": {"A": "正确", "B": "错误"}, "key": ["B"]},
        {"type": "numeric", "stem": "氧含量不低于百分之几？", "key": ["19.5"], "unit": "%"},
    ],
)
EVERY_TYPE = [CASE, MATCHING, ORDERING, BLANK, NUMERIC, FALSE, TRUE, MULTIPLE, SINGLE]


def png(width: int, height: int) -> Picture:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(stream, "PNG")
    return Picture(stream.getvalue())


def opened(data: bytes) -> Document:
    return docx.Document(io.BytesIO(data))


def lines(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in opened(data).paragraphs]


def sheet(*items: PrintedItem, **more: Any) -> Sheet:
    return Sheet("安全考核", items, **more)


# The paper ------------------------------------------------------------------------------------------------------------


def test_types_stand_in_the_order_of_a_school_paper_with_numbers_that_run_on() -> None:
    text = lines(printed.write("题库", EVERY_TYPE, {}))

    paper = text[: text.index("参考答案与解析")]
    assert paper == [
        "题库",
        "单位：__________________　姓名：____________　身份证后四位：__________　得分：________",
        "共 9 题",
        "一、单项选择题（共 1 题）",
        "1．\t灭火器的压力指针应在哪个区？（）",
        "A．甲\tB．乙\tC．丙",
        "二、多项选择题（共 1 题）",
        "2．\t哪些是特种作业？（）",
        "A．甲\tB．乙\tC．丙",
        "三、判断题（共 2 题。正确的打“√”，错误的打“×”）",
        "3．\t停产期间不用值班。（）",
        "4．\t动火前应当清理可燃物。（）",
        "四、计算题（共 1 题）",
        "5．\t每 75 平方米 1 具，250 平方米配几具？（） 具",
        "五、填空题（共 1 题）",
        "6．\t培训不少于____________学时，每年再培训不少于____________学时。",
        "六、排序题（共 1 题。按正确顺序写出字母）",
        "7．\t按先后排列。（）",
        "A．检测\tB．通风\tC．审批",
        "七、配对题（共 1 题。在中间一格填右列的字母）",
        "8．\t颜色表示什么？",
        "八、案例分析题（共 1 题）",
        "9．\t某厂两名工人进入集液池清理，一人晕倒，另一人施救也晕倒，造成两人死亡。",
        "该厂没有办理作业票。",
        "（1）\t（单选题）这是哪一级事故？（）",
        "A．一般\tB．较大",
        "（2）\t（判断题）应当立即下去救人。（）",
        "（3）\t（计算题）氧含量不低于百分之几？（） %",
    ]


def test_the_score_table_has_a_column_for_each_section_and_a_matching_question_one_for_the_letters() -> None:
    tables = opened(printed.write("题库", [SINGLE, MATCHING], {})).tables

    assert [[[cell.text for cell in row.cells] for row in table.rows] for table in tables] == [
        [["题号", "一", "二", "总分"], ["得分", "", "", ""], ["评卷人", "", "", ""]],
        [["1．红", "", "A．警告"], ["2．黄", "", "B．禁止"], ["", "", "C．提示"]],
    ]


def test_points_stand_in_the_heading_when_they_are_equal_and_beside_the_items_when_not() -> None:
    equal = lines(printed.paper(sheet(PrintedItem(SINGLE, 2.5), PrintedItem(SINGLE, 2.5)), {}))
    unequal = lines(printed.paper(sheet(PrintedItem(SINGLE, 2), PrintedItem(SINGLE, 3, must_be_right=True)), {}))

    assert equal[3:5] == ["一、单项选择题（共 2 题，每题 2.5 分，共 5 分）", "1．\t灭火器的压力指针应在哪个区？（）"]
    assert [unequal[3], unequal[4], unequal[6]] == [
        "一、单项选择题（共 2 题，共 5 分）",
        "1．\t（2 分）灭火器的压力指针应在哪个区？（）",
        "2．★\t（3 分）灭火器的压力指针应在哪个区？（）",
    ]


def test_rules_of_the_paper_stand_above_it_and_its_number_on_every_page() -> None:
    document = opened(
        printed.paper(sheet(PrintedItem(SINGLE, 2), facts=("考试时间：60 分钟", "满分：2 分"), notes=("闭卷。",), number="000123"), {})
    )

    assert [paragraph.text for paragraph in document.paragraphs[2:4]] == ["考试时间：60 分钟　满分：2 分　共 1 题", "注意事项：闭卷。"]
    assert document.sections[0].header.paragraphs[0].text == "安全考核\t卷号：000123"
    assert [field.get(qn("w:instr")) for field in document.sections[0].footer._element.iter(qn("w:fldSimple"))] == [" PAGE ", " NUMPAGES "]


def test_a_paper_apart_from_its_key_gives_no_answer_away() -> None:
    items = [PrintedItem(each, 1) for each in EVERY_TYPE]

    text = "\n".join(lines(printed.paper(sheet(*items), {})))

    assert not [word for word in ("答案", "解析", "绿区正常", "红区压力不足", "三十二", "依据", "19.5") if word in text]


def test_large_paper_is_divided_into_two_columns() -> None:
    section = opened(printed.paper(sheet(PrintedItem(SINGLE, 1)), {}, page=A3)).sections[0]

    millimetres = round(section.page_width.mm), round(section.page_height.mm)
    assert (millimetres, section._sectPr.find(qn("w:cols")).get(qn("w:num"))) == ((420, 297), "2")


def test_an_item_stays_on_one_page() -> None:
    long = draft("题" * 30, options=("甲" * 40, "乙" * 40, "丙" * 40))

    paragraphs = opened(printed.paper(sheet(PrintedItem(long)), {})).paragraphs[4:]

    keeps = [paragraph._p.pPr.find(qn("w:keepNext")) is not None for paragraph in paragraphs]
    assert keeps == [True, True, True, False]


def test_an_item_longer_than_a_page_may_be_divided() -> None:
    endless = draft("\n".join(["某企业的情况说明。"] * 80))

    paragraphs = opened(printed.paper(sheet(PrintedItem(endless)), {})).paragraphs[4:]

    assert sum(paragraph._p.pPr.find(qn("w:keepNext")) is not None for paragraph in paragraphs) == 1


def test_brackets_of_a_stem_get_room_that_no_line_end_divides() -> None:
    asked = draft("指针应在( )区。")

    paragraph = opened(printed.paper(sheet(PrintedItem(asked)), {})).paragraphs[4]

    spaced = [run.text for run in paragraph.runs if run._r.find(f"{qn('w:rPr')}/{qn('w:spacing')}") is not None]
    assert (paragraph.text, spaced) == ("1．\t指针应在()区。", ["("])


# The key --------------------------------------------------------------------------------------------------------------


def test_the_key_begins_with_a_table_and_goes_on_with_the_reasons() -> None:
    singles = [SINGLE] + [draft(f"第 {n} 问？", key="BCA"[n % 3]) for n in range(6)]
    text = lines(printed.key(sheet(*(PrintedItem(each) for each in [*singles, MULTIPLE, TRUE, FALSE])), {}))

    assert text == [
        "安全考核参考答案与解析",
        "一、单项选择题",
        "1—5　ABCAB\t6—7　CA",
        "1．\t【答案】A　【解析】绿区正常。【依据】消防法 第二条",
        "【错项说明】B项：红区压力不足。",
        *(f"{n}．\t【答案】{letter}" for n, letter in zip(range(2, 8), "BCABCA", strict=True)),
        "二、多项选择题",
        "8．AC",
        "8．\t【答案】AC　【解析】见目录。",
        "三、判断题",
        "9—10　√×",
        "9．\t【答案】√　【解析】对的。",
        "10．\t【答案】×",
    ]


@pytest.mark.parametrize(
    ("question", "written"),
    [
        (TRUE, "√"),
        (item("true_false", "说法？", options={"A": "合格", "B": "不合格"}, key=["B"]), "B"),
        (NUMERIC, "4±0.5 具"),
        (item("numeric", "多少？", key=["-0.50"]), "-0.50"),
        (BLANK, "32|三十二；12"),
        (item("blank", "____和____", key=["甲；乙", "丙"]), "甲；乙##丙"),
        (ORDERING, "CBA"),
        (MATCHING, "1→B，2→A"),
    ],
)
def test_answers_are_written_as_a_person_writes_them(question: Question, written: str) -> None:
    assert answer(question) == written


# Lines and signs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["4 小时", "8 小时", "12 小时", "24 小时"], 4),
        (["甲", "乙", "丙"], 3),
        (["应当立即停产停业", "可以继续生产", "限期整改", "报告"], 2),
        (["一" * 20, "乙", "丙", "丁"], 1),
        (["甲", "乙\n第二行", "丙", "丁"], 1),
        (["见 B. 项", "乙", "丙", "丁"], 1),
    ],
)
def test_options_share_a_line_when_each_fits_its_part_of_it(options: list[str], count: int) -> None:
    assert options_a_line(options, 40) == count


@given(st.lists(st.text(max_size=30), min_size=2, max_size=8), st.floats(10, 60))
def test_no_option_is_wider_than_its_share(options: list[str], width: float) -> None:
    count = options_a_line(options, width)

    assert count == 1 or all(em(option) < width / count for option in options)


def test_blanks_are_equally_long_and_long_enough_for_every_answer() -> None:
    assert blanks_widened("先____后____。", ["通风", "十二个字的答案一共十二个"]) == f"先{'_' * 30}后{'_' * 30}。"


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=200), st.text(max_size=50))
def test_any_text_makes_a_document_that_opens_and_holds_it(stem: str, option: str) -> None:
    asked = draft("题干" + stem, options=(f"甲{option}", "乙"), explanation=stem, rationales={"B": stem})

    data = printed.write(f"题{option}", [asked], {})

    package = zipfile.ZipFile(io.BytesIO(data))
    for name in package.namelist():
        if name.endswith((".xml", ".rels")):
            etree.fromstring(package.read(name))
    shown = "".join("".join(lines(data)).split())
    plain = [part for part in clean(f"题干{stem}").split("\n") if not set("(（_") & set(part)]
    assert all("".join(part.split()) in shown for part in plain)


def test_markup_and_formulas_stay_text_and_forbidden_signs_go() -> None:
    hostile = draft("<script>alert(1)</script>\x00\x0b{PAGE}", options=("=cmd|' /C calc'!A0", "&lt;b&gt;"))

    text = lines(printed.write("<w:p/>", [hostile], {}))

    assert [text[0], text[4], text[5]] == ["<w:p/>", "1．\t<script>alert(1)</script>{PAGE}（）", "A．=cmd|' /C calc'!A0\tB．&lt;b&gt;"]


# Pictures -------------------------------------------------------------------------------------------------------------


def test_pictures_stand_with_stem_option_and_explanation_no_larger_than_the_column_and_are_stored_once() -> None:
    wide, high = png(4000, 500), png(200, 3000)
    asked = draft("看图。").model_copy(
        update={
            "pictures": [
                PictureRef(digest=wide.digest),
                PictureRef(digest=wide.digest, where="B"),
                PictureRef(digest=high.digest, where="explanation"),
            ]
        }
    )

    document = opened(printed.write("题库", [asked], {wide.digest: wide, high.digest: high}))

    before = [document.paragraphs[place - 1].text for place, p in enumerate(document.paragraphs) if p._p.findall(f".//{qn('w:drawing')}")]
    sizes = [(shape.width, shape.height) for shape in document.inline_shapes]
    assert before == ["1．\t看图。（）", "B．\t乙", "1．\t【答案】A"]
    assert all(width <= Mm(110) and height <= Mm(50) for width, height in sizes)
    assert abs(sizes[0][0] / sizes[0][1] - 8) < 0.01
    assert len([part for part in document.part.package.iter_parts() if "media" in str(part.partname)]) == 2


def test_a_picture_that_is_missing_or_cannot_be_printed_leaves_words_in_its_place() -> None:
    broken = Picture(b"\x89PNG\r\n\x1a\n" + b"0" * 20)
    asked = draft("看图。").model_copy(update={"pictures": [PictureRef(digest=broken.digest), PictureRef(digest="0" * 64)]})

    text = lines(printed.write("题库", [asked], {broken.digest: broken}))

    assert text.count("［图片无法打印，请在系统中查看］") == 2


# What is held, and read back ------------------------------------------------------------------------------------------


def test_every_type_can_be_printed_and_what_is_not_printed_is_named() -> None:
    assert [printed.left_out(each) for each in EVERY_TYPE] == [[]] * 9
    assert printed.cannot_hold(SINGLE) == []
    assert printed.cannot_hold(SINGLE.model_copy(update={"topic": "消防", "sectors": ["c1"]})) == ["“知识点”、“适用行业”不印在试卷上"]


@pytest.mark.parametrize("original", EVERY_TYPE, ids=lambda each: each.type.value)
def test_the_word_reader_reads_every_type_back(original: ItemDraft) -> None:
    others = [original.model_copy(update={"stem": f"又问：{original.stem}"})]

    rows = [row for row in word.read(printed.write("题库", [original, *others], {})).rows if row.fate is not Fate.SKIPPED]

    drafts = [row.draft for row in rows if row.draft is not None]
    assert [(found.type, found.options, found.key, found.unit, found.tolerance, found.prompts) for found in drafts] == [
        (original.type, original.options, original.key, original.unit, original.tolerance, original.prompts)
    ] * 2
    assert [[(part.type, part.options, part.key) for part in found.parts] for found in drafts] == [
        [(part.type, part.options, part.key) for part in original.parts]
    ] * 2
    assert all(found.stem.startswith(each.stem.split("____")[0]) for found, each in zip(drafts, [original, *others], strict=True))


_WORDS = st.lists(
    st.sampled_from(
        ["班组长", "动火作业", "每年一次", "气体检测仪", "应急管理局", "临时用电", "二十四小时", "专人监护", "不少于 2.5 米", "GB 6441"]
    ),
    min_size=1,
    max_size=4,
).map("".join)
_KINDS = ("single", "multiple", "true_false", "numeric", "blank", "ordering", "matching")


@st.composite
def _questions(draw: st.DrawFn, kinds: tuple[str, ...] = _KINDS) -> dict[str, Any]:
    """A question as people word them."""
    kind = draw(st.sampled_from(kinds))
    values: dict[str, Any] = {"type": kind, "stem": f"关于{draw(_WORDS)}，{draw(_WORDS)}的说法正确的是（　）。"}
    options = dict(zip("ABCDEF", draw(st.lists(_WORDS, min_size=2, max_size=6, unique=True)), strict=False))
    letters = st.sampled_from(sorted(options))
    match kind:
        case "single":
            return values | {"options": options, "key": [draw(letters)]}
        case "multiple":
            return values | {"options": options, "key": sorted(draw(st.sets(letters, min_size=1)))}
        case "true_false":
            return values | {
                "stem": f"{draw(_WORDS)}由{draw(_WORDS)}负责。",
                "options": {"A": "正确", "B": "错误"},
                "key": [draw(st.sampled_from("AB"))],
            }
        case "numeric":
            figure, margin = draw(st.sampled_from(["4", "3.5", "-2", "100"])), draw(st.sampled_from(["", "0.5"]))
            return values | {
                "stem": f"{draw(_WORDS)}共需多少？",
                "key": [figure],
                "tolerance": margin,
                "unit": draw(st.sampled_from(["", "米", "mg/m³"])),
            }
        case "blank":
            answers = draw(st.lists(st.one_of(_WORDS, st.just("三级|3级"), st.just("24")), min_size=1, max_size=3))
            return values | {"stem": "，".join(f"{draw(_WORDS)}应当____" for _ in answers) + "。", "key": answers}
        case "ordering":
            return values | {"stem": f"{draw(_WORDS)}的顺序是", "options": options, "key": draw(st.permutations(sorted(options)))}
    prompts = {str(number): text for number, text in enumerate(draw(st.lists(_WORDS, min_size=2, max_size=4, unique=True)), 1)}
    key = [f"{number}{draw(letters)}" for number in prompts]
    return values | {"stem": f"把{draw(_WORDS)}对应起来。", "options": options, "prompts": prompts, "key": key}


@st.composite
def _items(draw: st.DrawFn) -> ItemDraft:
    if draw(st.integers(0, 7)) == 0:
        parts = draw(st.lists(_questions(), min_size=2, max_size=4))
        values: dict[str, Any] = {"type": "case", "stem": f"某企业{draw(_WORDS)}，{draw(_WORDS)}。\n当日{draw(_WORDS)}。", "parts": parts}
    else:
        values = draw(_questions())
    explanation = draw(st.sampled_from(["", "依据规程。", "依据规程。\n见第二条。"]))
    return ItemDraft.model_validate(values | {"code": "a-1", "explanation": explanation})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=st.lists(_items(), min_size=1, max_size=8))
def test_a_printed_bank_is_the_same_bank_when_it_is_imported_again(items: list[ItemDraft]) -> None:
    reading = word.read(printed.write("安全题库", items, {}))

    assert {row.fate for row in reading.rows} <= {Fate.ACCEPTED, Fate.SKIPPED}
    back = [row.draft for row in reading.items if row.draft is not None]
    assert sorted(map(_said, back)) == sorted(map(_said, items))


def _said(found: ItemDraft) -> str:
    return repr((essence(found), [essence(part) for part in found.parts], found.explanation))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(items=st.lists(drafts(), min_size=1, max_size=4))
def test_what_a_printed_bank_does_not_give_back_is_named_before(items: list[ItemDraft]) -> None:
    plain = [each.model_copy(update={"pictures": [], "clauses": []}) for each in items]
    named = printed.unreadable(items)

    back = [
        repr((essence(row.draft), [essence(part) for part in row.draft.parts]))
        for row in word.read(printed.write("题库", plain, {})).items
        if row.draft
    ]

    for place, each in enumerate(plain):
        assert place in named or repr((essence(each), [essence(part) for part in each.parts])) in back


def test_an_item_that_print_would_bend_is_named() -> None:
    bent = SINGLE.model_copy(update={"stem": "甲\nA. 乙\nB. 丙"})

    assert list(printed.unreadable([*EVERY_TYPE, bent])) == [len(EVERY_TYPE)]
