"""The pictures of an item on the form: add, replace, remove, say where each stands and what it shows."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from quiz.banks.question import PictureRef
from quiz.banks.typed_question import Fault
from quiz.exchange.domain import Picture
from quiz.exchange.structured import media_type_of
from quiz.ui import components
from quiz.ui.item_editor_fields import Fields, Values
from quiz.ui.markup import draw, markup
from quiz.ui.state import Slot
from quiz.vocabulary import ItemType

LARGEST = 2 * 2**20
"""Larger ones take a phone on a poor line many seconds, in the middle of an exam."""
MOST = 6
_KINDS = ["png", "jpg", "jpeg", "gif", "webp", "bmp"]
_STEM, _EXPLANATION = "stem", "explanation"


@dataclass(frozen=True)
class Shown:
    """A picture on the form: one the item has, or one that was just chosen and is not kept yet."""

    number: int
    """Of this form; its fields are named after it, whatever is removed before it."""
    ref: PictureRef
    fresh: Picture | None = None

    @property
    def source(self) -> str:
        """What a browser loads it from."""
        if self.fresh is None:
            return f"/pictures/{self.ref.digest}"
        return f"data:{self.fresh.media_type};base64,{base64.b64encode(self.fresh.data).decode('ascii')}"


def pictures(fields: Fields, type_: ItemType, letters: Sequence[str], known: Sequence[PictureRef]) -> list[Shown]:
    """The pictures as they stand now; `letters` are the options that may carry one."""
    held = Slot(fields.key("pictures"), lambda: [Shown(n, ref) for n, ref in enumerate(known, start=1)])
    places = {_STEM: "案例材料" if type_ is ItemType.CASE else "题干", _EXPLANATION: "解析"}
    places |= {letter: f"选项 {letter}" for letter in letters} if type_.is_choice else {}
    shown = [_one(fields, held, each, places) for each in held.get()]
    if len(shown) < MOST:
        _offer(fields, held)
    return shown


def sources(shown: Sequence[Shown]) -> Mapping[str, str]:
    """Where a preview finds the pictures that are not kept yet."""
    return {each.ref.digest: each.source for each in shown if each.fresh is not None}


def values(shown: Sequence[Shown]) -> Values:
    """For the draft."""
    return {"pictures": [each.ref.model_dump() for each in shown]}


def _one(fields: Fields, held: Slot[list[Shown]], picture: Shown, places: Mapping[str, str]) -> Shown:
    name = f"picture_{picture.number}"
    with st.container(border=True):
        draw(markup('<img class="ankao-picture" src="{}" alt="{}">', picture.source, picture.ref.description or "附图"))
        stands = Slot(fields.key(f"{name}_place"), lambda: picture.ref.where)
        choices = [*places] if stands.get() in places else [*places, stands.get()]  # an option that went is told, not forgotten
        where = fields.one(
            "放在哪里", choices, stands.get(), f"{name}_where", format_func=lambda each: places.get(each, f"选项 {each}（已去掉）")
        )
        stands.set(where)
        fields.spot(name)
        description = fields.line(
            "图片说明（图里有什么，供看不见图的考生听读）", picture.ref.description, f"{name}_text", limit=200,
            placeholder="例如：配电箱门敞开，线头裸露",
        )  # fmt: skip
        if where not in places:
            fields.add([Fault(name, "图片", f"选项 {where} 已经去掉，请另选图片的位置，或删除图片")])
        with st.container(horizontal=True):
            _replace(fields, held, picture, name)
            if st.button("删除图片", key=fields.key(f"{name}_drop"), icon=":material/delete:", type="tertiary"):
                held.set([each for each in held.get() if each.number != picture.number])
                st.rerun()
    return replace(picture, ref=PictureRef(digest=picture.ref.digest, where=where, description=description))


def _replace(fields: Fields, held: Slot[list[Shown]], picture: Shown, name: str) -> None:
    with st.popover("更换图片", icon=":material/image:", key=fields.key(f"{name}_popover")):
        chosen = _uploaded(fields, f"{name}_file", "换成")
    if chosen is not None and chosen.digest != picture.ref.digest:
        ref = picture.ref.model_copy(update={"digest": chosen.digest})
        held.set([replace(each, ref=ref, fresh=chosen) if each.number == picture.number else each for each in held.get()])
        st.rerun()


def _offer(fields: Fields, held: Slot[list[Shown]]) -> None:
    """One more. The uploader begins anew each time: otherwise it would go on showing the picture that was taken over."""
    last = Slot(fields.key("last_picture"), lambda: max((each.number for each in held.get()), default=0))
    chosen = _uploaded(fields, f"picture_file_{last.get()}", "添加图片（选填）")
    if chosen is None:
        return
    last.set(last.get() + 1)
    held.set([*held.get(), Shown(last.get(), PictureRef(digest=chosen.digest), chosen)])
    st.rerun()


def _uploaded(fields: Fields, name: str, label: str) -> Picture | None:
    """What was chosen, if a browser can show it; the bytes are not opened here."""
    with st.container(key=fields.key(f"{name}_box")):
        file = st.file_uploader(label, type=_KINDS, key=fields.key(name), max_upload_size=LARGEST // 2**20)
    if file is None:
        return None
    data = file.getvalue()
    kind = media_type_of(data)
    if kind is None:
        components.note("这个文件不是 PNG、JPEG、GIF、WebP 或 BMP 图片。请换一张，或先另存为 PNG。", tone="bad", title="没有添加")
        return None
    if len(data) > LARGEST:
        components.note(f"图片超过 {LARGEST // 2**20} MB，手机上打开太慢。请缩小后再添加。", tone="bad", title="没有添加")
        return None
    return Picture(data, kind)
