"""A form on a phone, as the principal will see it: the player's own style sheet and editors in a frame 390 pixels wide."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from quiz.attempts.queries import candidate_items
from quiz.banks.queries import VersionView
from quiz.papers.domain import FormItem
from quiz.settings import ROOT

WIDTH, HEIGHT = 390, 780
_STATIC = ROOT / "quiz" / "web" / "static"
_OWN = Path(__file__).with_name("phone_preview.js")
_PAGE = Markup(
    """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>手机预览</title><style>{style}</style></head><body class="exam"><div id="player">
<header class="xbar"><div class="xbar-in"><p class="xtitle"><b>{title}</b><span>考生</span></p>
<p class="clock"><span>剩余</span><b>{minutes}:00</b></p><button class="btn btn-onbar" type="button" disabled>交卷</button></div>
<div class="xprogress"><div id="progress"></div></div><p class="xstate" data-state="idle">预览：可以试答，不会保存</p></header>
<div class="xlayout"><main class="xmain"><section class="card question"><div class="question-head"><p class="over" id="meta"></p></div>
<fieldset id="answers"><legend id="stem"></legend><div id="pictures"></div><p class="hint" id="how"></p><div id="options"></div></fieldset></section></main></div>
<nav class="xnav" aria-label="换题"><button class="btn btn-plain" id="previous" type="button">上一题</button>
<p class="btn btn-plain btn-map"><b id="where"></b><small id="answered"></small></p>
<button class="btn btn-primary" id="next" type="button">下一题</button></nav>
<p class="sr" id="live"></p></div><script type="application/json" id="form">{form}</script><script>{script}</script></body></html>"""
)


def show(
    title: str,
    form: Sequence[tuple[FormItem, VersionView]],
    *,
    minutes: int,
    height: int = HEIGHT,
    sources: Mapping[str, str] | None = None,
) -> None:
    """Answers can be tried out; nothing is saved. `sources` are pictures that are not kept yet, by digest."""
    shown = page(title, form, minutes=minutes, sources=sources)
    with st.container(key="phone_preview", width=WIDTH):
        st.iframe(shown, height=height, alt=f"“{title}”在手机上的样子")


def page(title: str, form: Sequence[tuple[FormItem, VersionView]], *, minutes: int, sources: Mapping[str, str] | None = None) -> str:
    """The whole document. Texts of items travel as JSON in which no markup can begin."""
    items = candidate_items(form)
    for picture in (picture for item in items for picture in item.get("pictures", ())):
        picture["src"] = (sources or {}).get(picture["src"].rpartition("/")[2], picture["src"])
    data = json.dumps({"items": items}, ensure_ascii=False).replace("<", "\\u003c")
    style, script = _player()
    return str(_PAGE.format(title=title, minutes=minutes, style=Markup(style), form=Markup(data), script=Markup(script)))


@cache
def _player() -> tuple[str, str]:
    script = "\n".join(path.read_text(encoding="utf-8") for path in (_STATIC / "player_inputs.js", _STATIC / "player_view.js", _OWN))
    return (_STATIC / "ankao.css").read_text(encoding="utf-8"), script
