"""What the documents say is so: commands, modules, pages, settings, dependencies, and the two READMEs that must agree."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import typer
import yaml

from quiz import __version__
from quiz.cli import app
from quiz.settings import Settings
from quiz.ui import navigation
from tests.architecture import project

READMES = ("README.md", "README.zh-CN.md")
SECTIONS = {"Run it": "运行", "Test it": "测试", "What is in it": "有什么", "Command line": "命令行", "Find your way": "文档"}
PROMISED = {
    "setup": {"--demo"},
    "serve": {"--port", "--address"},
    "account create": {"--account", "--role", "--region", "--department", "--password-stdin"},
    "roster import": {"--dry-run", "--json"},
    "roster template": set(),
    "bank list": {"--json"},
    "bank check": {"--json"},
    "bank import": {"--bank", "--title", "--format", "--dry-run", "--json", "--fixed"},
    "bank export": {"--format", "--output"},
    "programme list": {"--json"},
    "coverage": {"--by", "--as-of", "--json"},
    "scores": {"--by", "--json"},
    "backup": set(),
    "restore": set(),
    "audit verify": set(),
}
"""The command line that others rely on: it may grow, nothing of it may go."""
RESERVED = {"coverage verify": "coverage"}
"""A word that stands where an argument of the command would."""


class Program:
    """The command line as Typer built it."""

    def __init__(self) -> None:
        self.options: dict[str, set[str]] = {}
        self.arguments: dict[str, tuple[str, ...]] = {}
        self.choices: dict[tuple[str, str], set[str]] = {}
        self._walk(typer.main.get_command(app), "")

    def _walk(self, command: Any, name: str) -> None:
        if hasattr(command, "commands"):
            for word, inner in command.commands.items():
                self._walk(inner, f"{name} {word}".strip())
            return
        shown = [option for option in command.params if option.param_type_name == "option" and not option.hidden and option.name != "help"]
        self.options[name] = {text for option in shown for text in option.opts}
        self.arguments[name] = tuple(str(each.name).upper() for each in command.params if each.param_type_name == "argument")
        for option in shown:
            if choices := _choices(option.type_descriptor.annotation):
                self.choices[name, option.opts[0]] = choices


def _choices(annotation: object) -> set[str]:
    """What an option may be, when its type lists it."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {str(each.value) for each in annotation}
    return set(get_args(annotation)) if get_origin(annotation) is Literal else set()


@pytest.fixture(scope="module")
def program() -> Program:
    return Program()


def _commands(readme: str, program: Program) -> list[project.Usage]:
    block = next(block for block in project.blocks(project.read(readme)) if block.startswith("setup "))
    return project.usages(block, {*program.options, *RESERVED})


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_names_every_command_and_every_option_and_no_other(readme: str, program: Program) -> None:
    told: dict[str, set[str]] = {}
    for usage in _commands(readme, program):
        told.setdefault(RESERVED.get(usage.command, usage.command), set()).update(usage.options)

    assert told == program.options


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_tells_arguments_and_choices_as_they_are(readme: str, program: Program) -> None:
    for usage in _commands(readme, program):
        command = RESERVED.get(usage.command, usage.command)

        assert usage.arguments == (() if usage.command in RESERVED else program.arguments[command])
        for option, values in usage.choices:
            assert set(values) == program.choices[command, option]


def test_every_promised_command_and_option_exists(program: Program) -> None:
    missing = {name: options - program.options.get(name, set()) for name, options in PROMISED.items() if name not in program.options}
    missing |= {name: lacking for name, options in PROMISED.items() if (lacking := options - program.options.get(name, set()))}

    assert missing == {}
    assert program.choices["account create", "--role"] == {"trainee", "trainer", "office", "administrator"}
    assert program.choices["coverage", "--by"] >= {"region", "sector", "department", "role"}
    assert program.choices["scores", "--by"] >= {"enterprise", "role", "region"}


def test_both_readmes_have_the_same_sections_commands_tables_and_links(program: Program) -> None:
    english, chinese = (project.read(name) for name in READMES)

    assert [SECTIONS[heading] for heading in project.headings(english)] == project.headings(chinese)
    assert _commands("README.md", program) == _commands("README.zh-CN.md", program)
    assert _shell(english) == _shell(chinese)
    assert project.first_column(english, "Run it") == project.first_column(chinese, "运行")
    assert set(project.links(english)) - {"README.zh-CN.md"} == set(project.links(chinese)) - {"README.md"}


def _shell(text: str) -> list[list[str]]:
    """The lines of the shell blocks without their comments."""
    blocks = [block for block in project.blocks(text) if not block.startswith("setup ")]
    return [[re.sub(r"\s*#.*", "", line) for line in block.splitlines()] for block in blocks]


def test_the_readme_counts_the_banks_and_items_there_are() -> None:
    banks = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((project.ROOT / "question_banks/items").glob("*.yaml"))]
    items = sum(len(bank["items"]) for bank in banks)

    assert f"{items:,} items" in project.read("README.md")
    assert f"{items:,} 题" in project.read("README.zh-CN.md")


def test_every_link_of_a_document_leads_somewhere() -> None:
    documents = [path for path in project.files() if path.suffix == ".md"]
    dead = {
        f"{project.shown(path)}: {target}"
        for path in documents
        for target in project.links(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    }

    assert dead == set()


def test_pictures_are_small_enough_to_be_read_on_a_phone() -> None:
    pictures = {project.shown(path): path.stat().st_size for path in project.files() if path.suffix == ".png"}

    assert {name: size for name, size in pictures.items() if size > 250_000} == {}


def test_the_map_names_every_room_and_only_what_exists() -> None:
    text = project.read("docs/map.md")
    house = project.blocks(text)[0]
    named = _house(house) | {ROOM_FILE.match(token)[0] for token in _quoted(text) if ROOM_FILE.match(token)}  # type: ignore[index]

    assert {name for name in named if not _exists(name)} == set()
    rooms = {path.name for path in (project.ROOT / "quiz").iterdir() if (path / "__init__.py").exists() or path.name == "migrations"}
    loose = {path.name for path in (project.ROOT / "quiz").glob("*.py")} - {"__init__.py", "__main__.py"}
    assert {f"{room}/" for room in rooms} | loose <= {name.removeprefix("quiz/") for name in _house(house)}


ROOM_FILE = re.compile(r"[a-z_]+(?:/[a-z_*]+)+(?:/|\.[a-z_*]+(?:\.py)?)?$")


def _quoted(text: str) -> set[str]:
    return {token for token in re.findall(r"`([^`\n]+)`", text) if " " not in token and "<" not in token}


def _house(block: str) -> set[str]:
    """Paths of the folder list: what stands before the explanation, indented below its folder."""
    names: set[str] = set()
    for line in block.splitlines():
        left = re.split(r"\s{2,}", line.strip())[0]
        below = "quiz/" if line.startswith("  ") else ""
        names |= {f"{below}{token}" for token in left.split() if re.fullmatch(r"[a-z_]+(\.py|/)", token)}
    return names


def _exists(name: str) -> bool:
    """`quiz/ui/navigation.py`, `coverage/tally.py`, `player*.js`, or a function: `attempts/service.hand_in`."""
    for base in (project.ROOT, project.ROOT / "quiz"):
        if any(base.glob(name.rstrip("/"))):
            return True
        module, _, attribute = name.rpartition(".")
        path = base / f"{module}.py"
        if module and path.exists():
            return bool(re.search(rf"^(def|class) {attribute}\b", path.read_text(encoding="utf-8"), re.MULTILINE))
    return False


def test_decisions_are_numbered_and_state_context_and_decision() -> None:
    decisions = sorted((project.ROOT / "docs/decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]

    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert [path.name for path in decisions if not _is_a_decision(path)] == []


def _is_a_decision(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    titled = re.match(rf"# {path.name[:4]}\. \S", text)
    return bool(titled) and "**Context.**" in text and "**Decision.**" in text


PINNED = re.compile(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*( ; [a-z_]+ [!=]= \"\w+\")?$")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = [line for line in project.read(name).splitlines() if line and not line.startswith(("#", "-r "))]

    assert [line for line in lines if not PINNED.match(line)] == []
    assert len({line.split("==")[0].lower() for line in lines}) == len(lines)


@pytest.mark.parametrize(("name", "heading"), [("requirements.txt", "Server"), ("requirements-dev.txt", "Tests and checks")])
def test_every_direct_requirement_is_justified_and_nothing_else(name: str, heading: str) -> None:
    direct = project.read(name).split("# Direct:\n")[1].split("#")[0]
    required = [_package(line.split("==")[0]) for line in direct.split("\n") if line]

    justified = [_package(each) for cell in project.first_column(project.read("docs/dependencies.md"), heading) for each in cell.split(",")]

    assert sorted(justified) == sorted(required)


def _package(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def test_every_page_is_in_the_menu_and_the_menu_names_only_pages() -> None:
    assert sorted(screen.file for screen in navigation.SCREENS) == sorted(path.name for path in (project.ROOT / "pages").glob("*.py"))


def test_operations_lists_every_setting_with_its_default() -> None:
    rows = [line.split("|") for line in project.read("docs/operations.md").splitlines() if line.startswith("| `")]
    told = {row[1].strip().strip("`"): row[2].strip().strip("`") for row in rows}

    assert told.pop("PORT") == "8501"
    assert told == {f"ANKAO_{name.upper()}": _default(field.default) for name, field in Settings.model_fields.items()}


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "empty"


def test_the_guide_has_a_chapter_for_each_of_the_four_kinds_of_people() -> None:
    guide = project.read("docs/user-guide.zh-CN.md")

    chapters = " ".join(project.headings(guide))
    assert [who for who in ("主要负责人", "培训教师", "办公室", "系统管理员") if who not in chapters] == []
    unnamed = [screen.title for screen in navigation.SCREENS if screen.title not in guide]
    assert unnamed == []


def test_the_guide_lists_every_column_of_the_roster_template() -> None:
    columns = yaml.safe_load(project.read("quiz/organisations/data/roster_columns.yaml"))
    offered = [column["title"] for column in columns if column.get("in_template", True) and not column.get("ignored")]

    told = project.first_column(project.read("docs/user-guide.zh-CN.md"))

    assert [title for title in offered if title not in told] == []


def test_no_file_speaks_of_the_workshop_it_was_made_in() -> None:
    names = ("clau" + "de", "anthro" + "pic", "chat" + "gpt", "open" + "ai", "co" + "pilot", "sub" + "agent")
    words = (*names, "/" + "work/", "/tmp/" + "w/", "../" + "shared/")
    spoken = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}" for word in words), re.IGNORECASE)
    texts = {".py", ".md", ".txt", ".toml", ".yaml", ".css", ".js", ".html", ".mako", "", ".cfg", ".ini", ".svg", ".json", ".sh"}
    found = [
        f"{project.shown(path)}:{number}"
        for path in project.files()
        if path.suffix in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if spoken.search(line)
    ]

    assert found == []


def test_the_version_is_the_one_the_changelog_tells_of_last() -> None:
    told = re.search(r"^## (\S+)", (project.ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert told is not None and told[1] == __version__
