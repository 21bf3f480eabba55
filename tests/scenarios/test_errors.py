"""What goes wrong is told in one line, with the place and the way out, and an exit code that says what kind of thing it is."""

import os
import subprocess

import pytest

from opensvc_core.testing.apart import give_back

FLAG = "[fs#1]\ntype = flag\n"
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else, or mount")


@pytest.fixture
def web(root):
    return root.write("etc/web.conf", FLAG)


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("om web strt", 2, "did you mean 'start'"),
        ("om web print statu", 2, "did you mean 'print status'"),
        ("om web start --froce", 2, "--froce"),
        ("om web start --waitlock soon", 2, "a duration"),
        ("om weeb start", 4, "did you mean 'web'"),
        ("svcmgr -s weeb print status", 4, "did you mean 'web'"),
        ("om web get", 2, "--kw"),
        ("om web set --kw", 2, "--kw"),
        ("svcmgr start", 2, "which service?"),
        ("om ../web start", 2, "../web"),
        ("om web keywords", 2, ""),
        ("om keywords", 2, "DRIVER"),
        ("om 'a,b' edit config", 4, "no service 'a'"),
        ("om '*x*' edit config", 2, "one file at a time"),
        ("nodemgr get --kw a --format xml", 2, "human"),
        ("om web logs --lines -3", 2, "whole number"),
    ],
)
def test_a_mistake_is_told_in_one_line(root, web, line, code, says):
    done = root(line, code=code)
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@is_root
@pytest.mark.parametrize(
    "line",
    [
        *("om web start --local", "om web set --kw app=x", "om web unset --kw fs#1.type", "om web freeze", "om web delete"),
        *(
            "om new create",
            "om web edit config",
            "om web set provisioned",
            "nodemgr set --kw node.env=PRD",
            "om node freeze",
            "om web disable",
        ),
    ],
)
def test_who_may_not_write_is_told_so_in_one_line(root, web, line):
    before = {path: path.read_bytes() for path in root.folder.rglob("*") if path.is_file()}
    done = root(line, code=5, as_ordinary=True, EDITOR="sed -i s/flag/flag/")
    assert done.stderr.count("\n") == (2 if "acting on this node" in done.stderr else 1)
    assert {path: path.read_bytes() for path in root.folder.rglob("*") if path.is_file()} == before


@is_root
def test_reading_needs_no_rights(root, web):
    root("om web start --local")
    told = {words: root(f"om web {words}") for words in ("print status", "status", "get --kw fs#1.type", "print config", "validate config")}
    assert {words: root(f"om web {words}", as_ordinary=True) for words in told} == told
    assert root("om ls", as_ordinary=True).stdout == "web\n"
    assert root("svcmon", as_ordinary=True).stdout == root("svcmon").stdout
    assert "no right to read" in root("om web logs", as_ordinary=True, code=5).stderr


@is_root
def test_a_file_that_may_not_be_read_hides_no_other(root, web):
    root.write("etc/secret.conf", FLAG, mode=0o600)
    done = root("om '*' print status", code=5, as_ordinary=True)
    assert done.stderr == f"om: no right to read {root / 'etc/secret.conf'}; do it as root, or by sudo\n"
    assert done.stdout.startswith("web ")
    (root / "etc").chmod(0o700)
    assert root("om ls", code=5, as_ordinary=True).stderr.count("\n") == 1
    root("om web print status", code=None, as_ordinary=True)


def test_bytes_that_are_no_text_are_told_with_their_place(root, web):
    (root / "etc/latin.conf").write_bytes(b"[DEFAULT]\napp = caf\xe9\n")
    assert "byte 19" in root("om latin print status", code=7).stderr
    assert "byte 19" in root("om latin validate config", code=7).stdout
    root("om web print status")


def test_a_damaged_state_is_made_anew(root, web):
    root("om web start --local")
    for name in ("status.json", "progress.json", "lock.generic", "fs#1/provisioned"):
        root.write(f"var/svc/web/{name}", "{not json")
    root("om web print status")
    root("om web stop --local")
    assert not root.is_up("web", "fs#1")


def test_what_stands_in_the_way_is_named(root):
    root.write("etc/web.conf", "[fs#1]\ntype = directory\npath = {root}/file/below\n")
    root.write("file", "in the way")
    done = root("om web start --local", code=1)
    assert f"{root.folder}/file" in done.stdout
    assert "rollback" in done.stdout


@is_root
def test_a_full_disk_loses_nothing(root, web):
    script = f"""
        set -e
        {give_back()}
        mount -t tmpfs -o size=64k tmpfs {root.folder}/etc
        printf '[fs#1]\\ntype = flag\\n' >{root.folder}/etc/web.conf
        mkdir {root.folder}/var && mount -t tmpfs -o size=16k tmpfs {root.folder}/var
        cat /dev/zero >{root.folder}/etc/fill 2>/dev/null || true
        cat /dev/zero >{root.folder}/var/fill 2>/dev/null || true
        om web print status >/dev/null
        om web set --kw app=x && exit 90
        cat {root.folder}/etc/web.conf
        om new create && exit 91
        test ! -e {root.folder}/etc/new.conf
        om web start --local && test -e '{root.folder}/run/svc/web/fs#1.flag'
        om web stop --local && test ! -e '{root.folder}/run/svc/web/fs#1.flag'
    """
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], env=root.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert done.returncode == 0, done
    assert FLAG in done.stdout
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    "line", ["om web print config | head -1", "om web print status | head -1", "om web start --local | head -1", "om drivers | true"]
)
def test_a_reader_that_goes_away_is_no_error(root, line):
    root.write("etc/web.conf", "[DEFAULT]\n" + "".join(f"[fs#{number}]\ntype = flag\n" for number in range(40)))
    done = subprocess.run(["sh", "-c", line], env=root.environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    if "start" in line:
        assert len(list((root / "run/svc/web").iterdir())) == 40


def test_closed_streams_stop_no_action(root, web):
    for line in ("om web start --local >&- 2>&-", "om web restart --local >/dev/full 2>&1"):
        done = subprocess.run(["sh", "-c", line], env=root.environment(), timeout=120, check=False)
        assert done.returncode == 0, line
        assert root.is_up("web", "fs#1")
    subprocess.run(["sh", "-c", "om web print status >&- 2>&-"], env=root.environment(), timeout=120, check=True)


def test_a_poor_terminal_shows_what_it_can(root):
    root.write("etc/web.conf", "[DEFAULT]\ncomment = ünïcode ✓\n[fs#1]\ntype = directory\npath = {root}/ü\n")
    for line in ("om web print config", "om web print status", "om web start --local", "om web logs"):
        root(line, PYTHONIOENCODING="ascii", LC_ALL="C")
