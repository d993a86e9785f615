"""Plain text in the layouts people really use: small ugly documents, each with its hand-counted end."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quiz.exchange.blocks import Gatherer
from quiz.exchange.domain import Fate, Reading, ReadRow
from quiz.exchange.readers.text import lines_of, read
from quiz.problems import Invalid


@dataclass(frozen=True)
class Doc:
    """A document and what every unit of it comes to: `line fate type|stem|options|key|explanation [codes]`, or `line skipped codes`."""

    name: str
    text: str
    rows: tuple[str, ...]


def said(row: ReadRow) -> str:
    """A row in one line, as the tables below write it."""
    codes = " ".join(dict.fromkeys(remark.code for remark in row.remarks))
    head = f"{row.place.line} {row.fate.value}"
    if row.draft is None:
        return f"{head} {codes}"
    draft = row.draft
    options = "/".join(f"{letter}{text}" for letter, text in draft.options.items())
    if draft.type.value == "true_false" and options == "A正确/B错误":
        options = ""
    if draft.type.value == "case":
        options = "/".join(f"{part.type.value}:{part.stem}:{','.join(part.key)}" for part in draft.parts)
    parts = "|".join([draft.type.value, draft.stem.replace("\n", "⏎"), options, ",".join(draft.key), draft.explanation.replace("\n", "⏎")])
    return f"{head} {parts.rstrip('|')}" + (f" [{codes}]" if codes else "")


def shown(reading: Reading) -> tuple[str, ...]:
    return tuple(said(row) for row in reading.rows)


DOCS = (
    Doc(
        "answers in the brackets of stems, options one a line",
        "一、单项选择题（每题2分，共40分）\n1.安全生产方针是（ B ）。\nA.甲\nB.乙\nC.丙\n2.三宝是（C）\nA.丁\nB.戊\nC.己\n",
        (
            "1 skipped section_heading",
            "2 accepted single|安全生产方针是（　）。|A甲/B乙/C丙|B",
            "6 accepted single|三宝是（　）|A丁/B戊/C己|C",
        ),
    ),
    Doc(
        "every style of number",
        "二、判断题\n1. 甲。（√）\n2、乙。（×）\n3． 丙。（对）\n4) 丁。（错）\n5：戊。（√）\n",
        (
            "1 skipped section_heading",
            "2 accepted true_false|甲。||A",
            "3 accepted true_false|乙。||B",
            "4 accepted true_false|丙。||A",
            "5 accepted true_false|丁。||B",
            "6 accepted true_false|戊。||A",
        ),
    ),
    Doc(
        "numbers in round brackets",
        "判断题\n(1) 甲（√）\n（2）乙（×）\n（３）丙（√）\n",
        ("1 skipped section_heading", "2 accepted true_false|甲||A", "3 accepted true_false|乙||B", "4 accepted true_false|丙||A"),
    ),
    Doc(
        "numbers in square brackets",
        "判断题\n【1】甲（√）\n【2】乙（×）\n",
        ("1 skipped section_heading", "2 accepted true_false|甲||A", "3 accepted true_false|乙||B"),
    ),
    Doc(
        "第几题 in a line of its own",
        "单选题\n第1题\n下列属于三宝的是\nA.帽\nB.鞋\n答案：A\n第2题\n火警电话是\nA.119\nB.110\n答案：A\n",
        ("1 skipped section_heading", "2 accepted single|下列属于三宝的是|A帽/B鞋|A", "7 accepted single|火警电话是|A119/B110|A"),
    ),
    Doc(
        "options on one line and in the line of the stem",
        "单选题\n1.甲是（　）A.子B.丑C.寅D.卯\n答案：A\n2.乙是（　）\nA、子 B、丑\tC、寅　D、卯\n答案：D\n3.丙是\nA.子 B.丑\nC.寅 D.卯\n【答案】B\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲是（　）|A子/B丑/C寅/D卯|A",
            "4 accepted single|乙是（　）|A子/B丑/C寅/D卯|D",
            "7 accepted single|丙是|A子/B丑/C寅/D卯|B",
        ),
    ),
    Doc(
        "options in brackets and small letters",
        "单选题\n1.甲\n(A)子\n(B)丑\n答案：B\n2.乙\na.子\nb.丑\n答案：a\n",
        ("1 skipped section_heading", "2 accepted single|甲|A子/B丑|B", "6 repaired single|乙|A子/B丑|A [letters_normalised]"),
    ),
    Doc(
        "full-width letters and figures",
        "单选题\n１．甲是（　Ｂ　）\nＡ．子\nＢ．丑\n",
        ("1 skipped section_heading", "2 accepted single|甲是（　）|A子/B丑|B"),
    ),
    Doc(
        "letters without a sign behind them",
        "单选题\n1.甲是（A）\nA安全第一\nB预防为主\nC综合治理\n",
        ("1 skipped section_heading", "2 accepted single|甲是（　）|A安全第一/B预防为主/C综合治理|A"),
    ),
    Doc(
        "letters that may be part of the words are refused",
        "单选题\n1.木材起火是（A）\nA类火灾\nB类火灾\nC类火灾\n",
        ("1 skipped section_heading", "2 refused ambiguous_options"),
    ),
    Doc(
        "answer and explanation in tags of every kind",
        "单选题\n1.甲\nA.子\nB.丑\n【正确答案】A\n【答案解析】因为\n甲就是子。\n难度：易\n知识点：消防\n依据：《消防法》第五条\n"
        "2.乙\nA.子\nB.丑\n正确答案：B  解析：见书。\n3.丙\nA.子\nB.丑\nAnswer: B\n4.丁\nA.子\nB.丑\n答 案 ：A\n解 析：略\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A|因为⏎甲就是子。",
            "11 accepted single|乙|A子/B丑|B|见书。",
            "15 accepted single|丙|A子/B丑|B",
            "19 accepted single|丁|A子/B丑|A|略",
        ),
    ),
    Doc(
        "the reason stands in brackets behind the letter",
        "单选题\n1.甲\nA.子\nB.丑\n答案：B（丑最高，所以选它）\n2.乙\nA.子\nB.丑\n答案：A。解析：规定如此。\n",
        ("1 skipped section_heading", "2 accepted single|甲|A子/B丑|B|丑最高，所以选它", "6 accepted single|乙|A子/B丑|A|规定如此。"),
    ),
    Doc(
        "tags around every part, as exported by other systems",
        "【题干1】甲是什么\n【选项】A.子B.丑C.寅\n【参考答案】B\n【详细解析】因为。\n【题干2】乙是什么\n【选项】A.子B.丑C.寅\n【参考答案】AC\n【详细解析】所以。\n",
        (
            "1 repaired single|甲是什么|A子/B丑/C寅|B|因为。 [type_inferred]",
            "5 repaired multiple|乙是什么|A子/B丑/C寅|A,C|所以。 [type_inferred]",
        ),
    ),
    Doc(
        "type tags before the stem, with scores",
        "1. 【单选题】甲（2分）\nA.子\nB.丑\n答案：A\n2.(多选题, 3.0分)乙\nA.子\nB.丑\nC.寅\n答案：AB\n3、[判断题]丙。\n答案：对\n",
        (
            "1 accepted single|甲（2分）|A子/B丑|A",
            "5 accepted multiple|乙|A子/B丑/C寅|A,B",
            "10 accepted true_false|丙。||A",
        ),
    ),
    Doc(
        "a key at the end, in ranges",
        "一、单选题\n1.甲（ ）\nA.子\nB.丑\n2.乙（ ）\nA.子\nB.丑\n二、判断题\n1.丙。（ ）\n2.丁。（ ）\n参考答案\n一、单选题\n1-2 AB\n二、判断题\n1-2 √×\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲（ ）|A子/B丑|A",
            "5 accepted single|乙（ ）|A子/B丑|B",
            "8 skipped section_heading",
            "9 accepted true_false|丙。||A",
            "10 accepted true_false|丁。||B",
            "11 skipped answer_key",
            "12 skipped section_heading",
            "13 skipped answer_key",
            "14 skipped section_heading",
            "15 skipped answer_key",
        ),
    ),
    Doc(
        "a key at the end, number by number, all on one line",
        "单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n3.丙\nA.子\nB.丑\nC.寅\n答案：1.A 2.B 3.C\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 accepted single|丙|A子/B丑/C寅|C",
            "12 skipped answer_key",
        ),
    ),
    Doc(
        "numbers run on through the sections: the key needs no headings",
        "一、单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n二、多选题\n3.丙\nA.子\nB.丑\nC.寅\n参考答案：1-3 A B AC\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 skipped section_heading",
            "9 accepted multiple|丙|A子/B丑/C寅|A,C",
            "13 skipped answer_key",
        ),
    ),
    Doc(
        "numbers begin again and the key does not say where: refused, never guessed",
        "一、单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n二、多选题\n1.丙\nA.子\nB.丑\n参考答案：1.A 2.B\n",
        (
            "1 skipped section_heading",
            "2 refused ambiguous_key",
            "5 accepted single|乙|A子/B丑|B",
            "8 skipped section_heading",
            "9 refused ambiguous_key",
            "12 skipped answer_key",
        ),
    ),
    Doc(
        "numbers begin again in key and sections alike",
        "一、单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n二、多选题\n1.丙\nA.子\nB.丑\n参考答案\n1.A 2.B\n1.AB\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 skipped section_heading",
            "9 accepted multiple|丙|A子/B丑|A,B",
            "12 skipped answer_key",
            "13 skipped answer_key",
            "14 skipped answer_key",
        ),
    ),
    Doc(
        "a key after each section",
        "一、单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n答案：1.A 2.B\n二、判断题\n1.丙。\n2.丁。\n答案：1.√ 2.×\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 skipped answer_key",
            "9 skipped section_heading",
            "10 accepted true_false|丙。||A",
            "11 accepted true_false|丁。||B",
            "12 skipped answer_key",
        ),
    ),
    Doc(
        "a range whose answers do not fit its numbers",
        "单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n3.丙\nA.子\nB.丑\n答案：1-3 AB\n",
        (
            "1 skipped section_heading",
            "2 refused key_mismatch",
            "5 refused key_mismatch",
            "8 refused key_mismatch",
            "11 skipped answer_key",
        ),
    ),
    Doc(
        "a key with more numbers than questions",
        "单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n参考答案\n1.A 2.B 3.C\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 skipped answer_key",
            "9 skipped answer_key",
        ),
    ),
    Doc(
        "a key with explanations, number by number",
        "单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n参考答案及解析\n1.【答案】A\n【解析】因为甲。\n2.B。因为乙\n就是乙。\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A|因为甲。",
            "5 accepted single|乙|A子/B丑|B|因为乙⏎就是乙。",
            "8 skipped answer_key",
            "9 skipped answer_key",
            "10 skipped answer_key",
            "11 skipped answer_key",
            "12 skipped answer_key",
        ),
    ),
    Doc(
        "bracket and key disagree",
        "单选题\n1.甲（A）\nA.子\nB.丑\n答案：B\n",
        ("1 skipped section_heading", "2 refused answer_conflict"),
    ),
    Doc(
        "two answers in one stem",
        "单选题\n1.甲（A）和乙（B）\nA.子\nB.丑\n",
        ("1 skipped section_heading", "2 refused ambiguous_answer"),
    ),
    Doc(
        "no answer anywhere",
        "单选题\n1.甲（ ）\nA.子\nB.丑\n",
        ("1 skipped section_heading", "2 refused missing_answer"),
    ),
    Doc(
        "stems over several lines, empty lines anywhere",
        "单选题\n\n\n1.下列关于有限空间作业中气体检测要求的说法\n正确的是（ ）\n\nA.子\n\nB.丑\n\n\n答案：A\n\n\n2.乙\nA.子\nB.丑\n答案：B\n",
        (
            "1 skipped section_heading",
            "4 accepted single|下列关于有限空间作业中气体检测要求的说法正确的是（ ）|A子/B丑|A",
            "15 accepted single|乙|A子/B丑|B",
        ),
    ),
    Doc(
        "lists inside stem and explanation are no questions",
        "单选题\n1.下列正确的有：\n(1)子\n(2)丑\n(3)寅\nA.(1)(2)\nB.(1)(3)\n答案：A\n解析：\n1.子对\n2.丑对\n2.乙是（ ）\nA.子\nB.丑\n答案：B\n",
        (
            "1 skipped section_heading",
            "2 accepted single|下列正确的有：⏎(1)子⏎(2)丑⏎(3)寅|A(1)(2)/B(1)(3)|A|1.子对⏎2.丑对",
            "12 accepted single|乙是（ ）|A子/B丑|B",
        ),
    ),
    Doc(
        "an option over two lines",
        "单选题\n1.甲\nA.子子子子子子子子子子子子子子子子\n续子\nB.丑\n答案：A\n",
        ("1 skipped section_heading", "2 accepted single|甲|A子子子子子子子子子子子子子子子子续子/B丑|A"),
    ),
    Doc(
        "questions without numbers",
        "安全题库\n\n下列属于甲的是\nA.子\nB.丑\n答案：A\n\n下列属于乙的是\nA.子\nB.丑\n答案：B\n",
        (
            "1 skipped title",
            "3 repaired single|下列属于甲的是|A子/B丑|A [type_inferred]",
            "8 repaired single|下列属于乙的是|A子/B丑|B [type_inferred]",
        ),
    ),
    Doc(
        "a question that lost its number between two that have one",
        "单选题\n1.甲\nA.子\nB.丑\n答案：A\n乙是哪一个\nA.子\nB.丑\n答案：B\n3.丙\nA.子\nB.丑\n答案：A\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "6 accepted single|乙是哪一个|A子/B丑|B",
            "10 accepted single|丙|A子/B丑|A",
        ),
    ),
    Doc(
        "numbers that jump and repeat",
        "单选题\n1.甲\nA.子\nB.丑\n答案：A\n5.乙\nA.子\nB.丑\n答案：B\n5.丙\nA.子\nB.丑\n答案：A\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "6 accepted single|乙|A子/B丑|B",
            "10 accepted single|丙|A子/B丑|A",
        ),
    ),
    Doc(
        "stems that begin with a year or another figure",
        "单选题\n1.2025年起施行的是（ ）\nA.子\nB.丑\n答案：A\n2、24小时内应（ ）\nA.子\nB.丑\n答案：B\n",
        ("1 skipped section_heading", "2 accepted single|2025年起施行的是（ ）|A子/B丑|A", "6 accepted single|24小时内应（ ）|A子/B丑|B"),
    ),
    Doc(
        "a number that may be a decimal is refused, not cut",
        "单选题\n1.甲\nA.子\nB.丑\n答案：A\n2.5米以上高处作业应（ ）\nA.子\nB.丑\n答案：B\n",
        ("1 skipped section_heading", "2 accepted single|甲|A子/B丑|A", "6 refused ambiguous_number"),
    ),
    Doc(
        "true and false in every notation",
        "三、判断题（对的打√，错的打×）\n（√）1.甲。\n( × )2.乙。\n3.丙。 √\n4.丁。（正确）\n5.戊（错误）。\n6.己。（T）\n7.庚\n答案：错误\n8.辛\n【答案】√\n",
        (
            "1 skipped section_heading",
            "2 accepted true_false|甲。||A",
            "3 accepted true_false|乙。||B",
            "4 accepted true_false|丙。||A",
            "5 accepted true_false|丁。||A",
            "6 accepted true_false|戊。||B",
            "7 accepted true_false|己。||A",
            "8 accepted true_false|庚||B",
            "10 accepted true_false|辛||A",
        ),
    ),
    Doc(
        "blanks as lines and brackets, answers after",
        "四、填空题\n1.方针是____、____。\n答案：甲；乙\n2.火警是（　）。\n答案：119\n3.方针是__预防为主__。\n",
        (
            "1 skipped section_heading",
            "2 accepted blank|方针是____、____。||甲,乙",
            "4 repaired blank|火警是____。||119 [blanks_marked]",
            "6 repaired blank|方针是____。||预防为主 [answer_in_stem]",
        ),
    ),
    Doc(
        "kinds that Ankao cannot hold are refused by name",
        "五、简答题\n1.简述甲。\n答：(1)子\n(2)丑\n2.简述乙。\n答：寅\n六、名词解释\n1.丙：指丁\n",
        (
            "1 skipped section_heading",
            "2 refused kind_unsupported",
            "5 refused kind_unsupported",
            "7 skipped section_heading",
            "8 refused kind_unsupported",
        ),
    ),
    Doc(
        "titles, names, instructions, page numbers",
        "2025年安全生产考试试题\n单位：______ 姓名：______\n注意事项：\n1.考试时间60分钟。\n2.请用黑色笔答题。\n一、单选题\n1.甲\nA.子\nB.丑\n答案：A\n第 1 页 共 3 页\n2.乙\nA.子\nB.丑\n答案：B\n- 2 -\n",
        (
            "1 skipped title",
            "2 skipped instruction",
            "3 skipped instruction",
            "4 skipped instruction",
            "5 skipped instruction",
            "6 skipped section_heading",
            "7 accepted single|甲|A子/B丑|A",
            "11 skipped page_number",
            "12 accepted single|乙|A子/B丑|B",
            "16 skipped page_number",
        ),
    ),
    Doc(
        "chapters become topics",
        "第一章 总则\n一、单选题\n1.甲\nA.子\nB.丑\n答案：A\n第二章 职责\n一、单选题\n1.乙\nA.子\nB.丑\n答案：B\n",
        (
            "1 skipped chapter_heading",
            "2 skipped section_heading",
            "3 accepted single|甲|A子/B丑|A",
            "7 skipped chapter_heading",
            "8 skipped section_heading",
            "9 accepted single|乙|A子/B丑|B",
        ),
    ),
    Doc(
        "multiple choice in brackets with every separator",
        "多选题\n1.甲（A、B、C）\nA.子\nB.丑\nC.寅\n2.乙（ A B ）\nA.子\nB.丑\n3.丙（AC，）\nA.子\nB.丑\nC.寅\n答案：A,C\n",
        (
            "1 skipped section_heading",
            "2 accepted multiple|甲（　）|A子/B丑/C寅|A,B,C",
            "6 accepted multiple|乙（　）|A子/B丑|A,B",
            "9 accepted multiple|丙（AC，）|A子/B丑/C寅|A,C",
        ),
    ),
    Doc(
        "an option that speaks of other letters",
        "单选题\n1.甲是\nA.维生素B、C B.钙 C.铁 D.A、B都对\n答案：D\n",
        ("1 skipped section_heading", "2 accepted single|甲是|A维生素B、C/B钙/C铁/DA、B都对|D"),
    ),
    Doc(
        "labels repeated or missing are handed to the judge",
        "单选题\n1.甲\nA.子\nB.丑\nB.寅\nD.卯\n答案：D\n2.乙\nA.子\nC.丑\nA.寅\n答案：A\n",
        ("1 skipped section_heading", "2 repaired single|甲|A子/B丑/C寅/D卯|D [option_labels]", "8 refused ambiguous_options"),
    ),
    Doc(
        "the same option twice, one option only",
        "单选题\n1.甲\nA.子\nB.子\n答案：A\n2.乙\nA.子\n答案：A\n",
        ("1 skipped section_heading", "2 refused duplicate_option", "6 refused too_few_options"),
    ),
    Doc(
        "someone's own answer is no key",
        "单选题\n1.甲\nA.子\nB.丑\n我的答案：B 正确答案：A 得分：0\n2.乙\nA.子\nB.丑\n我的答案：B\n",
        ("1 skipped section_heading", "2 accepted single|甲|A子/B丑|A", "6 refused missing_answer"),
    ),
    Doc(
        "a case with its questions is one item",
        "五、案例分析题\n案例一：某厂发生火灾，三人受伤，直接经济损失二百万元。\n1.事故等级是（ ）\nA.一般\nB.较大\n答案：A\n2.应当上报的部门有（ ）\nA.甲\nB.乙\nC.丙\n答案：AB\n",
        (
            "1 skipped section_heading",
            "2 repaired case|案例一：某厂发生火灾，三人受伤，直接经济损失二百万元。|single:事故等级是（ ）:A/multiple:应当上报的部门有（ ）:A,B [type_inferred]",
        ),
    ),
    Doc(
        "a case with a question in words is refused as a whole",
        "五、案例分析题\n案例一：某厂发生火灾，三人受伤，直接经济损失二百万元。\n1.事故等级是（ ）\nA.一般\nB.较大\n答案：A\n2.简述事故原因。\n答案：违章动火\n",
        ("1 skipped section_heading", "2 refused type_inferred kind_unsupported"),
    ),
    Doc(
        "material without a question is refused, not lost",
        "五、案例分析题\n案例一：某厂发生火灾，三人受伤。\n",
        ("1 skipped section_heading", "2 refused case_without_questions"),
    ),
    Doc(
        "matching and ordering",
        "六、配对题\n1.配对\n1.灭火器\n2.安全帽\nA.头部\nB.初期火灾\n答案：1B、2A\n七、排序题\n1.动火的步骤\nA.审批\nB.监护\nC.清理\n答案：ACB\n",
        (
            "1 skipped section_heading",
            "2 accepted matching|配对|A头部/B初期火灾|1B,2A",
            "8 skipped section_heading",
            "9 accepted ordering|动火的步骤|A审批/B监护/C清理|A,C,B",
        ),
    ),
    Doc(
        "a calculation",
        "八、计算题\n1.坠落高度为12米时，半径是多少米？\n答案：5米\n",
        ("1 skipped section_heading", "2 accepted numeric|坠落高度为12米时，半径是多少米？||5"),
    ),
    Doc(
        "options without letters",
        "单选题\n1.火警电话是（ ）\n119\n110\n120\n答案：A\n",
        ("1 skipped section_heading", "2 repaired single|火警电话是（ ）|A119/B110/C120|A [options_unlabelled]"),
    ),
    Doc(
        "HTML and scripts stay text",
        "单选题\n1.<script>alert(1)</script>是（A）\nA.<b>子</b>\nB.&lt;丑&gt;\n",
        ("1 skipped section_heading", "2 accepted single|<script>alert(1)</script>是（　）|A<b>子</b>/B&lt;丑&gt;|A"),
    ),
    Doc(
        "two papers in one file, each with its key",
        "试卷一\n单选题\n1.甲\nA.子\nB.丑\n参考答案\n1.A\n试卷二\n单选题\n1.乙\nA.子\nB.丑\n参考答案\n1.B\n",
        (
            "1 skipped title",
            "2 skipped section_heading",
            "3 accepted single|甲|A子/B丑|A",
            "6 skipped answer_key",
            "7 skipped answer_key",
            "8 skipped title",
            "9 skipped section_heading",
            "10 accepted single|乙|A子/B丑|B",
            "13 skipped answer_key",
            "14 skipped answer_key",
        ),
    ),
    Doc(
        "answer on the line after its tag",
        "单选题\n1.甲\nA.子\nB.丑\n答案：\nB\n解析：\n就是丑。\n",
        ("1 skipped section_heading", "2 accepted single|甲|A子/B丑|B|就是丑。"),
    ),
    Doc(
        "options in another order of signs and with explanations that name letters",
        "单选题\n1.甲\nA、子\nB.丑\nC：寅\n答案：C\n解析：A项错误，子不对；\nB项错误；\nC.正确。\n2.乙\nA.子\nB.丑\n答案：A\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑/C寅|C|A项错误，子不对；⏎B项错误；⏎C.正确。",
            "10 accepted single|乙|A子/B丑|A",
        ),
    ),
    Doc(
        "numbers that count on are no decimals",
        "单选题\n1.甲（ ）\nA.子\nB.丑\n答案：A\n2.20世纪50年代乙（ ）\nA.子\nB.丑\n答案：B\n3.5.5kW 以上丙（ ）\nA.子\nB.丑\n答案：A\n4.丁\nA.子\nB.丑\n答案：A\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲（ ）|A子/B丑|A",
            "6 accepted single|20世纪50年代乙（ ）|A子/B丑|B",
            "10 accepted single|5.5kW 以上丙（ ）|A子/B丑|A",
            "14 accepted single|丁|A子/B丑|A",
        ),
    ),
    Doc(
        "a decimal at the beginning of a wrapped line belongs to its stem",
        "单选题\n9.甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲\n1．5m 的脚手架应（ ）\nA.子\nB.丑\n答案：A\n10.乙（ ）\nA.子\nB.丑\n答案：B\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲1．5m 的脚手架应（ ）|A子/B丑|A",
            "7 accepted single|乙（ ）|A子/B丑|B",
        ),
    ),
    Doc(
        "a number without a sign after a question that is complete",
        "单选题\n1、甲（ ）\nA.子\nB.丑\n答案：A\n2、乙（ ）\nA.子\nB.丑\n答案：A\n\n3中国丙（ ）\nA.子\nB.丑\n答案：B\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲（ ）|A子/B丑|A",
            "6 accepted single|乙（ ）|A子/B丑|A",
            "11 accepted single|中国丙（ ）|A子/B丑|B",
        ),
    ),
    Doc(
        "a stem that begins with the brackets of its answer",
        "甲（ B ）。[单选题]\nA.子\nB.丑\n\n（ A ）是指乙。[单选题]\nA.子\nB.丑\n",
        (
            "1 repaired single|甲（　）。|A子/B丑|B [tag_removed]",
            "5 repaired single|（　）是指乙。|A子/B丑|A [tag_removed]",
        ),
    ),
    Doc(
        "units in brackets are no answers",
        "单选题\n1.噪声不应超过（ ）dB（A）。\nA.50\nB.60\n答案：B\n2.在f(c)中（A）\nA.子\nB.丑\n",
        (
            "1 skipped section_heading",
            "2 accepted single|噪声不应超过（ ）dB（A）。|A50/B60|B",
            "6 accepted single|在f(c)中（　）|A子/B丑|A",
        ),
    ),
    Doc(
        "kind and answer on a line before the stem",
        "[单选] [A]\n甲（）\n[A] 子\n[B] 丑\n\n[是非][非]\n乙。\n",
        (
            "1 accepted single|甲（）|A子/B丑|A",
            "6 accepted true_false|乙。||B",
        ),
    ),
    Doc(
        "true and false as labels",
        "1. 甲。( )\n   true. 正确\n   false. 错误\n参考答案：false\n----------\n\n2. 乙。( )\n   true. 正确\n   false. 错误\n参考答案：✅\n",
        (
            "1 repaired true_false|甲。||B [truth_options]",
            "5 skipped separator",
            "7 repaired true_false|乙。||A [truth_options]",
        ),
    ),
    Doc(
        "signs that only divide, and what a lost symbol left",
        "判断题\n1.甲。\n【答案】√\n?\n@@@\n2.乙。\n【答案】×\n* * *\n",
        (
            "1 skipped section_heading",
            "2 accepted true_false|甲。||A",
            "4 skipped separator",
            "5 skipped separator",
            "6 accepted true_false|乙。||B",
            "8 skipped separator",
        ),
    ),
    Doc(
        "a kind before the number, and fields after the question",
        "[单选]1.甲( )。\nA.子\nB.丑\n答案:A\n分数:10\n解析: 因为\n知识点: 消防\n能力水平:1\n@@@\n[单选]2.乙( )。\nA.子\nB.丑\n答案:B\n",
        (
            "1 accepted single|甲( )。|A子/B丑|A|因为",
            "9 skipped separator",
            "10 accepted single|乙( )。|A子/B丑|B",
        ),
    ),
    Doc(
        "numbers of an answer sheet without anything behind them",
        "单选题\n1.甲（A）\nA.子\nB.丑\n二、填空题\n1、____\n2、（ ）\n3、\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲（　）|A子/B丑|A",
            "5 skipped section_heading",
            "6 skipped empty_number",
            "7 skipped empty_number",
            "8 skipped empty_number",
        ),
    ),
    Doc(
        "the number of the only blank",
        "填空题\n1.甲是____。\n正确答案：\n(1) 子丑\n2.乙是____和____。\n答案：(1) 子 (2) 丑\n",
        (
            "1 skipped section_heading",
            "2 repaired blank|甲是____。||子丑 [enumeration_removed]",
            "5 accepted blank|乙是____和____。||子,丑",
        ),
    ),
    Doc(
        "options without a sign, on one line or all beginning alike",
        "单选题\n1.甲（ B ）\nA模式\t\t\tB外模式\t\t\tC内模式\n2.乙（ C ）\nA不会停\nB不会走\nC不会跑\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲（　）|A模式/B外模式/C内模式|B",
            "4 accepted single|乙（　）|A不会停/B不会走/C不会跑|C",
        ),
    ),
    Doc(
        "letters that are names of classes",
        "单选题\n1.甲（ B ）\nA类火灾\nB类火灾\n",
        (
            "1 skipped section_heading",
            "2 refused ambiguous_options",
        ),
    ),
    Doc(
        "blanks filled in between lines, without a heading",
        "1.甲应达到__95%__以上。\n2.乙的路径叫___关键___路径。\n",
        (
            "1 repaired blank|甲应达到____以上。||95% [answer_in_stem type_inferred]",
            "2 repaired blank|乙的路径叫____路径。||关键 [answer_in_stem type_inferred]",
        ),
    ),
    Doc(
        "the text of an option in the last brackets",
        "单选题\n1.甲由谁创立。（丑）\nA、子\nB、丑\n",
        (
            "1 skipped section_heading",
            "2 repaired single|甲由谁创立。（　）|A子/B丑|B [answer_in_stem]",
        ),
    ),
    Doc(
        "a key whose numbers stand above its answers",
        "单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n3.丙\nA.子\nB.丑\n参考答案\n题号 1 2 3\n答案 A B A\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 accepted single|丙|A子/B丑|A",
            "11 skipped answer_key",
            "12 skipped answer_key",
            "13 skipped answer_key",
        ),
    ),
    Doc(
        "a key of ranges above its answers",
        "单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n3.丙\nA.子\nB.丑\n答案\n1-3\nABA\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|A",
            "5 accepted single|乙|A子/B丑|B",
            "8 accepted single|丙|A子/B丑|A",
            "11 skipped answer_key",
            "12 skipped answer_key",
            "13 skipped answer_key",
        ),
    ),
    Doc(
        "a key that says how far it goes, with answers in brackets",
        "一、判断题\n1.甲。\n2.乙。\n二、单选题\n1.丙\nA.子\nB.丑\n2.丁\nA.子\nB.丑\n试卷答案\n判断题参考答案（1-2）：\n1-2）(√) (×)\n单选题参考答案（1-2）： 1-2） AB\n",
        (
            "1 skipped section_heading",
            "2 accepted true_false|甲。||A",
            "3 accepted true_false|乙。||B",
            "4 skipped section_heading",
            "5 accepted single|丙|A子/B丑|A",
            "8 accepted single|丁|A子/B丑|B",
            "11 skipped answer_key",
            "12 skipped answer_key",
            "13 skipped answer_key",
            "14 skipped answer_key",
        ),
    ),
    Doc(
        "words of another key are no answer to a lettered question",
        "一、单选题\n1.甲\nA.子\nB.丑\n答案：B\n二、简答题\n1.什么是乙？\n参考答案\n1、参与设计，决定内容；\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲|A子/B丑|B",
            "6 skipped section_heading",
            "7 refused kind_unsupported",
        ),
    ),
    Doc(
        "an option that ends with the word for the answer is no key",
        "单选题\n1.甲\nA.子\nB.丑\nC.寅寅寅寅寅寅寅寅寅寅寅寅寅正确答案\n2.乙\nA.子\nB.丑\n答案：A\n",
        (
            "1 skipped section_heading",
            "2 refused missing_answer",
            "6 accepted single|乙|A子/B丑|A",
        ),
    ),
    Doc(
        "sections of kinds nobody holds",
        "一、单选题（每题1分）\n1.甲（A）\nA.子\nB.丑\n二、简述题（每题6分，共12分）\n1.简述乙。\n三、综合设计题（本大题共1小题，共15分）\n1.设计丙。\n",
        (
            "1 skipped section_heading",
            "2 accepted single|甲（　）|A子/B丑|A",
            "5 skipped section_heading",
            "6 refused kind_unsupported",
            "7 skipped section_heading",
            "8 refused kind_unsupported",
        ),
    ),
    Doc(
        "options that were not copied",
        "1.甲是什么？\n答案：C．先缓后急\n",
        ("1 refused too_few_options",),
    ),
    Doc(
        "cases with a key by case",
        "一、案例分析题\n1．某企业甲。\n当日乙。\n（1）（单选题）丙（ ）。\nA．子\tB．丑\n（2）（判断题）丁。\n2．某企业戊。\n（1）（单选题）己（ ）。\nA．子\tB．丑\n（2）（计算题）庚？\n参考答案与解析\n一、案例分析题\n1．各小题答案\n（1）【答案】B\n（2）【答案】×\n【整题解析】因为辛。\n2．各小题答案\n（1）【答案】A\n（2）【答案】12±0.5 处\n",
        (
            "1 skipped section_heading",
            "2 accepted case|某企业甲。⏎当日乙。|single:丙（ ）。:B/true_false:丁。:B||因为辛。",
            "7 accepted case|某企业戊。|single:己（ ）。:A/numeric:庚？:12",
            "11 skipped answer_key",
            "12 skipped section_heading",
            "13 skipped answer_key",
            "14 skipped answer_key",
            "15 skipped answer_key",
            "16 skipped answer_key",
            "17 skipped answer_key",
            "18 skipped answer_key",
            "19 skipped answer_key",
        ),
    ),
    Doc(
        "a part that begins again at 1, numbers before a tag, a heading that says what the marks mean",
        "1.甲（ ）\n2.乙（ ）\n3.丙（ ）\n4.丁（ ）\n5.戊（ ）\n1.己（ ）\n2.庚（√）\n三、判断题   1对  2错\n1.辛。（√）\n2【是非题】（2分）壬。（×）\n",
        (
            "1 refused missing_answer",
            "2 refused missing_answer",
            "3 refused missing_answer",
            "4 refused missing_answer",
            "5 refused missing_answer",
            "6 refused missing_answer",
            "7 repaired true_false|庚||A [type_inferred]",
            "8 skipped section_heading",
            "9 accepted true_false|辛。||A",
            "10 accepted true_false|壬。||B",
        ),
    ),
)


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.name)
def test_every_line_of_an_ugly_document_has_its_fate(doc: Doc) -> None:
    assert shown(read(doc.text.encode())) == doc.rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_make_no_difference(encoding: str, line_end: str) -> None:
    text = DOCS[0].text.replace("\n", line_end)

    assert shown(read(text.encode(encoding))) == DOCS[0].rows


MARKDOWN = """# 安全题库

## 一、单选题

1. ** 甲是( )。

   - A. 子
   - B. 丑
   - **答案：B**

**2. (1分) 乙是?**

- A. <font color='red'>子</font>
- B. 丑

### 第 3 题 [多选题]

**题目**: 丙（）。

**选项**:
- **A**. 子
- **B**. 丑*斜*

**正确答案**: A B

---

4. 丁 `x_1` 与 [网页](https://a.cn)

|      |      |     |
| ---- | ---- | --- |
|      | a.   | 子  |
| *    | b.   | 丑  |

5. 戊
- [ ] A. 子
- [x] B. 丑
"""

MARKDOWN_ROWS = (
    "1 skipped title",
    "3 skipped section_heading",
    "5 accepted single|甲是( )。|A子/B丑|B",
    "11 repaired single|乙是?|A子/B丑|A [answer_from_formatting]",
    "16 accepted multiple|丙（）。|A子/B丑斜|A,B",
    "26 skipped separator",
    "28 repaired single|丁 x_1 与 网页|A子/B丑|B [answer_from_formatting]",
    "31 skipped separator",
    "35 repaired single|戊|A子/B丑|B [answer_from_formatting]",
)


def test_markdown_is_read_without_its_marks_and_with_what_they_show() -> None:
    reading = read(MARKDOWN.encode(), name="题库.md")

    assert shown(reading) == MARKDOWN_ROWS
    assert [remark.code for remark in reading.remarks] == ["markdown"]
    assert shown(read(MARKDOWN.encode(), name="题库.txt")) == MARKDOWN_ROWS


@pytest.mark.parametrize("text", ["单选题\n1.甲*乙（A）\nA.2**3\nB.[1](2)\n", "1.甲_乙_丙（√）\n# 注\n"])
def test_plain_text_with_a_star_is_no_markdown(text: str) -> None:
    assert all(remark.code != "markdown" for remark in read(text.encode(), name="a.txt").remarks)


def test_a_file_without_questions_says_so() -> None:
    assert [remark.code for remark in read("随便写写\n再写一行".encode()).remarks] == ["no_questions"]
    assert "只有答案" in read(b"1.A 2.B 3.C\n4.D 5.A\n").remarks[0].message


def test_metadata_go_where_the_item_has_a_place_for_them() -> None:
    text = "第二章 消防\n单选题\n1.甲\nA.子\nB.丑\n答案：A\n难度：难\n依据：《消防法》第五条\n2.乙\nA.子\nB.丑\n答案：A\n知识点：报警\n"

    first, second = read(text.encode()).items

    assert first.draft is not None and second.draft is not None
    assert (first.draft.topic, first.draft.difficulty.value, first.clause_text) == ("第二章 消防", "hard", "《消防法》第五条")
    assert (second.draft.topic, second.draft.difficulty.value, second.clause_text) == ("报警", "medium", "")


def test_key_entries_without_a_question_are_named() -> None:
    reading = read("单选题\n1.甲\nA.子\nB.丑\n2.乙\nA.子\nB.丑\n参考答案\n1.A 2.B 3.C\n".encode())

    assert [remark.message for remark in reading.rows[-1].remarks] == ["答案部分的第 3 题没有对应的题目"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \n\n ", "empty_file"),
        (b"\x81\x00\xff\xfe\xfd\xff\x80" * 50, "encoding"),
        (b"a" * 200_001, "file_too_large"),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(data)

    assert refusal.value.code == code
    assert refusal.value.message.endswith("。")


PIECES = (
    "1.甲（ ）", "2.乙（A）", "A.子", "B.丑 C.寅", "答案：A", "解析：因为", "", "一、单选题", "二、判断题", "参考答案", "1-2 AB", "1.A 2.B", "丙。（√）",
    "第一章 总则", "- 3 -", "随便一行", "案例一：", "根据以下材料，回答1～2题：", "(1)丁", "【题干】戊", "____", "A", "1.", "3 4", "题号 1 2", "五、案例分析题",
    "某厂发生重大事故，死亡三人，直接经济损失一千万元，调查如下。", "六、配对题", "答案：", "姓名：", "安全考试试题",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_no_line_is_lost_and_none_is_counted_twice(lines: list[str]) -> None:
    text = "\n".join(["起", *lines])

    reading = read(text.encode())

    starts = [row.place.line for row in reading.rows]
    assert len(set(starts)) == len(starts)
    assert starts == sorted(row.place.line or 0 for row in reading.rows)
    assert sum(reading.counts.values()) == len(reading.rows)
    assert all(row.remarks for row in reading.rows if row.fate is not Fate.ACCEPTED)
    assert starts[0] == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_every_line_belongs_to_a_unit(lines: list[str]) -> None:
    given_lines = lines_of("\n".join(["起", *lines]))

    document = Gatherer(given_lines, {}).gather()

    used = {skip.line.number for skip in document.skips}
    for block in document.blocks:
        used |= {piece.line.number for piece in [*block.body, *block.answer, *block.explanation]} | {block.line.number}
    for case in document.cases:
        used |= {piece.line.number for piece in case.pieces}
    assert {line.number for line in given_lines if line.text.strip()} <= used


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        reading = read(data)
    except Invalid as refusal:
        assert refusal.message
    else:
        assert sum(reading.counts.values()) == len(reading.rows)


# Banks as a person would type them ----------------------------------------------------------------------------------------

_WORDS = st.lists(
    st.sampled_from(
        ["班组长", "动火作业", "每年一次", "气体检测", "应急管理局", "临时用电", "2.5 米", "24 小时", "第三十条", "GB 6441", "3人以上"]
    ),
    min_size=1,
    max_size=5,
).map("".join)


@st.composite
def _typed_question(draw: st.DrawFn) -> tuple[str, str, dict[str, str], str]:
    """Kind, stem, options and answer."""
    kind = draw(st.sampled_from(["单选题", "多选题", "判断题"]))
    stem = f"关于{draw(_WORDS)}的说法"
    if kind == "判断题":
        return kind, f"{stem}正确。", {}, draw(st.sampled_from(["√", "×"]))
    options = dict(zip("ABCDEF", draw(st.lists(_WORDS, min_size=2, max_size=6, unique=True)), strict=False))
    letters = st.sampled_from(sorted(options))
    answer = draw(letters) if kind == "单选题" else "".join(sorted(draw(st.sets(letters, min_size=2))))
    return kind, f"{stem}正确的是", options, answer


@settings(max_examples=150, deadline=None)
@given(
    questions=st.lists(_typed_question(), min_size=1, max_size=8),
    layout=st.tuples(
        st.sampled_from(["{}.", "{}、", "{}．", "{}. ", "第{}题 ", "({})"]),
        st.sampled_from(["{}.", "{}、", "{}．", "{}. ", "({})"]),
        st.sampled_from(["\n", "    ", "\t"]),
        st.sampled_from(["bracket", "after", "after_with_reason", "key", "key_in_lines"]),
        st.booleans(),
    ),
)
def test_whatever_way_a_bank_is_typed_it_is_the_same_bank(
    questions: list[tuple[str, str, dict[str, str], str]], layout: tuple[str, str, str, str, bool]
) -> None:
    numbering, labelling, between, where, gaps = layout
    questions = sorted(questions, key=lambda question: ["单选题", "多选题", "判断题"].index(question[0]))
    lines: list[str] = []
    kinds = list(dict.fromkeys(kind for kind, *_ in questions))
    for number, (kind, stem, options, answer) in enumerate(questions, 1):
        if number == 1 or questions[number - 2][0] != kind:
            lines.append(f"{'一二三'[kinds.index(kind)]}、{kind}（每题2分）")
        lines.append(f"{numbering.format(number)}{stem}（{answer if where == 'bracket' else ' '}）")
        lines += between.join(labelling.format(letter) + text for letter, text in options.items()).split("\n") if options else []
        lines += {"after": [f"答案：{answer}"], "after_with_reason": [f"【答案】{answer}", "【解析】见规程。"]}.get(where, [])
        lines += [""] * gaps
    if where.startswith("key"):
        lines.append("参考答案")
        listed = [f"{number}.{answer}" for number, (*_, answer) in enumerate(questions, 1)]
        lines += [" ".join(listed)] if where == "key" else listed

    reading = read("\n".join(lines).encode())

    assert [row.draft is not None for row in reading.rows if row.fate is not Fate.SKIPPED] == [True] * len(questions)
    for (kind, stem, options, answer), row in zip(questions, reading.items, strict=True):
        assert row.draft is not None
        key = [{"√": "A", "×": "B"}[answer]] if kind == "判断题" else list(answer)
        assert (row.draft.type.label, row.draft.key) == (kind, key)
        assert row.draft.options == (options or {"A": "正确", "B": "错误"})
        assert row.draft.stem.startswith(stem)
