"""What a format can hold comes back the same; what it cannot is said beforehand, never lost on the way."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Fate
from quiz.exchange.readers import aiken, gift, json_file, moodle_xml, qti
from quiz.exchange.writers import aiken as aiken_writer
from quiz.exchange.writers import gift as gift_writer
from quiz.exchange.writers import json_file as json_writer
from quiz.exchange.writers import moodle_xml as moodle_writer
from quiz.exchange.writers import qti21, qti30
from quiz.exchange.writers.held import essence
from tests.exchange.drafts import KINDS, PICTURES, drafts, pictures_of, questions, without_code

FORMATS = [
    pytest.param(gift_writer, gift, id="gift"),
    pytest.param(aiken_writer, aiken, id="aiken"),
    pytest.param(moodle_writer, moodle_xml, id="moodle-xml"),
    pytest.param(qti21, qti, id="qti21"),
    pytest.param(qti30, qti, id="qti30"),
    pytest.param(json_writer, json_file, id="json"),
]
_patient = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize(("writer", "reader"), FORMATS)
@_patient
@given(items=st.lists(drafts(), min_size=1, max_size=5))
def test_items_come_back_the_same_unless_said_otherwise(writer: ModuleType, reader: ModuleType, items: list[ItemDraft]) -> None:
    written = [item for item in items if not writer.left_out(item)]

    reading = reader.read(writer.write("题库", items, PICTURES))

    assert [row.fate for row in reading.rows if row.fate is not Fate.SKIPPED] == [Fate.ACCEPTED] * len(written)
    assert len(reading.items) == len(written)
    for item, row in zip(written, reading.items, strict=True):
        assert row.draft is not None
        assert essence(row.draft) == essence(item)
        assert pictures_of(row) == sorted((ref.where, ref.digest) for ref in item.pictures)
        if not [reason for reason in writer.cannot_hold(item) if "编号" not in reason]:
            assert without_code(row.draft) == without_code(item)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writer", [moodle_writer, qti21, qti30, json_writer])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_formats_with_room_for_it_leave_no_ordinary_item_out(writer: ModuleType, kind: str, data: st.DataObject) -> None:
    values = data.draw(questions(kinds=(kind,)))
    item = ItemDraft.model_validate({"code": "a-1"} | values)

    reasons = writer.left_out(item)

    signs_of_moodle = set("*|\\")  # in an embedded answer: the wildcard, what parts accepted answers, the escape
    assert not reasons or writer is moodle_writer and kind == "blank" and signs_of_moodle & set("".join(item.key))


def test_json_holds_everything() -> None:
    item = ItemDraft.model_validate({"code": "a", "type": "true_false", "stem": " 题 ", "options": {"B": "对", "A": "错"}, "key": ["B"]})

    assert json_writer.cannot_hold(item) == []
    assert [without_code(row.draft) for row in json_file.read(json_writer.write("", [item], {})).items if row.draft] == [without_code(item)]
