"""The units for systemd: their text, and the files that are theirs."""

from pathlib import Path

import pytest

from opensvc_core.errors import ActionRefused
from opensvc_core.system import units

OM = Path("/opt/opensvc/bin/om")


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def test_the_units_call_the_command_of_this_installation():
    texts = units.texts(OM, {})
    assert "ExecStart=/opt/opensvc/bin/om ** boot --local\n" in texts[units.BOOT]
    assert "ExecStop=/opt/opensvc/bin/om node shutdown\n" in texts[units.HALT]


def test_what_another_node_needs_is_given_to_it():
    texts = units.texts(OM, {"OSVC_ROOT_PATH": "/srv/a b", "OSVC_NODENAME": "n%1"})
    for name in (units.BOOT, units.HALT, units.SCHEDULE):
        assert 'Environment=OSVC_NODENAME=n%%1\nEnvironment="OSVC_ROOT_PATH=/srv/a b"\n' in texts[name]


@pytest.mark.parametrize(
    ("path", "word"), [("/a b/om", '"/a b/om"'), ("/50%/om", "/50%%/om"), ('/q"/om', '"/q\\"/om"'), ("/n\n/om", '"/n\\n/om"')]
)
def test_a_path_is_one_word_of_the_unit(path, word):
    assert f"ExecStart={word} ** boot" in units.texts(Path(path), {})[units.BOOT]


def test_installing_twice_writes_once(folder):
    texts = units.texts(OM, {})
    assert [file.name for file in units.install(texts, folder)] == [units.BOOT, units.HALT, units.SCHEDULE, units.ONE, units.TIMER]
    assert units.install(texts, folder) == []
    assert (folder / units.BOOT).read_text() == texts[units.BOOT]
    assert (folder / units.BOOT).stat().st_mode & 0o777 == 0o644


def test_units_of_an_earlier_installation_are_replaced(folder):
    units.install(units.texts(Path("/old/om"), {}), folder)
    assert len(units.install(units.texts(OM, {}), folder)) == 4
    assert "/old/om" not in (folder / units.BOOT).read_text()


@pytest.mark.parametrize("name", [units.BOOT, units.HALT])
def test_an_edited_unit_stops_everything(folder, name):
    units.install(units.texts(Path("/old/om"), {}), folder)
    edited = (folder / name).read_text() + "# mine\n"
    (folder / name).write_text(edited)
    other = folder / (units.HALT if name == units.BOOT else units.BOOT)
    before = other.read_text()
    with pytest.raises(ActionRefused, match="edited since; --force"):
        units.install(units.texts(OM, {}), folder)
    with pytest.raises(ActionRefused, match="edited since; --force"):
        units.uninstall(folder)
    assert ((folder / name).read_text(), other.read_text()) == (edited, before)
    units.install(units.texts(OM, {}), folder, overwrites=True)
    assert "mine" not in (folder / name).read_text()


def test_a_unit_of_somebody_else_is_kept(folder):
    (folder / units.HALT).write_text("[Service]\n")
    with pytest.raises(ActionRefused, match="was not written by this command"):
        units.install(units.texts(OM, {}), folder)
    assert list(folder.iterdir()) == [folder / units.HALT]


def test_a_link_is_never_followed(folder, tmp_path_factory):
    target = tmp_path_factory.mktemp("other") / "file"
    target.write_text("theirs")
    (folder / units.HALT).symlink_to(target)
    for attempt in (lambda: units.install(units.texts(OM, {}), folder, overwrites=True), lambda: units.uninstall(folder, is_forced=True)):
        with pytest.raises(ActionRefused, match="unmask"):
            attempt()
    assert target.read_text() == "theirs"


def test_a_node_without_systemd_is_told(folder):
    with pytest.raises(ActionRefused, match="systemd does not seem to be used"):
        units.install(units.texts(OM, {}), folder / "none")
    assert units.uninstall(folder / "none") == []


def test_uninstalling_removes_the_units_and_what_enables_them(folder):
    units.install(units.texts(OM, {}), folder)
    wants = folder / "multi-user.target.wants"
    wants.mkdir()
    (wants / units.BOOT).symlink_to(folder / units.BOOT)
    (wants / "opensvc-service@web.service").symlink_to(folder / units.ONE)
    (wants / "other.service").symlink_to("/nowhere")
    assert units.state(folder) == "enabled"
    assert len(units.uninstall(folder)) == 7
    assert [file.name for file in folder.rglob("*")] == ["multi-user.target.wants", "other.service"]
    assert units.state(folder) == "missing"


def test_the_state_is_that_of_the_node_that_asks(folder):
    units.install(units.texts(OM, {}), folder)
    assert (units.state(folder), units.state(folder, root="/srv/a b")) == ("disabled", "missing")
    units.install(units.texts(OM, {"OSVC_ROOT_PATH": "/srv/a b"}), folder)
    assert (units.state(folder), units.state(folder, root="/srv/a b")) == ("missing", "disabled")


def test_the_daemon_has_a_unit_where_one_is_installed(folder):
    texts = units.texts(OM, {}, has_daemon=True)
    assert "ExecStart=/opt/opensvc/bin/om daemon start --foreground\n" in texts[units.AGENT]
    assert "KillMode=process\n" in texts[units.AGENT]
    assert units.AGENT not in units.texts(OM, {})
    units.install(texts, folder)
    assert folder / units.AGENT in units.uninstall(folder)


def test_the_unit_for_boot_gives_way_to_the_daemon(folder):
    units.install(units.texts(OM, {}, has_daemon=True), folder)
    wants = folder / "multi-user.target.wants"
    wants.mkdir()
    (wants / units.BOOT).symlink_to(folder / units.BOOT)
    assert units.state(folder) == "enabled"
    (wants / units.AGENT).symlink_to(folder / units.AGENT)
    assert units.state(folder) == "daemon"
    text = (folder / units.BOOT).read_text()
    assert "ConditionPathExists=!/etc/systemd/system/multi-user.target.wants/opensvc-agent.service\n" in text
