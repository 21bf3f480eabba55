import os
import stat
from pathlib import Path

import pytest

from opensvc_core.errors import ActionRefused
from opensvc_core.model.names import ServicePath
from opensvc_core.system.paths import Paths


def test_without_a_root_the_folders_are_those_of_the_system():
    paths = Paths.from_environment({})

    assert (paths.etc, paths.var, paths.run) == (Path("/etc/opensvc"), Path("/var/lib/opensvc"), Path("/run/opensvc"))
    assert (paths.log, paths.tmp, paths.bin) == (Path("/var/log/opensvc"), Path("/var/tmp/opensvc"), None)


def test_a_root_holds_all_folders():
    paths = Paths.from_environment({"OSVC_ROOT_PATH": "/opt/osvc"})

    assert paths == Paths.below(Path("/opt/osvc"))
    assert [str(path) for path in (paths.etc, paths.tmp, paths.bin)] == ["/opt/osvc/etc", "/opt/osvc/tmp", "/opt/osvc/bin"]


@pytest.mark.parametrize(
    ("name", "state", "log"),
    [
        pytest.param("web", "/o/var/svc/web", "/o/log/web.log", id="root namespace"),
        pytest.param("prod/svc/web", "/o/var/namespaces/prod/svc/web", "/o/log/namespaces/prod/svc/web.log", id="namespace"),
    ],
)
def test_a_service_has_its_places(name, state, log):
    paths, path = Paths.below("/o"), ServicePath.parse(name)

    assert (paths.state(path), paths.log_file(path)) == (Path(state), Path(log))


def test_scratch_is_made_for_us_alone_and_made_so_again(tmp_path):
    paths = Paths.below(tmp_path / "root")

    assert stat.S_IMODE(paths.scratch().stat().st_mode) == 0o700
    paths.tmp.chmod(0o755)
    assert stat.S_IMODE(paths.scratch().stat().st_mode) == 0o700


def test_scratch_refuses_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tmp").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ActionRefused, match="link"):
        Paths.below(tmp_path).scratch()


def test_scratch_refuses_what_others_can_write(tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o777)

    with pytest.raises(ActionRefused, match="writable by others"):
        Paths.below(tmp_path).scratch()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders of others")
def test_scratch_refuses_another_users_folder(tmp_path):
    (tmp_path / "tmp").mkdir(mode=0o700)
    os.chown(tmp_path / "tmp", 65534, 65534)

    with pytest.raises(ActionRefused, match="belongs to uid 65534"):
        Paths.below(tmp_path).scratch()
