"""Sets pdf documents: a template in Typst, the data beside it as JSON, so that no text of people is ever read as markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

SANS, SERIF = "Noto Sans SC", "Noto Serif SC"
"""The fonts a template may name; both come with the installation."""


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(pylopdf_fonts_zh_cn.__file__).parent)])


@lru_cache(maxsize=32)
def _source(template: Path) -> bytes:
    return template.read_bytes()


def typeset(template: Path, data: Mapping[str, Any]) -> bytes:
    """The document as pdf. The template reads its data with `json(bytes(sys.inputs.data))`.

    Raises:
        typst.TypstError: the template and the data do not fit, which is a fault of ours and never of the data's wording.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False, default=str)}
    document = typst.compile(_source(template), font_paths=_fonts(), sys_inputs=inputs)
    assert isinstance(document, bytes)
    return document


def draw(template: Path, data: Mapping[str, Any], *, ppi: float = 200.0) -> bytes:
    """The first page of the template as a picture (png), for documents that are not pdf."""
    inputs = {"data": json.dumps(data, ensure_ascii=False, default=str)}
    picture = typst.compile(_source(template), font_paths=_fonts(), sys_inputs=inputs, format="png", ppi=ppi)
    return picture[0] if isinstance(picture, list) else picture
