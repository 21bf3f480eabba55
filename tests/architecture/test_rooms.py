"""The rules of the house: which room may import which, and what plugins may use."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from opensvc_core import __version__

TOP = Path(__file__).parents[2]
CORE = TOP / "opensvc_core"
# From the cellar up: a room imports from rooms below it, or from itself.
FLOORS = (
    ("errors", "model", "__init__"),
    ("schedule",),
    ("config",),
    ("plan",),
    ("driver",),
    ("hookspecs", "api"),
    ("system",),
    ("plugins",),
    ("registry",),
    ("kit",),
    ("instance",),
    ("cli",),
    ("testing",),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
PURE = ("errors", "model", "schedule", "config", "plan")
# What reaches the world outside: files, processes, clocks, sockets, the environment.
EFFECTS = {
    "os",
    "subprocess",
    "socket",
    "time",
    "pathlib",
    "shutil",
    "tempfile",
    "threading",
    "signal",
    "psutil",
    "pluggy",
    "glob",
    "io",
    "logging",
}
# The one door; and its errors alone, for what every command imports: the door costs 100 ms. So it does for the daemon's
# supervisor, which lives long and imports little, and writes to a log as everybody does.
DOORS = {"opensvc_core.api", "opensvc_core.errors", "opensvc_core.system.logfile"}
SHARED = {"opensvc_applications", "opensvc_heartbeats", "opensvc_linux"}


def modules(folder):
    return sorted(path for path in folder.rglob("*.py") if "tests" not in path.parts and ".venv" not in path.parts)


def imports(path):
    """Every module imported anywhere in a file, those inside functions counted, with its line."""
    tree = ast.parse(path.read_text())
    if path == CORE / "api.py":
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module, node.lineno
            if node.module == "opensvc_core":
                yield from ((f"opensvc_core.{alias.name}", node.lineno) for alias in node.names)


def room_of(path):
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def is_lazy_door(path):
    """The package's own `__init__` hands out Node when asked, as `api` does, by name: the arrows that point up."""
    return path == CORE / "__init__.py"


def test_every_room_has_its_floor():
    rooms = {room_of(path) for path in modules(CORE)}
    assert rooms <= set(FLOOR), f"rooms without a floor: {sorted(rooms - set(FLOOR))}"


def test_imports_point_down_the_house():
    wrong = []
    for path in modules(CORE):
        for name, line in imports(path):
            target = name.split(".")[1] if name.startswith("opensvc_core.") else None
            if target in FLOOR and not is_lazy_door(path) and FLOOR[target] > FLOOR[room_of(path)]:
                wrong.append(f"{path.relative_to(TOP)}:{line} imports {name}")
    assert wrong == []


def test_pure_rooms_touch_nothing_outside():
    wrong = []
    for path in modules(CORE):
        if room_of(path) in PURE:
            wrong += [f"{path.relative_to(TOP)}:{line} imports {name}" for name, line in imports(path) if name.split(".")[0] in EFFECTS]
    assert wrong == []


def test_no_import_cycle():
    graph = {}
    for path in modules(CORE):
        if not is_lazy_door(path):
            name = ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")
            graph[name] = {target for target, _ in imports(path) if target.startswith("opensvc_core.")}
    done, way = set(), []

    def visit(name):
        assert name not in way, " → ".join([*way[way.index(name) :], name])
        if name in done or name not in graph:
            return
        way.append(name)
        for target in sorted(graph[name]):
            visit(target)
        way.pop()
        done.add(name)

    for name in graph:
        visit(name)


def driver_ids():
    for manifest in TOP.glob("*/*/pyproject.toml"):
        section = manifest.read_text().partition('[project.entry-points."opensvc.drivers"]')[2].partition("\n[")[0]
        yield from (name for name in re.findall(r'^"?([\w.]+)"?\s*=', section, re.MULTILINE) if "." in name)


def test_no_driver_id_is_spelled_in_the_core():
    found = sorted(driver_ids())
    assert found
    wrong = []
    for path in modules(CORE):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and node.value in found:
                wrong.append(f"{path.relative_to(TOP)}:{node.lineno} {node.value}")
    assert wrong == []


PLUGINS = [
    manifest.parent
    for folder in ("plugins", "drivers_linux", "drivers_docker")
    for manifest in sorted((TOP / folder).glob("*/pyproject.toml"))
]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_plugins_enter_by_the_one_door(plugin):
    own = {path.name for path in plugin.iterdir() if path.is_dir()}
    wrong = []
    for path in modules(plugin):
        for name, line in imports(path):
            top = name.split(".")[0]
            is_allowed = top == "opensvc_core" or top in own | SHARED or top in sys.stdlib_module_names
            is_for_tests = path.name == "testing.py" and name.startswith("opensvc_core.testing.")
            if top == "opensvc_core" and name not in DOORS and not is_for_tests:
                is_allowed = False
            if top.startswith("opensvc_") and not is_allowed:
                wrong.append(f"{path.relative_to(TOP)}:{line} imports {name}")
    assert wrong == []


def declared(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text())


def packages(folder):
    """What a distribution brings, by the names that Python imports."""
    return set(declared(folder)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


@pytest.mark.parametrize("folder", [TOP, *PLUGINS], ids=lambda folder: folder.name)
def test_distributions_need_what_they_declare_and_declare_what_they_need(folder):
    own, project = packages(folder), declared(folder)["project"]
    of_ours = {declared(one)["project"]["name"]: packages(one) for one in (TOP, *PLUGINS)}
    needed = {re.match(r"[\w-]+", text)[0] for text in project["dependencies"]}
    known = {module for name in needed for module in of_ours.get(name, {name})}
    used = {name.split(".")[0] for package in own for path in modules(folder / package) for name, _ in imports(path) if is_used(path, name)}
    assert used - sys.stdlib_module_names - own == known


def is_used(path, name):
    """pytest is wanted by what tries drivers, for which it is in an extra of the core: `opensvc-core[test]`."""
    is_for_tests = path.stem == "testing" or path.is_relative_to(CORE / "testing")
    return not (is_for_tests and name == "pytest")


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_hook_modules_hold_only_hooks(plugin):
    for path in plugin.glob("*/hooks.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                marks = [getattr(mark, "id", "") or getattr(getattr(mark, "func", None), "id", "") for mark in node.decorator_list]
                assert "hookimpl" in marks, f"{path.relative_to(TOP)}:{node.lineno} {node.name} is no hook"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_every_plugin_is_a_whole_distribution(plugin):
    manifest = (plugin / "pyproject.toml").read_text()
    assert f'version = "{__version__}"' in manifest
    assert "hatchling" in manifest
    assert (plugin / "README.md").read_text().strip()
    assert list(plugin.glob("tests/test_*.py")), "a plugin has tests of its own"


def test_the_contract_is_complete():
    from opensvc_core import api

    assert len(api.__all__) == len(set(api.__all__))
    assert all(hasattr(api, name) for name in api.__all__)


def test_drivers_are_spared_what_runs_services():
    code = "import sys; import opensvc_core.api; print([name for name in sys.modules if name.startswith('opensvc_core.instance')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
