"""JSON: our own format, and plain lists of questions as other programs write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from pydantic import ValidationError

from quiz.banks.files import ItemDraft
from quiz.exchange import structured
from quiz.exchange.decoding import decoded
from quiz.exchange.domain import Fate, Format, Picture, Place, RawQuestion, Reading, ReadRow, Remark, Severity
from quiz.exchange.judge import judge
from quiz.exchange.judgement import excerpt_of
from quiz.exchange.structured import LETTERS
from quiz.exchange.writers.json_file import FORMAT, VERSION
from quiz.problems import Invalid

DEEPEST = 60
_LISTS = ("items", "questions", "data", "list", "rows", "题目", "试题", "题库", "results", "records")
_KEYS = {
    "stem": ("stem", "question", "title", "题干", "题目", "content", "text", "questiontext", "question_text", "name", "body", "prompt", "题目内容"),
    "options": ("options", "choices", "选项", "answers", "option", "candidates"),
    "answer": ("answer", "correct", "correct_answer", "correctanswer", "key", "答案", "正确答案", "right", "solution", "correct_answers",
               "correct_option"),
    "type": ("type", "题型", "question_type", "questiontype", "kind", "category_type"),
    "explanation": ("explanation", "analysis", "解析", "explain", "rationale", "答案解析", "comment"),
    "chapter": ("chapter", "章节", "category", "topic", "主题", "section"),
    "difficulty": ("difficulty", "难度", "level"),
    "clause": ("clause", "依据", "basis", "条款"),
    "unit": ("unit", "单位"),
    "tolerance": ("tolerance", "误差"),
    "index": ("answer_index", "answerindex", "correct_index", "correctindex", "correctanswerindex", "correct_answer_index"),
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _KEYS.items() for name in names}
_IGNORED = frozenset(("id", "code", "编号", "序号", "no", "number", "score", "分值", "uuid", "qid"))


class _Figure(str):
    """A number as it is written, so that none changes on the way."""


def read(data: bytes, *, name: str = "") -> Reading:
    """Every element of the list of questions with its fate.

    Raises:
        Invalid: no JSON, nested too deep, or without a list of questions.
    """
    document = _parsed(decoded(data))
    if isinstance(document, dict) and document.get("format") == FORMAT:
        return _read_own(document)
    found = _question_list(document)
    rows = [_plain_row(Place(line=number), element) for number, element in enumerate(found, 1)]
    message = "不是安考的 JSON 格式，按常见的题目列表读取；“第 N 行”指列表里的第 N 个元素。"
    return Reading(Format.JSON, tuple(rows), (Remark(Severity.INFO, "plain_list", message),))


def _refuse(code: str, message: str) -> NoReturn:
    raise Invalid(message, code=code)


def _parsed(text: str) -> object:
    depth = deepest = 0
    for sign in re.findall(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', text):
        if sign in ("[", "{"):
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ("]", "}"):
            depth -= 1
    if deepest > DEEPEST:
        _refuse("too_deep", f"JSON 嵌套超过 {DEEPEST} 层，不是正常的题库。请重新导出。")
    try:
        return json.loads(text, parse_float=_Figure, parse_int=_Figure, parse_constant=_Figure)
    except json.JSONDecodeError as problem:
        _refuse("broken_json", f"第 {problem.lineno} 行第 {problem.colno} 列的 JSON 写法有误，无法读取。请重新导出，或检查逗号和引号。")


# Our own --------------------------------------------------------------------------------------------------------------


def _read_own(document: Mapping[str, object]) -> Reading:
    version = document.get("version")
    if version != str(VERSION):
        _refuse("unknown_version", f"这是安考题库 JSON 的第 {version} 版，本系统能读第 {VERSION} 版。请升级后再导入。")
    items, pictures = document.get("items"), document.get("pictures") or {}
    if not isinstance(items, list) or not isinstance(pictures, dict):
        _refuse("broken_json", "安考题库 JSON 里没有 items 列表。请重新导出。")
    kept = {digest: picture for digest, value in pictures.items() if (picture := _picture(value)) and picture.digest == digest}
    return Reading(Format.JSON, tuple(_own_row(Place(line=number), item, kept) for number, item in enumerate(items, 1)))


def _picture(value: object) -> Picture | None:
    data = structured.decode_base64(str(value.get("data") or "")) if isinstance(value, dict) else None
    kind = structured.media_type_of(data) if data else None
    return Picture(data, kind) if data and kind and len(data) <= structured.MAX_PICTURE else None


def _own_row(place: Place, value: object, pictures: Mapping[str, Picture]) -> ReadRow:
    excerpt = excerpt_of(str(value.get("stem") or "")) if isinstance(value, dict) else ""
    try:
        draft = ItemDraft.model_validate({"code": ""} | value) if isinstance(value, dict) else None
    except ValidationError as problem:
        where = ".".join(map(str, problem.errors()[0]["loc"]))
        reason = problem.errors()[0]["msg"].removeprefix("Value error, ")
        message = f"不合题目的规则：{where + '：' if where else ''}{reason}"
        return structured.refused(place, "item_format", message, "请对照 docs/bank-json.md 改正", excerpt)
    if draft is None:
        return structured.refused(place, "item_format", "列表里的这一项不是题目", "请对照 docs/bank-json.md 改正")
    missing = [ref.where for ref in draft.pictures if ref.digest not in pictures]
    if missing:
        return structured.refused(place, "picture_missing", "题目的图片不在文件中，或已损坏", "请重新导出", excerpt)
    shown = tuple(Picture(pictures[ref.digest].data, pictures[ref.digest].media_type, ref.where, ref.description) for ref in draft.pictures)
    draft = draft.model_copy(update={"code": "", "pictures": []})
    return ReadRow(place, Fate.ACCEPTED, draft, (), shown, excerpt=excerpt_of(draft.stem))


# Plain lists ----------------------------------------------------------------------------------------------------------


def _question_list(document: object) -> list[object]:
    """The list of questions: the document itself, or what one of its usual keys holds."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        for name in _LISTS:
            found = document.get(name)
            if isinstance(found, list):
                return found
            if isinstance(found, dict):
                return _question_list(found)
        if _stem_of(_fields(document)):
            return [document]
    _refuse("not_a_bank", "这个 JSON 里没有题目列表。请参照 docs/bank-json.md 整理后再导入。")


def _fields(element: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Values by the name we know them by, and the names that nobody knows."""
    found: dict[str, object] = {}
    unknown = []
    for name, value in element.items():
        plain = re.sub(r"[\s_-]+", "_", name.strip().lower())
        letter = re.fullmatch(r"(?:option|选项)?_?([a-h])", plain)
        field = _FIELD_OF.get(plain) or _FIELD_OF.get(plain.replace("_", ""))
        if letter:
            found.setdefault("letters", {})[letter[1].upper()] = value  # type: ignore[index]
        elif field and field not in found:
            found[field] = value
        elif plain not in _IGNORED and value not in (None, "", [], {}):
            unknown.append(name)
    return found, unknown


def _stem_of(fields: tuple[dict[str, object], list[str]]) -> str:
    stem = fields[0].get("stem")
    return stem if isinstance(stem, str) else ""


def _plain_row(place: Place, element: object) -> ReadRow:
    if not isinstance(element, dict):
        return structured.skipped(place, "not_a_question", "列表里的这一项不是题目", str(element)[:60])
    found, unknown = _fields(element)
    stem = found.get("stem")
    if not isinstance(stem, str) or not stem.strip():
        return structured.refused(place, "no_stem", "没有题干", "请补写题干", str(element)[:60])
    options = _options(found)
    if options is None:
        return structured.refused(place, "ambiguous_options", "选项的写法看不懂", "请把选项写成列表，或 A、B、C 对应的文字", stem)
    answer = _answer(found, options)
    if answer is None:
        return structured.refused(
            place, "ambiguous_answer", "答案是数字，看不出从 0 还是从 1 数", "请改成选项字母，或用 answer_index（从 0 数）", stem
        )
    extra: dict[str, str] = {name: _text(found[name]) for name in ("chapter", "difficulty", "clause", "unit", "tolerance") if name in found}
    raw = RawQuestion(
        place, stem=stem, type_text=_text(found.get("type")), options=tuple(options), answer_text=answer,
        explanation=_text(found.get("explanation")), extra=extra,
    )  # fmt: skip
    row = judge(raw)
    if not unknown:
        return row
    note = Remark(Severity.INFO, "fields_dropped", f"没有保留的字段：{'、'.join(unknown)[:80]}", "", place)
    return ReadRow(row.place, row.fate, row.draft, (*row.remarks, note), row.pictures, row.clause_text, row.excerpt)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "正确" if value else "错误"
    if isinstance(value, list):
        return "；".join(_text(each) for each in value)
    return "" if value is None or isinstance(value, dict) else str(value)


def _options(found: Mapping[str, object]) -> list[tuple[str, str]] | None:
    """Label and text of each option: from a list, from a mapping, or from keys A, B, C of the question itself."""
    value = found.get("options", found.get("letters"))
    if value is None or value == "":
        return []
    if isinstance(value, dict):
        return [(name.strip().upper(), _text(text)) for name, text in value.items() if text is not None]
    if isinstance(value, str):
        return [("", line) for line in value.split("\n")]
    if not isinstance(value, list) or len(value) > len(LETTERS):
        return None
    options = []
    for place, each in enumerate(value):
        if isinstance(each, dict):
            text = next(
                (each[name] for name in ("text", "content", "value", "label", "option", "title", "answer", "文字") if each.get(name)), None
            )
            label = next(
                (each[name] for name in ("key", "letter", "label", "id", "code") if re.fullmatch("[A-Za-z]", str(each.get(name) or ""))), ""
            )
            if text is None:
                return None
            options.append((str(label).upper() or LETTERS[place], _text(text)))
        else:
            options.append(("" if _has_label(_text(each)) else LETTERS[place], _text(each)))
    return options


def _has_label(text: str) -> bool:
    return bool(re.match(r"\s*[A-HＡ-Ｈ][.．、:：)）]", text))


def _answer(found: Mapping[str, object], options: list[tuple[str, str]]) -> str | None:
    """The answer in letters or words; None where a number could mean two options."""
    marked = _marked(found.get("options"))
    if "index" in found:
        return _letters(found["index"], len(options))
    value = found.get("answer")
    if value is None or value == "":
        return marked
    values = value if isinstance(value, list) else [value]
    if options and values and all(isinstance(each, _Figure) for each in values):
        texts, named = [text.strip() for _, text in options], [str(each) for each in values]
        return "".join(LETTERS[texts.index(name)] for name in named) if all(name in texts for name in named) else None
    if isinstance(value, list) and all(re.fullmatch("[A-Za-z]", str(each)) for each in value):
        return "".join(map(str, value))
    if isinstance(value, list) and options:
        texts, named = [text.strip() for _, text in options], [_text(each).strip() for each in value]
        if all(name in texts for name in named):
            return "".join(options[texts.index(name)][0] or LETTERS[texts.index(name)] for name in named)
    return _text(value)


def _letters(value: object, count: int) -> str:
    """Letters for places counted from 0."""
    values = value if isinstance(value, list) else [value]
    places = [int(str(each)) if re.fullmatch(r"\d{1,2}", str(each)) else -1 for each in values]
    return "".join(LETTERS[place] if 0 <= place < count else "?" for place in places)


def _marked(options: object) -> str:
    """Options that say themselves that they are right."""
    if not isinstance(options, list):
        return ""
    names = ("correct", "is_correct", "iscorrect", "isCorrect", "right", "is_right", "isRight")
    return "".join(
        LETTERS[place]
        for place, each in enumerate(options[:26])
        if isinstance(each, dict) and any(each.get(name) is True for name in names)
    )
