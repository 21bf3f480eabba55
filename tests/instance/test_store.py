"""The store: files of configuration are found, changed as a whole, and never lost."""

import threading

import pytest

from opensvc_core.errors import ActionRefused, ConfigError, NoSuchObject
from opensvc_core.instance.store import Store
from opensvc_core.model.names import ServicePath
from opensvc_core.system.paths import Paths

WEB = ServicePath("web")


@pytest.fixture
def store(tmp_path):
    (tmp_path / "etc").mkdir()
    return Store(Paths.below(tmp_path), "n1")


def put(tmp_path, name, text="[DEFAULT]\n"):
    file = tmp_path / "etc" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def unchecked(_before, _after):
    """Everything is right."""


def test_services_are_files_with_the_right_names(store, tmp_path):
    for name in (
        "web.conf",
        "old.env",
        "both.conf",
        "both.env",
        "node.conf",
        "cluster.conf",
        "web.conf.bak",
        "a_b.conf",
        ".web.conf.x.tmp",
    ):
        put(tmp_path, name)
    (tmp_path / "etc/folder.conf").mkdir()
    (tmp_path / "etc/dangling.conf").symlink_to("nowhere")
    put(tmp_path, "namespaces/prod/svc/web.conf")
    put(tmp_path, "namespaces/prod/vol/v1.conf")
    assert [str(path) for path in store.services()] == ["both", "old", "web", "prod/svc/web", "prod/vol/v1"]


def test_the_newer_file_wins_and_the_other_is_known(store, tmp_path):
    older = put(tmp_path, "web.env")
    assert (store.file(WEB), store.shadowed(WEB)) == (older, None)
    newer = put(tmp_path, "web.conf")
    assert (store.file(WEB), store.shadowed(WEB)) == (newer, older)


def test_a_missing_service_is_named(store):
    assert not store.exists(WEB)
    with pytest.raises(NoSuchObject, match=r"'web'.*web\.conf"):
        store.file(WEB)


def test_create_refuses_what_exists(store):
    file = store.create(WEB, "first\n", overwrites=False)
    with pytest.raises(ActionRefused, match="--force"):
        store.create(WEB, "second\n", overwrites=False)
    assert file.read_text() == "first\n"
    store.create(WEB, "third\n", overwrites=True)
    assert file.read_text() == "third\n"


def test_of_two_that_create_at_once_one_is_refused(store):
    refused = []

    def create(number):
        try:
            store.create(WEB, f"{number}\n", overwrites=False)
        except ActionRefused:
            refused.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7


def test_a_refused_change_writes_nothing(store, tmp_path):
    file = put(tmp_path, "web.conf", "[DEFAULT]\napp = a\n")

    def refuse(_before, _after):
        raise ConfigError("no")

    with pytest.raises(ConfigError):
        store.change(file, lambda document: document.set("DEFAULT", "app", "b"), refuse)
    assert file.read_text() == "[DEFAULT]\napp = a\n"


def test_changes_at_once_lose_nothing(store, tmp_path):
    file = put(tmp_path, "web.conf")

    def change(number):
        store.change(file, lambda document: document.set("env", f"k{number}", "v"), unchecked)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.read(file).items("env")) == 16


def test_a_text_is_not_put_over_what_somebody_else_wrote(store, tmp_path):
    file = put(tmp_path, "web.conf", "[DEFAULT]\n")
    read = store.text(file)
    file.write_text("[DEFAULT]\napp = other\n")
    with pytest.raises(ActionRefused, match="changed by someone else"):
        store.replace(file, read, "[DEFAULT]\napp = mine\n")
    assert file.read_text() == "[DEFAULT]\napp = other\n"
    store.replace(file, store.text(file), "[DEFAULT]\napp = mine\n")
    assert file.read_text() == "[DEFAULT]\napp = mine\n"


def test_a_change_keeps_a_link_and_the_mode(store, tmp_path):
    real = put(tmp_path, "elsewhere/real.conf")
    real.chmod(0o600)
    link = tmp_path / "etc/web.conf"
    link.symlink_to(real)
    store.change(link, lambda document: document.set("DEFAULT", "app", "a"), unchecked)
    assert link.is_symlink()
    assert "app = a" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_broken_text_is_no_document_and_can_still_be_read(store, tmp_path):
    file = put(tmp_path, "web.conf", "nonsense\n")
    assert store.text(file) == "nonsense\n"
    assert store.parsed("nonsense\n", file) is None
    with pytest.raises(ConfigError, match=r"web\.conf:1"):
        store.read(file)
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"byte 0"):
        store.text(file)


# -- descent


def test_each_edit_is_a_generation_of_this_node(store):
    file = store.create(WEB, "[DEFAULT]\n", overwrites=False)
    assert store.descent(file).generations == {"n1": 1}
    store.change(file, lambda document: document.set("DEFAULT", "app", "a"), unchecked)
    store.replace(file, store.text(file), "[DEFAULT]\napp = b\n")
    assert store.descent(file).generations == {"n1": 3}


def test_an_edit_by_hand_is_a_generation(store):
    file = store.create(WEB, "[DEFAULT]\n", overwrites=False)
    file.write_text("[DEFAULT]\napp = by hand\n")
    assert store.descent(file).generations == {"n1": 2}
    assert store.descent(file).generations == {"n1": 2}, "to look counts nothing"
    store.change(file, lambda document: document.set("DEFAULT", "app", "a"), unchecked)
    assert store.descent(file).generations == {"n1": 3}


def test_an_edit_that_was_killed_before_its_record_counts_once(store, tmp_path):
    file = store.create(WEB, "[DEFAULT]\n", overwrites=False)
    sidecar = tmp_path / "var/descents/web.conf.json"
    before = sidecar.read_text()
    store.change(file, lambda document: document.set("DEFAULT", "app", "a"), unchecked)
    expected = store.descent(file)
    sidecar.write_text(before)
    assert store.descent(file) == expected


def test_an_edit_is_done_where_its_record_can_not_be_written_and_counts_as_one_by_hand(store, tmp_path):
    file = store.create(WEB, "[DEFAULT]\n", overwrites=False)
    (tmp_path / "var/descents").rename(tmp_path / "aside")
    (tmp_path / "var/descents").touch()
    store.change(file, lambda document: document.set("DEFAULT", "app", "a"), unchecked)
    assert "app = a" in file.read_text()
    (tmp_path / "var/descents").unlink()
    (tmp_path / "aside").rename(tmp_path / "var/descents")
    assert store.descent(file).generations == {"n1": 2}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"digest": 1}', '{"digest": "a", "generations": {"n1": "x"}}'])
def test_a_damaged_record_is_none(store, tmp_path, text):
    file = store.create(WEB, "[DEFAULT]\n", overwrites=False)
    (tmp_path / "var/descents/web.conf.json").write_text(text)
    assert store.descent(file).generations == {"n1": 1}


def test_a_file_that_is_gone_has_no_record(store, tmp_path):
    file = store.create(WEB, "[DEFAULT]\n", overwrites=False)
    store.remove(file)
    assert not file.exists()
    assert list((tmp_path / "var/descents").iterdir()) == []
