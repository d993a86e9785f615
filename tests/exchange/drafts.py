"""Items of every type for tests of formats, by example and by Hypothesis; what comes back is compared without codes."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from hypothesis import strategies as st

from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef
from quiz.exchange.domain import Picture, ReadRow
from quiz.vocabulary import Difficulty, ItemKind, PostRole

PIXEL = b"\x89PNG\r\n\x1a\n"
PICTURE = Picture(PIXEL + b"one")
OTHER = Picture(PIXEL + b"two")
PICTURES = {PICTURE.digest: PICTURE, OTHER.digest: OTHER}

_SIGNS = "=~#:{}\\%*<>&\"'[]()-_/|.,;! $@ \n甲乙丙丁安全生产责任制应当１２３ＡＢ。，、（）“”；：√×²₂αβ€😀\u3000"
_words = st.text(st.sampled_from("abcXYZ0123456789" + _SIGNS), min_size=1, max_size=24)
texts = _words.map(lambda text: " ".join(text.split(" ")).strip()).filter(bool)
names = st.text(st.sampled_from("abc安全第一章12 /-"), max_size=12).map(lambda text: " ".join(text.split()))
figures = st.decimals(-9999, 9999, places=3, allow_nan=False, allow_infinity=False).map(str)
margins = st.one_of(st.just(""), st.decimals("0.001", 99, places=3).map(str))


def _lettered(found: list[str]) -> dict[str, str]:
    return dict(zip(ascii_uppercase, found, strict=False))


@st.composite
def questions(draw: st.DrawFn, *, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The values of a question of one of these types."""
    kind = draw(st.sampled_from(kinds))
    values: dict[str, Any] = {"type": kind, "stem": draw(texts)}
    options = draw(st.lists(texts, min_size=2, max_size=6, unique=True))
    match kind:
        case "single":
            values |= {"options": _lettered(options), "key": [draw(st.sampled_from(ascii_uppercase[: len(options)]))]}
        case "multiple":
            key = draw(st.sets(st.sampled_from(ascii_uppercase[: len(options)]), min_size=1))
            values |= {"options": _lettered(options), "key": sorted(key)}
        case "true_false":
            values |= {"options": {"A": "正确", "B": "错误"}, "key": [draw(st.sampled_from("AB"))]}
        case "numeric":
            values |= {"key": [draw(figures)], "tolerance": draw(margins), "unit": draw(st.sampled_from(["", "米", "MPa", "m/s²"]))}
        case "blank":
            plain = texts.filter(lambda text: "_" not in text)
            answer = texts.filter(lambda text: "|" not in text)
            pieces = draw(st.lists(plain, min_size=2, max_size=4))
            values["stem"] = "____".join(pieces)
            values["key"] = ["|".join(draw(st.lists(answer, min_size=1, max_size=3, unique=True))) for _ in pieces[1:]]
        case "ordering":
            values |= {"options": _lettered(options), "key": draw(st.permutations(ascii_uppercase[: len(options)]))}
        case "matching":
            prompts = draw(st.lists(texts, min_size=2, max_size=5, unique=True))
            letters = ascii_uppercase[: len(options)]
            values |= {
                "options": _lettered(options),
                "prompts": {str(number): text for number, text in enumerate(prompts, 1)},
                "key": [f"{number}{draw(st.sampled_from(letters))}" for number in range(1, len(prompts) + 1)],
            }
    return values


KINDS = ("single", "multiple", "true_false", "numeric", "blank", "ordering", "matching")


@st.composite
def drafts(draw: st.DrawFn) -> ItemDraft:
    """Any item: every type, every side field, with and without pictures."""
    kind = draw(st.sampled_from([*KINDS, "case"]))
    if kind == "case":
        values: dict[str, Any] = {
            "type": "case", "stem": draw(texts), "parts": draw(st.lists(questions(kinds=KINDS), min_size=2, max_size=3)),
        }  # fmt: skip
    else:
        values = draw(questions(kinds=(kind,)))
    letters = list(values.get("options", {}))
    if letters:
        values["rationales"] = draw(
            st.dictionaries(st.sampled_from(sorted(letters)), texts, max_size=3).map(lambda found: dict(sorted(found.items())))
        )
    where = ["stem", "explanation", *(letters if kind in ("single", "multiple") else [])]
    refs = draw(
        st.lists(st.sampled_from([(place, picture.digest) for place in where for picture in (PICTURE, OTHER)]), max_size=2, unique=True)
    )
    explanation = draw(st.one_of(st.just(""), texts))
    return ItemDraft.model_validate(
        values
        | {
            "code": draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,8}", fullmatch=True)),
            "topic": draw(names),
            "difficulty": draw(st.sampled_from(list(Difficulty))),
            "kind": draw(st.sampled_from(list(ItemKind))),
            "roles": draw(st.lists(st.sampled_from(list(PostRole)), unique=True, max_size=2)),
            "sectors": draw(st.sampled_from([None, [], ["coal"], ["coal", "gas"]])),
            "clauses": draw(st.lists(st.sampled_from(["ti-2024/4-8", "law/21-1"]), unique=True)),
            "changed_from": draw(st.sampled_from([[], ["ti-2014/4-8"]])),
            "explanation": explanation,
            "pictures": [PictureRef(digest=digest, where=place) for place, digest in refs if explanation or place != "explanation"],
        }
    )


def without_code(item: ItemDraft) -> dict[str, Any]:
    """An item as it comes back: a code is given by the bank, pictures stand beside it."""
    return item.model_dump(exclude={"code", "pictures"})


def pictures_of(row: ReadRow) -> list[tuple[str, str]]:
    """Where each picture of a row stands."""
    return sorted((picture.where, picture.digest) for picture in row.pictures)
