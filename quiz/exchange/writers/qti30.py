"""QTI 3.0, as a package: the items of 2.1 under the names of 3.0."""

from __future__ import annotations

import re

from lxml import etree

from quiz.exchange.writers.qti_package import Flavour
from quiz.exchange.xml_tree import Element

_HTML = frozenset(("p", "div", "span", "br", "img"))
_CAPITAL = re.compile(r"[A-Z]")


def _renamed(root: Element) -> None:
    """`choiceInteraction maxChoices` becomes `qti-choice-interaction max-choices`; HTML stays."""
    for element in root.iter():
        if element.tag in _HTML:
            continue
        element.tag = f"qti-{_kebab(str(element.tag))}"
        for name, value in list(element.attrib.items()):
            if _CAPITAL.search(str(name)):
                del element.attrib[name]
                element.set(_kebab(str(name)), value)
        if element.tag == "qti-modal-feedback":
            content = etree.Element("qti-content-body")
            content.extend(list(element))
            element.append(content)


def _kebab(name: str) -> str:
    return _CAPITAL.sub(lambda match: f"-{match[0].lower()}", name)


FLAVOUR = Flavour(
    name="QTI 3.0",
    namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd",
    resource_type="imsqti_item_xmlv3p0",
    manifest_namespace="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    manifest_schema=("QTI Package", "3.0.0"),
    rename=_renamed,
)
write, cannot_hold, left_out = FLAVOUR.write, FLAVOUR.cannot_hold, FLAVOUR.left_out
