"""The documentation as tests: what the pages show is run, what they name exists, what is made from the code is current."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import generate
import pytest
from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.lease.watchdog import Watchdog
from opensvc_daemon.listener.metrics import FAMILIES
from opensvc_daemon.listener.served import KINDS
from pages.installed import plugin_sections

from opensvc_core import Node, hookspecs
from opensvc_core.cli.table import commands
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Severity
from opensvc_core.config.vocabulary import HOST_SECTIONS
from opensvc_core.model.status import _MERGES, Status
from opensvc_core.testing.ports import free_port

TOP = Path(__file__).parents[2]
EXAMPLES = sorted(manifest.parent for manifest in TOP.glob("docs/how-to/*/pyproject.toml"))
PAGES = [
    *sorted(TOP.glob("*.md")),
    *sorted(TOP.glob("changes/*.md")),
    *(page for place in ("docs/**", "plugins/*", "drivers_*/*") for page in sorted(TOP.glob(f"{place}/*.md"))),
]
# Pages whose Python, all of it, is a program.
PROGRAMS = [TOP / "docs" / "how-to" / name for name in ("embed.md", "try-faults.md")]
RUN_ON_NODES = ("guard-takeovers", "run-containers", "run-on-two-nodes")
NOT_RUN = re.compile(r"(?:^<!-- not run: (.+) -->\n+)?^```(?:sh|text)$", re.MULTILINE)
# What the pages write for a folder and a port; here each test has its own.
FOLDER, PORT = "/tmp/osvc", "8080"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HOOK = re.compile(r"\bopensvc_(?!core|driver|daemon|example|applications|linux|node_hooks|file_references|openha)[a-z_]+\b")
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d"), "MOMENT"),
    (re.compile(r"\d:\d\d:\d\d\.\d{6}"), "DURATION"),
    (re.compile(r"\b\d\d:\d\d:\d\d(\.\d{3})?\b"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b\d{10}\.\d+"), "SECONDS"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "NUMBER"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b\d+\.\d{3} s\b|\b[\d.,]+ seconds\b"), "SECONDS"),
    (re.compile(r'"pids": "[\d ]+"'), '"pids": "N"'),
    (re.compile(r"\bkill \d+"), "kill PID"),
    (re.compile(r"\bas user \S+"), "as user NAME"),
)


class Block(NamedTuple):
    language: str
    title: str
    text: str


class Step(NamedTuple):
    command: str
    output: str


def blocks(page, language=""):
    found = [Block(*match.groups(default="")) for match in BLOCK.finditer(page.read_text("utf-8"))]
    return [block for block in found if language in ("", block.language)]


def pages_with(language):
    return [pytest.param(page, id=str(page.relative_to(TOP))) for page in PAGES if blocks(page, language)]


def steps(page):
    """The commands of a page's console blocks: `$ ` begins one, `> ` goes on with it, all else is its output."""
    found = []
    for line in "".join(block.text for block in blocks(page, "console")).splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], ""))
        elif line == ">" or line.startswith("> "):
            found[-1] = Step(f"{found[-1].command}\n{line[2:]}", "")
        else:
            found[-1] = Step(found[-1].command, f"{found[-1].output}{line}\n")
    return found


def outputs(commands, folder, environment):
    """What the commands of one shell print, each for itself."""
    port = str(free_port())
    script = "exec 2>&1\n" + "".join(f"{command}\nstatus=$?; printf '\\036'; (exit $status)\n" for command in commands)
    script = script.replace(FOLDER, str(folder)).replace(PORT, port)
    done = subprocess.run(["bash", "-c", script], env=environment, cwd=TOP, stdout=subprocess.PIPE, text=True, timeout=280, check=False)
    return done.stdout.replace(str(folder), FOLDER).replace(port, PORT).split("\036")[:-1]


def transcript(found):
    return "".join(f"$ {step.command}\n{steady(step.output)}" for step in found).splitlines()


def steady(text):
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text


def anchors(page):
    """The anchors of a page's headings, as code forges make them."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """A folder with the examples of the how-tos as pip would install them."""
    target = tmp_path_factory.mktemp("example")
    for folder in EXAMPLES:
        _install(folder, target)
    return target


def _install(folder, target):
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    module = project["name"].replace("-", "_")
    shutil.copytree(folder / module, target / module)
    metadata = target / f"{module}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", "utf-8")
    groups = (
        (group, "\n".join(f"{name} = {module}" for name, module in points.items())) for group, points in project["entry-points"].items()
    )
    (metadata / "entry_points.txt").write_text("".join(f"[{group}]\n{lines}\n" for group, lines in groups), "utf-8")


@pytest.fixture
def environment(root, example):
    """A shell of a person who works below a folder, with the examples installed."""
    return root.environment({"PYTHONPATH": str(example), "PYTHONUNBUFFERED": "", "LC_ALL": "C.UTF-8"})


def test_the_reference_is_current():
    assert generate.stale() == [], "'make docs' writes them"


def test_every_command_that_is_installed_is_described(tmp_path):
    headings = re.findall(r"^### (.+)$", (TOP / "docs" / "reference" / "commands.md").read_text("utf-8"), re.MULTILINE)
    installed = commands(Node(root=tmp_path, nodename="n1").registry.commands())
    assert sorted(headings) == sorted(verb.name for verb in installed)


def test_every_section_of_the_nodes_files_is_described():
    text = (TOP / "docs" / "reference" / "keywords.md").read_text("utf-8")
    brought = {word for word, _, _ in plugin_sections()}
    assert "hook" in brought
    assert {name for name in {*HOST_SECTIONS, *brought} if not re.search(rf"^## .*`\[{name}(#NAME)?\]`", text, re.MULTILINE)} == set()


@pytest.mark.parametrize("page", pages_with("console"))
def test_commands_print_what_the_page_shows(page, environment, root):
    shown = steps(page)
    found = outputs([step.command for step in shown], root.folder, environment)
    assert transcript(shown) == transcript(Step(step.command, output) for step, output in zip(shown, found, strict=True))


@pytest.mark.parametrize("name", RUN_ON_NODES)
def test_commands_that_are_not_run_have_a_reason(name):
    """On pages whose `nodes` blocks tests/system/test_documented.py runs; a test that a reason names is there."""
    page = TOP / "docs" / "how-to" / f"{name}.md"
    reasons = NOT_RUN.findall(page.read_text("utf-8"))
    assert all(reasons), "<!-- not run: REASON --> before a block"
    named = re.findall(r"\btests/[\w/.]+", " ".join(reasons))
    assert [path for path in named if not (TOP / path).exists()] == []
    assert blocks(page, "nodes")


@pytest.mark.parametrize("page", pages_with("ini"))
def test_configurations_have_no_errors(page, example, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(example))
    node = Node(root=tmp_path, nodename="n1")
    for block in blocks(page, "ini"):
        document = Document.parse(block.text, older=block.title.endswith(".env"), path=str(page))
        groups = {name.partition("#")[0] for name in document.sections()}
        files = groups & {"node", "cluster", "hook", "webhook"}
        found = node.validate("node", document) if files else node.service("svc1").validate(document)
        # a file that a value stands in is not there on the host of the test
        assert [str(finding) for finding in found if finding.severity is Severity.ERROR and "{file://" not in finding.value] == []


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: page.stem)
def test_python_prints_what_the_page_shows(page, environment, root):
    found = blocks(page)
    code = "".join(block.text if block.language == "python" else "" for block in found).replace(FOLDER, str(root.folder))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=root.folder, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.stderr == ""
    shown = "".join(block.text for block in found if block.language == "text")
    assert steady(done.stdout.replace(str(root.folder), FOLDER)) == steady(shown)


def test_python_is_typed(tmp_path):
    """The Python of the pages, and the packages that they show: by the strictest rules that mypy has."""
    files = []
    for page in PROGRAMS:
        files.append(tmp_path / f"{page.stem.replace('-', '_')}.py")
        files[-1].write_text("".join(block.text for block in blocks(page, "python")), "utf-8")
    options = ["--strict", "--cache-dir", tmp_path / "cache", "--config-file", os.devnull]
    code = [*files, *(path for folder in EXAMPLES for path in folder.rglob("*.py"))]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *code],
        env={**os.environ, "MYPYPATH": ":".join(map(str, EXAMPLES))},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(BLOCK.sub("", page.read_text("utf-8"))):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{link}: no such file"
            assert not anchor or anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_hooks_and_metrics_that_are_named_exist(page):
    metrics = {f"opensvc_{family.name}" for family in FAMILIES}
    named = {name.removesuffix("_bucket") for name in HOOK.findall(page.read_text("utf-8"))}
    unknown = {name for name in named - metrics if not hasattr(hookspecs, name)}
    assert unknown == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
@pytest.mark.parametrize("page", pages_with("systemd"))
def test_units_are_what_systemd_takes(page, tmp_path):
    for block in blocks(page, "systemd"):
        unit = tmp_path / block.title
        unit.write_text(re.sub(r"/opt/opensvc/bin/python3", sys.executable, block.text), "utf-8")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=280, check=False)
        assert (done.returncode, [line for line in done.stderr.splitlines() if block.title in line]) == (0, [])


def test_the_sets_of_the_lease_fit():
    text = (TOP / "docs" / "how-to" / "guard-takeovers.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([\d.]+)s \| ([\d.]+)s \| ([\d.]+)s \| (\d+)s \|$", text, re.MULTILINE)
    assert len(rows) == 4
    for lease, renewal, limit, timeout in (map(float, row) for row in rows):
        terms = LeaseTerms(lease, renewal, limit)
        assert [*terms.findings(), *Watchdog(timeout, terms).findings()] == []


def test_the_table_of_merges_is_the_one_of_the_code():
    rows = re.findall(r"^\| ([^|]+) \| `([^`|]+)` \|$", (TOP / "docs" / "explanation" / "status.md").read_text("utf-8"), re.MULTILINE)
    words = [(re.findall("`([^`]+)`", kinds), merged) for kinds, merged in rows]
    assert {frozenset(map(Status, kinds)): Status(merged) for kinds, merged in words} == _MERGES


def test_the_kinds_of_events_are_those_of_the_code():
    text = (TOP / "docs" / "how-to" / "use-the-api.md").read_text("utf-8")
    (table,) = re.findall(r"^\| kind \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == KINDS


def test_the_keys_of_the_machine_format_are_described():
    text = (TOP / "docs" / "reference" / "layouts.md").read_text("utf-8")
    keys = set(re.findall(r'^ {4}"(\w+)":', text, re.MULTILINE))
    assert "status_group" in keys
    assert {key for key in keys if f"`{key}`" not in text} == set()


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_how_to_quotes_the_files_of_its_example(folder):
    quoted = {block.title: block.text for block in blocks(folder.with_suffix(".md")) if block.title}
    assert quoted == {name: (folder / name).read_text("utf-8") for name in quoted}
    assert {str(file.relative_to(folder)) for file in folder.rglob("*.py") if file.name != "__init__.py"} <= quoted.keys()
