"""A plugin with a fault harms what names it and nothing else, and is named with its distribution and version."""

import json

import pytest
import strangers

from opensvc_core.errors import DriverUnavailable
from opensvc_core.plugins.claims import GROUPS
from opensvc_core.registry import Registry
from opensvc_core.system.entrypoints import scan

HOOKS, REFERENCES = "opensvc.plugins", "opensvc.references"
WANTS = "opensvc-core>=3,<4"
PLUGINS = [
    ("guarding", HOOKS, ["guarding"], "raise RuntimeError('no licence')\n", WANTS),
    ("telling", HOOKS, ["guarding"], strangers.GUARD.format(hook="after_action()", deed="raise SystemExit(9)"), WANTS),
    ("vault", REFERENCES, ["vault"], strangers.GUARD.format(hook="resolve_reference(prefix, name)", deed="raise OSError('sealed')"), WANTS),
    ("safe", REFERENCES, ["safe"], "raise SystemExit(1)\n", WANTS),
]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder where all of them are installed but those that hang."""
    needs = {"newer": "opensvc-core>=3.9"}
    drivers = [strangers.driver(name, text, needs=needs.get(name, WANTS)) for name, (text, _) in strangers.FAULTY.items()]
    drivers += [strangers.driver("prints", strangers.PRINTS), strangers.driver("poses", strangers.GOOD, points=["fs.poses", "fs.flag"])]
    drivers += [strangers.driver(name, strangers.GOOD.replace("{id}", "twice"), points=["fs.twice"]) for name in ("one", "other")]
    return strangers.install(tmp_path_factory.mktemp("strangers"), [*drivers, *PLUGINS])


@pytest.fixture(scope="session")
def hanging(tmp_path_factory):
    """A folder where one is installed that hangs, and one that is well."""
    projects = [strangers.driver("hangs", strangers.HANGS), strangers.driver("well", strangers.GOOD)]
    return strangers.install(tmp_path_factory.mktemp("hanging"), projects)


@pytest.fixture
def among(root, site):
    """Runs a command line with the strangers installed."""
    return lambda line, code=0: root(line, code=code, PYTHONPATH=str(site))


def web(root, kind):
    """A service with a resource of a stranger beside one of ours, and a service of ours."""
    root.write("etc/web.conf", f"[fs#1]\ntype = flag\n[fs#2]\ntype = {kind}\noptional = true\n")
    root.write("etc/other.conf", "[fs#1]\ntype = flag\n")


def seen(done):
    """The status of each resource in a `print status --format json`, which is all that may stand there."""
    return {rid: one["status"] for rid, one in json.loads(done.stdout)["resources"].items()}


def said_by(done):
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", strangers.FAULTY)
def test_only_the_resource_that_names_it_is_harmed(root, among, name):
    web(root, name)
    assert strangers.FAULTY[name][1] in among("om web print status").stdout
    assert seen(among("om web print status --format json")) == {"fs#1": "down", "fs#2": "undef"}
    among("om web start --local --rid fs#1")
    assert root.is_up("web", "fs#1")
    assert f"acme-{name}" not in said_by(among("om other start --local"))
    assert root.is_up("other", "fs#1")


def test_what_one_prints_is_kept_from_what_programs_read(root, among):
    web(root, "prints")
    done = among("om web print status --format json")
    assert (seen(done), done.stderr) == ({"fs#1": "down", "fs#2": "up"}, "")
    assert "prints when it is loaded: hello" in next(line for line in among("om drivers").stdout.splitlines() if "fs.prints " in line)


def test_a_name_of_ours_stays_ours(root, among):
    web(root, "poses")
    assert seen(among("om web print status --format json")) == {"fs#1": "down", "fs#2": "up"}
    among("om web start --local --rid fs#1")
    assert root.is_up("web", "fs#1")
    rows = [row for row in drivers(among) if row["id"] == "fs.flag"]
    assert [(row["distribution"], row["state"]) for row in rows] == [("acme-poses", "failed"), ("opensvc-driver-fs-flag", "usable")]
    assert "fs.flag belongs to opensvc-driver-fs-flag 3.0.0, which is used; acme-poses 1.2 claims it as well" in rows[0]["problem"]


def test_between_two_strangers_nothing_is_chosen(root, among):
    web(root, "twice")
    said = "fs.twice is claimed by 2 distributions: acme-one 1.2, acme-other 1.2; uninstall all but one of them"
    assert said in among("om web print status").stdout
    assert {row["problem"] for row in drivers(among) if row["id"] == "fs.twice"} == {said}


def drivers(among):
    return json.loads(among("svcmgr drivers --format json").stdout)["drivers"]


def test_the_state_of_each_is_shown(root, among):
    shown = json.loads(among("om drivers --format json").stdout)
    rows = {row["id"]: row for row in shown["drivers"] if row["distribution"].startswith("acme-")}
    unloaded = set(strangers.FAULTY) - {"builds", "quits"}  # these fail when they are used
    assert {name for name in strangers.FAULTY if rows[f"fs.{name}"]["state"] == "failed"} == unloaded
    assert all(row["version"] == "1.2" and (row["state"] == "usable") == (row["problem"] == "") for row in rows.values())
    plugins = {(row["distribution"], row["name"]): row["state"] for row in shown["plugins"] if row["distribution"].startswith("acme-")}
    assert plugins == {
        ("acme-guarding", "guarding"): "failed",
        ("acme-telling", "guarding"): "usable",
        ("acme-vault", "vault://"): "usable",
        ("acme-safe", "safe://"): "failed",
    }
    assert not [row for row in shown["drivers"] if row["distribution"].startswith("opensvc-") and row["state"] == "failed"]


def test_an_action_says_which_plugins_took_no_part(root, among):
    web(root, "prints")
    done = among("om other start --local")
    assert "plugin acme-telling 1.2: opensvc_after_action failed: SystemExit: 9" in said_by(done)
    assert "plugin acme-guarding 1.2 failed: RuntimeError: no licence" in said_by(done)
    assert root.is_up("other", "fs#1")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("vault://key", "vault:// can't be resolved: acme-vault 1.2 failed: OSError: sealed"),
        ("safe://key", "safe:// can't be resolved: acme-safe 1.2 failed: SystemExit: 1"),
    ],
)
def test_a_reference_that_fails_harms_the_resource_that_has_it(root, among, reference, said):
    root.write("etc/web.conf", f"[fs#1]\ntype = flag\n[fs#2]\ntype = directory\npath = /srv/{{{reference}}}\n")
    assert seen(among("om web print status --format json")) == {"fs#1": "down", "fs#2": "undef"}
    assert said in among("om web print status").stdout
    assert said in said_by(among("om web validate config", code=None))


def test_one_that_hangs_is_given_up(root, hanging):
    web(root, "hangs")
    done = root("om web print status", PYTHONPATH=str(hanging))
    assert "acme-hangs 1.2 failed: its import hangs: it has not ended within 20 s" in done.stdout
    assert "fs#1           ........ down" in done.stdout


def test_one_that_hangs_keeps_none_from_being_used_and_is_waited_for_once(hanging, monkeypatch):
    monkeypatch.syspath_prepend(str(hanging))
    registry = Registry({}, entry_points=scan(GROUPS, [str(hanging)]), patience=0.2)
    for _ in range(100):
        with pytest.raises(DriverUnavailable, match=r"acme-hangs 1\.2 failed: its import hangs"):
            registry.driver("fs.hangs")
    patient = Registry({}, entry_points=scan(GROUPS, [str(hanging)]))
    assert patient.driver("fs.well").id == "fs.well"
