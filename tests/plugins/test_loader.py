"""Plugins that are slow, that use what will go, and that are loaded by several threads."""

import sys
import threading
import warnings
from types import ModuleType

import pluggy
import pytest

from opensvc_core import hookspecs
from opensvc_core.api import Resource, hookimpl
from opensvc_core.errors import DriverUnavailable
from opensvc_core.plugins.claims import DRIVERS, PLUGINS
from opensvc_core.registry import Registry
from opensvc_core.system.confined import kept_output
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.testing.waiting import wait_for

DRIVER = """\
import os, time
from opensvc_core.api import Resource, hookimpl
while not os.path.exists({flag!r}):
    time.sleep(0.01)
class Slow(Resource):
    id = "fs.slow"
@hookimpl
def opensvc_register_drivers():
    return [Slow]
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """The entry point of a driver whose import ends when a file is there, and that file."""
    flag = tmp_path / "flag"
    (tmp_path / "acme_slow.py").write_text(DRIVER.format(flag=str(flag)))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield EntryPoint(DRIVERS, "fs.slow", "acme_slow", "acme-slow", "1.0"), flag
    flag.touch()
    wait_for(lambda: "import of acme_slow" not in {thread.name for thread in threading.enumerate()})
    sys.modules.pop("acme_slow", None)


def test_one_that_took_its_time_is_used_once_it_is_there(slow):
    point, flag = slow
    registry = Registry({}, entry_points=[point], patience=0.01)
    with pytest.raises(DriverUnavailable, match=r"acme-slow 1\.0 failed: its import hangs"):
        registry.driver("fs.slow")
    assert registry.failures() != {}
    flag.touch()
    wait_for(lambda: registry_has(registry, "fs.slow"))
    assert registry.failures() == {}


def registry_has(registry, name):
    try:
        return registry.driver(name).id == name
    except DriverUnavailable:
        return False


def test_threads_that_need_the_same_plugin_get_it(slow):
    point, flag = slow
    registry, found = Registry({}, entry_points=[point]), []
    threads = [threading.Thread(target=lambda: found.append(registry.driver("fs.slow"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    flag.touch()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def hooks_of_a_later_core():
    """The hooks of today, one of which will go."""
    module = ModuleType("later")
    module.__dict__.update(vars(hookspecs))

    def opensvc_status_changed(service, before, after):
        """Going."""

    notice = DeprecationWarning("opensvc_status_changed goes with 4.0; use opensvc_after_action")
    module.opensvc_status_changed = pluggy.HookspecMarker(hookspecs.PROJECT)(opensvc_status_changed, warn_on_impl=notice)
    return module


def test_a_plugin_that_uses_what_will_go_is_used_and_its_maker_is_told(monkeypatch):
    module, told = ModuleType("acme_notify"), []
    module.opensvc_status_changed = hookimpl(lambda service: told.append(service))  # noqa: PLW0108 - hooks are called by the names of parameters
    monkeypatch.setitem(sys.modules, "acme_notify", module)
    point = EntryPoint(PLUGINS, "notify", "acme_notify", "acme-notify", "1.0")
    registry = Registry({}, entry_points=[point], specifications=hooks_of_a_later_core())
    with pytest.warns(DeprecationWarning, match="opensvc_status_changed goes with 4.0"):
        registry.hooks().opensvc_status_changed(service="web", before="", after="up")
    assert told == ["web"]
    (state,) = registry.states(PLUGINS)
    assert (state.problem, state.remarks) == ("", ("opensvc_status_changed goes with 4.0; use opensvc_after_action",))


@pytest.mark.parametrize(("hook", "is_told"), [(lambda service, after: None, False), (lambda before: None, True)], ids=["without", "with"])
def test_a_plugin_that_takes_a_parameter_that_will_go_is_told_so(monkeypatch, hook, is_told):
    later = ModuleType("later")
    later.__dict__.update(vars(hookspecs))
    notice = DeprecationWarning("opensvc_status_changed loses 'before' with 4.0")
    mark = pluggy.HookspecMarker(hookspecs.PROJECT)

    @mark(warn_on_impl_args={"before": notice})
    def opensvc_status_changed(service, before, after):
        """One of its parameters is going."""

    later.opensvc_status_changed = opensvc_status_changed
    module = ModuleType("acme_notify")
    module.opensvc_status_changed = hookimpl(hook)
    monkeypatch.setitem(sys.modules, "acme_notify", module)
    registry = Registry({}, entry_points=[EntryPoint(PLUGINS, "notify", "acme_notify", "acme-notify", "1.0")], specifications=later)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        (state,) = registry.states(PLUGINS)
    assert ([str(one.message) for one in told], state.remarks) == (([str(notice)], (str(notice),)) if is_told else ([], ()))


def test_names_that_are_not_listed_are_not_brought(monkeypatch):
    class Listed(Resource):
        id = "fs.listed"

    class Unlisted(Resource):
        id = "fs.unlisted"

    module = ModuleType("acme_more")
    module.opensvc_register_drivers = hookimpl(lambda: [Listed, Unlisted])
    monkeypatch.setitem(sys.modules, "acme_more", module)
    registry = Registry({}, entry_points=[EntryPoint(DRIVERS, "fs.listed", "acme_more", "acme-more", "1.0")])
    assert registry.driver("fs.listed") is Listed
    with pytest.raises(DriverUnavailable, match=r"no installed plugin provides fs\.unlisted"):
        registry.driver("fs.unlisted")


def test_one_that_brings_a_name_of_another_is_used_for_none_of_its_own(monkeypatch):
    """Nor when it is asked for again."""
    monkeypatch.setitem(sys.modules, "acme_both", both := ModuleType("acme_both"))
    mine, theirs = (type(name, (Resource,), {"id": f"fs.{name}"}) for name in ("mine", "theirs"))
    both.opensvc_register_drivers = hookimpl(lambda: [mine, theirs])
    points = [
        EntryPoint(DRIVERS, "fs.mine", "acme_both", "acme", "1"),
        EntryPoint(DRIVERS, "fs.theirs", "bob", "bob", "1"),
    ]
    registry = Registry({}, entry_points=points)
    for _ in range(2):
        with pytest.raises(DriverUnavailable, match=r"acme 1 failed: it brings fs\.theirs"):
            registry.driver("fs.mine")


def test_what_a_plugin_keeps_of_its_output_is_a_way_out_again_once_it_is_loaded(capsys):
    kept, said = [], []
    with kept_output(said):
        kept.append(sys.stdout)
        print("while it is loaded")
    print("after", file=kept[0])
    assert said == ["while it is loaded", "\n"]
    assert capsys.readouterr().out == "after\n"
