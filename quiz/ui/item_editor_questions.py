"""The part of the item form that asks for stem and key, type by type; used for an item and for each question of a case."""

from __future__ import annotations

import streamlit as st

from quiz.banks import typed_question as typed
from quiz.banks.question import Question
from quiz.banks.typed_question import Fault, Pair
from quiz.ui import components
from quiz.ui.item_editor_fields import TWO_LINES, Fields, Values
from quiz.ui.state import Slot
from quiz.vocabulary import ItemType

LETTERS = "ABCDEFGH"
TRUE_FALSE = {"A": "正确", "B": "错误"}
USUAL_OPTIONS, USUAL_PAIRS = 4, 3
_STEMS = {
    ItemType.BLANK: "题干：在要填的地方连打几个下划线（____）",
    ItemType.ORDERING: "题干：要求排出什么的先后",
    ItemType.MATCHING: "题干：要求把什么与什么对应起来",
}
_EXAMPLES = {
    ItemType.NUMERIC: "例如：瓶组间与明火散发点之间的最小水平距离是多少？",
    ItemType.BLANK: "例如：新上岗人员岗前安全培训时间不得少于____学时。",
    ItemType.ORDERING: "例如：请按先后排列有限空间作业的步骤。",
    ItemType.MATCHING: "例如：下列场所由哪个部门负责行业监管？",
}


def question(fields: Fields, type_: ItemType, known: Question | None) -> Values:
    """What was typed for a question of this type: `stem`, `options`, `key`, `unit`, `tolerance`, `prompts`.

    `known` is the question that is rewritten; what it has fills the fields as far as it is of the same kind.
    """
    known = known if known is not None and _alike(known.type, type_) else _only_stem(known)
    stem = fields.text(_STEMS.get(type_, "题干"), known.stem if known else "", "stem", placeholder=_EXAMPLES.get(type_, ""))
    if not stem:
        fields.add([Fault("stem", "题干", "不能空着")])
    match type_:
        case ItemType.NUMERIC:
            values = _numeric(fields, known)
        case ItemType.BLANK:
            stem = typed.stem_with_gaps(stem)
            values = _blank(fields, stem, known)
        case ItemType.ORDERING:
            values = _ordering(fields, known)
        case ItemType.MATCHING:
            values = _matching(fields, known)
        case _:
            values = _choice(fields, type_, known)
    empty: Values = {"options": {}, "key": [], "unit": "", "tolerance": "", "prompts": {}}
    return {"type": type_, "stem": stem} | empty | values


def _alike(one: ItemType, other: ItemType) -> bool:
    """Whether what was typed for the one type serves the other."""
    return one is other or (one.is_choice and other.is_choice)


def _only_stem(known: Question | None) -> Question | None:
    return None if known is None else Question.model_construct(type=known.type, stem=known.stem)


# 选择、判断 -----------------------------------------------------------------------------------------------------------


def _choice(fields: Fields, type_: ItemType, known: Question | None) -> Values:
    lines = dict(TRUE_FALSE) if type_ is ItemType.TRUE_FALSE else _options(fields, known)
    key = _key(fields, type_, list(lines), known)
    options = typed.without_empty_end(lines)
    fields.add(typed.choice_faults(type_, options, key))
    return {"options": options, "key": key}


def _options(fields: Fields, known: Question | None) -> dict[str, str]:
    """As many lines as were asked for; those that were taken away keep their text in case they come back."""
    texts = list(known.options.values()) if known is not None and known.type is not ItemType.TRUE_FALSE else []
    count = Slot(fields.key("count"), lambda: max(2, len(texts)) if texts else USUAL_OPTIONS)
    shown = count.get()
    lines = {
        letter: fields.text(f"选项 {letter}", texts[n] if n < len(texts) else "", f"option_{letter}", limit=500, height=TWO_LINES)
        for n, letter in enumerate(LETTERS[:shown])
    }
    _count_buttons(fields, count, "个选项", f"选项 {LETTERS[shown - 1]}", most=len(LETTERS))
    return lines


def _count_buttons(fields: Fields, count: Slot[int], what: str, last: str, *, most: int) -> None:
    shown = count.get()
    with st.container(horizontal=True):
        if st.button(f"再加一{what}", key=fields.key("add_line"), icon=":material/add:", disabled=shown >= most):
            count.set(shown + 1)
            st.rerun()
        if shown > 2 and st.button(f"去掉{last}", key=fields.key("drop_line"), icon=":material/remove:", type="tertiary"):
            count.set(shown - 1)
            st.rerun()


def _key(fields: Fields, type_: ItemType, letters: list[str], known: Question | None) -> list[str]:
    right = [letter for letter in letters if letter in known.key] if known is not None and known.type is type_ else []
    name = f"key_{type_.value}"
    if type_ is ItemType.MULTIPLE:
        several = st.segmented_control(
            "正确答案（可选多个）", letters, selection_mode="multi", default=right, key=fields.key(name), persist_state="page"
        )
        fields.spot("key")
        return sorted(several)
    one = st.segmented_control(
        "正确答案",
        letters,
        default=right[0] if right else None,
        format_func=lambda letter: TRUE_FALSE[letter] if type_ is ItemType.TRUE_FALSE else letter,
        key=fields.key(name),
        persist_state="page",
    )
    fields.spot("key")
    return [one] if one else []


# 计算 -----------------------------------------------------------------------------------------------------------------


def _numeric(fields: Fields, known: Question | None) -> Values:
    with st.container(horizontal=True):
        with st.container(width=170):
            figure = typed.figure(fields.line("正确答案（一个数）", known.key[0] if known and known.key else "", "figure", limit=40))
        with st.container(width=130):
            unit = fields.line("单位（选填）", known.unit if known else "", "unit", limit=20, placeholder="例如：米")
        with st.container(width=200):
            allowed = typed.tolerance(
                fields.line("允许误差（选填）", known.tolerance if known else "", "tolerance", limit=20, placeholder="例如：0.5")
            )
    faults = typed.figure_faults(figure, allowed)
    fields.add(faults)
    bounds = typed.right_range(figure, allowed)
    behind = f" {unit}" if unit else ""
    if faults or bounds is None:
        components.hint("误差与答案用同一单位，上下都算；不填误差，须与答案相等。")
    elif bounds[0] == bounds[1]:
        components.hint(f"答 {figure}{behind} 得分；不填误差，须与答案相等。")
    else:
        components.hint(f"答 {bounds[0]:f} 到 {bounds[1]:f}{behind} 都得分，两端包括在内。")
    return {"key": [figure] if figure else [], "unit": unit, "tolerance": allowed}


# 填空 -----------------------------------------------------------------------------------------------------------------


def _blank(fields: Fields, stem: str, known: Question | None) -> Values:
    number = min(typed.gaps(stem), typed.MOST_GAPS)
    before = known.key if known else []
    key = [
        typed.accepted(
            fields.text(
                f"第 {n} 空的答案：一行写一种可以算对的写法",
                typed.as_lines(before[n - 1]) if n <= len(before) else "",
                f"gap_{n}",
                limit=500,
                height=TWO_LINES,
            )
        )
        for n in range(1, number + 1)
    ]
    if number:
        components.hint("全角半角、字母大小写和首尾空格不影响对错；数字须完全一致，接近也不算对。")
    else:
        components.hint("题干里标出空以后，这里逐空填写答案。")
    fields.add(typed.gap_faults(stem, key))
    return {"key": key}


# 排序 -----------------------------------------------------------------------------------------------------------------


def _ordering(fields: Fields, known: Question | None) -> Values:
    options = known.options if known else {}
    right = "\n".join(options[letter] for letter in known.key) if known and known.key else ""
    lines = typed.order_lines(
        fields.text("各项：一行一项，按正确的先后写", right, "lines", height=170, placeholder="通风\n检测\n进入作业")
    )  # fmt: skip
    components.hint(f"共 {len(lines)} 项。考生看到的先后每份试卷都重新打乱。")
    fields.add(typed.order_faults(lines))
    made, key = typed.in_order(lines, options)
    return {"options": made, "key": key}


# 配对 -----------------------------------------------------------------------------------------------------------------


def _matching(fields: Fields, known: Question | None) -> Values:
    before, spare_before = _pairs_of(known)
    count = Slot(fields.key("pair_count"), lambda: max(2, len(before)) if before else USUAL_PAIRS)
    pairs = [_pair(fields, number, before[number - 1] if number <= len(before) else Pair("", "")) for number in range(1, count.get() + 1)]
    _count_buttons(fields, count, "组", f"第 {count.get()} 组", most=typed.MOST_PAIRS)
    spare = typed.order_lines(
        fields.text("多余的右列（选填）：一行一项，不与任何左列对应，用来干扰", "\n".join(spare_before), "spare", height=TWO_LINES)
    )  # fmt: skip
    components.hint("几项左列可以对应同一项右列，照样各写一遍。考生看到的右列每份试卷都重新打乱。")
    fields.add(typed.pair_faults(pairs, spare))
    prompts, options, key = typed.matched(pairs, spare, known.options if known else {})
    return {"prompts": prompts, "options": options, "key": key}


def _pair(fields: Fields, number: int, known: Pair) -> Pair:
    left, right = st.columns(2)
    with left:
        prompt = fields.line(f"左列 {number}", known.left, f"left_{number}", limit=200)
    with right:
        option = fields.line(f"右列 {number}（与左列 {number} 对应）", known.right, f"right_{number}", limit=200)
    return Pair(prompt, option)


def _pairs_of(known: Question | None) -> tuple[list[Pair], list[str]]:
    if known is None or not known.prompts:
        return [], []
    letter_of = {pair[:-1]: pair[-1] for pair in known.key}
    prompts = sorted(known.prompts.items(), key=lambda prompt: int(prompt[0]))
    pairs = [Pair(text, known.options[letter_of[number]]) for number, text in prompts]
    return pairs, [text for letter, text in known.options.items() if letter not in letter_of.values()]
