"""The pytest plugin: a node below a folder, the suites of installed drivers, and a report of the promises that are broken.

It imports nothing of the agent until asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from opensvc_core.instance.node import Node

# those that assert; the promises say themselves what they have found
pytest.register_assert_rewrite(*(f"opensvc_core.testing.{name}" for name in ("bench", "forks", "syncing", "telling")))
_DRIVERS: Final = "opensvc_driver"
# Under this name a report of a test says which promise was broken.
_BROKEN: Final = "opensvc_promise"
# The files to collect, each with the names of the drivers that it is collected for.
_SUITES: Final = pytest.StashKey[dict[Path, list[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--opensvc-driver`."""
    parser.getgroup("opensvc").addoption(
        "--opensvc-driver",
        action="append",
        default=[],
        dest=_DRIVERS,
        metavar="ID",
        help="Run the conformance suite of this installed driver, and nothing else unless files are named. May be repeated.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the suites of the drivers that the command line names."""
    names: list[str] = config.getoption(_DRIVERS)
    if names:
        config.stash[_SUITES] = files = _suites(names)
        named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*named, *map(str, files)]


def _suites(names: list[str]) -> dict[Path, list[str]]:
    """The files to collect; the first of its names is what one is called in reports."""
    from opensvc_core.testing.installed import NotThere, suite_file  # noqa: PLC0415

    files = {Path(__file__).with_name("declaration.py"): ["declaration"]}
    try:
        for name in names:
            if file := suite_file(name):
                files.setdefault(file, []).append(name)
    except NotThere as error:
        raise pytest.UsageError(f"--opensvc-driver: {error}") from error
    return files


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which drivers are tried, and whose they are."""
    names: list[str] = config.getoption(_DRIVERS)
    if not names:
        return []
    from opensvc_core.testing.installed import driver_point  # noqa: PLC0415

    points = [driver_point(name) for name in names]
    return [f"opensvc driver: {point.name} of {point.owner}" for point in points]


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Call a suite by its driver: its file stands anywhere, and tells nothing."""
    names = parent.config.stash.get(_SUITES, {}).get(module_path)
    return pytest.Module.from_parent(parent, path=module_path, nodeid=names[0]) if names else None


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> pytest.Class | None:
    """Of a module that a driver's entry point names, the suites of that driver are tests, whatever they are called."""
    names = collector.config.stash.get(_SUITES, {}).get(collector.path, [])
    if not names or not isinstance(obj, type) or name.startswith("_"):
        return None
    from opensvc_core.testing.installed import ids_of  # noqa: PLC0415
    from opensvc_core.testing.suite import Trial  # noqa: PLC0415

    is_own = issubclass(obj, Trial) and obj.__module__ == collector.getparent(pytest.Module).obj.__name__  # type: ignore[union-attr]
    is_asked = is_own and (not obj.driver or any(obj.driver.lower() in ids_of(one) for one in names))  # type: ignore[attr-defined]
    return pytest.Class.from_parent(collector, name=name, obj=obj) if is_asked else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the promises that a conformance class says don't apply to its driver."""
    items[:] = [
        item for item in items if getattr(item, "originalname", "") not in getattr(getattr(item, "cls", None), "does_not_apply", ())
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note of a promise that is broken where to look."""
    report = yield
    if report.failed and call.excinfo is not None and isinstance(item, pytest.Function) and _is_promise(item):
        from opensvc_core.testing.report import told  # noqa: PLC0415

        report.user_properties.append((_BROKEN, told(item, call.excinfo.value, had_begun=call.when != "setup")))
    return report


def _is_promise(item: pytest.Function) -> bool:
    """It is a test of a suite, or of what a driver declares."""
    return item.cls is not None and any(base.__module__.startswith("opensvc_core.testing.") for base in item.cls.__mro__)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why some of the drivers that the command line names could not be tried; the promises that were broken, with where to look."""
    if terminalreporter.config.getoption(_DRIVERS):
        _tell_skipped(terminalreporter)
    reports = [report for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, ())]
    found = dict.fromkeys(str(text) for report in reports for name, text in getattr(report, "user_properties", ()) if name == _BROKEN)
    if found:
        terminalreporter.section("broken promises")
        here = f"{Path.cwd()}/"
        for text in found:
            terminalreporter.line(text.replace(here, ""))


def _tell_skipped(terminalreporter: pytest.TerminalReporter) -> None:
    """Each reason with the number of tests: without `-r`, pytest tells the number alone."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple))
    if reasons:
        terminalreporter.section("not tried here")
        for reason, number in reasons.items():
            terminalreporter.line(f"{number} {'test' if number == 1 else 'tests'}: {reason.removeprefix('Skipped: ')}")


@pytest.fixture
def node_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node below `tmp_path / "root"` with the installed drivers, for the test alone.

    The environment names it too (OSVC_ROOT_PATH, OSVC_NODENAME), so that commands which the test runs act on the same
    node. However the test ends, its services are stopped, and their processes and control groups are ended.
    """
    from opensvc_core.testing.nodes import end_all, make_node  # noqa: PLC0415 - pytest loads this plugin for every project

    node = make_node(tmp_path / "root")
    monkeypatch.setenv("OSVC_ROOT_PATH", str(tmp_path / "root"))
    monkeypatch.setenv("OSVC_NODENAME", node.name)
    try:
        yield node
    finally:
        end_all(node)
