"""Categories of Moodle as topics of items, and back."""

from __future__ import annotations

import re

_CONTEXT = re.compile(r"\$[a-z0-9]+\$")
_COURSE = "$course$/top"


def topic_of(path: str) -> str:
    """What a category path names: without its context and the root; `//` is a slash in a name."""
    names = [name.replace("\0", "/").strip() for name in path.strip().replace("//", "\0").split("/")]
    if names and _CONTEXT.fullmatch(names[0]):
        names = names[1:]
    if names and names[0] == "top":
        names = names[1:]
    return "/".join(name for name in names if name)


def path_of(topic: str) -> str:
    """The path of a category of that name in a course."""
    return f"{_COURSE}/{topic.replace('/', '//')}" if topic else _COURSE
