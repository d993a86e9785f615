"""QTI 2.1, as a package."""

from __future__ import annotations

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
write, cannot_hold, left_out = FLAVOUR.write, FLAVOUR.cannot_hold, FLAVOUR.left_out
