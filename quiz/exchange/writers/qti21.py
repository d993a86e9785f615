"""QTI 2.1, as a package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture
from quiz.exchange.writers import qti_package
from quiz.exchange.writers.qti_package import Flavour
from quiz.exchange.xml_tree import Element


def _as_it_is(_: Element) -> None:
    """Items are built in the names of 2.1."""


FLAVOUR = Flavour(
    name="QTI 2.1",
    namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
    schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
    resource_type="imsqti_item_xmlv2p1",
    manifest_namespace="http://www.imsglobal.org/xsd/imscp_v1p1",
    manifest_schema=("QTIv2.1 Package", "1.0.0"),
    rename=_as_it_is,
)


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """The package. Items that it cannot hold are left out: `left_out` says which and why."""
    return qti_package.document(FLAVOUR, title, [item for item in items if not left_out(item)], pictures)


def cannot_hold(item: ItemDraft) -> list[str]:
    """What is lost of the item, or why it is left out, in Chinese."""
    return qti_package.held(FLAVOUR, item).reasons


def left_out(item: ItemDraft) -> list[str]:
    """Why the item cannot be written at all; empty when it can."""
    return qti_package.held(FLAVOUR, item).left_out
