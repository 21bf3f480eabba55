"""start, stop and the like on one service: the way there, the way back, and what is left."""

import pytest

THREE = """\
[DEFAULT]
nodes = n1

[fs#1]
type = flag
tags = a b

[fs#2]
type = flag
tags = b
subset = late

[fs#3]
type = flag
standby = true
"""


@pytest.fixture
def web(root):
    return root.write("etc/web.conf", THREE)


def up(root, service="web"):
    return " ".join(sorted(path.stem for path in (root / f"run/svc/{service}").glob("*.flag")))


def test_the_life_of_a_service(root, web):
    assert "acting on this node only" in root("om web start").stderr
    assert up(root) == "fs#1 fs#2 fs#3"
    again = root("svcmgr -s web start").stdout
    assert again.count("is already up") == 3
    root("svcmgr -s web restart")
    assert up(root) == "fs#1 fs#2 fs#3"
    root("om web stop --local")
    assert up(root) == "fs#3"
    root("om web stop --local --force")
    assert up(root) == ""
    root("om web start --local")
    root("om web shutdown --local")
    assert up(root) == ""
    root("om web provision --local")
    assert up(root) == "fs#1 fs#2 fs#3"
    root("om web unprovision --local")
    assert up(root) == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--rid fs#1", "fs#1"),
        ("--rid fs#1,fs#2", "fs#1 fs#2"),
        ("--rid fs", "fs#1 fs#2 fs#3"),
        ("--tags b", "fs#1 fs#2"),
        ("--tags a+b", "fs#1"),
        ("--subset late", "fs#2"),
        ("--tags b --rid fs#2,fs#3", "fs#2"),
        ("--upto fs#1", "fs#1"),
    ],
)
def test_a_part_of_a_service_is_started(root, web, words, expected):
    root(f"om web start {words}")
    assert up(root) == expected


def test_a_stop_goes_down_to_a_resource(root, web):
    root("om web start --local")
    root("om web stop --local --downto fs#2")
    assert "fs#1" in up(root)
    assert "fs#2" not in up(root)


@pytest.mark.parametrize("words", ["--rid fs#9", "--tags none", "--subset none", "--upto fs#9", "--rid ''", "fs#1"])
def test_a_selection_of_nothing_does_nothing(root, web, words):
    root(f"om web start --local {words}", code=2)
    assert up(root) == ""


def test_a_word_too_many_is_refused_with_a_hint(root, web):
    root("om web start --local")
    assert "did you mean '--rid fs#1'?" in root("om web stop --local fs#1", code=2).stderr
    assert up(root) == "fs#1 fs#2 fs#3"


def test_older_commands_on_a_group(root, web):
    assert "no resource matches 'ip'" in root("om web startip", code=2).stderr
    root("svcmgr -s web startfs")
    assert up(root) == "fs#1 fs#2 fs#3"
    root("svcmgr --waitlock 60 -s web stopfs")
    assert up(root) == "fs#3"


def test_a_plan_changes_nothing_and_tells_all(root, web):
    for words in ("--plan", "--dry-run"):
        plan = root(f"om web start {words}").stdout
        assert [line.split(":")[0] for line in plan.splitlines()] == ["fs#1", "fs#3", "fs#2"]
    assert up(root) == ""
    root.write("etc/db.conf", THREE)
    lines = root("om 'db,web' start --plan").stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"db", "web"}


def test_a_failed_start_is_taken_back(root, web):
    root.write("etc/web.conf", THREE.replace("tags = b\n", "tags = b\nblocking_pre_start = false\n"))
    done = root("om web start --local", code=1)
    assert "trying to rollback start on fs#1" in done.stdout
    assert up(root) == "fs#3"
    root("om web start --local --disable-rollback", code=1)
    assert up(root) == "fs#1 fs#3"
    root("om web stop --local")
    root("om web start --local --rid fs#2 --force", code=1)
    root.write("etc/web.conf", THREE)
    root("om web start --local")
    assert up(root) == "fs#1 fs#2 fs#3"


def test_what_can_not_be_removed_fails_the_stop(root):
    root.write("etc/web.conf", "[fs#1]\ntype = flag\n[fs#2]\ntype = flag\nblocking_pre_stop = false\n")
    root("om web start --local")
    root("om web stop --local", code=1)
    assert up(root) == "fs#1 fs#2"
    root("om web status", code=0)


def test_triggers_stand_around_the_steps(root):
    steps = "\n".join(f"{name} = /bin/sh -c 'echo {name} >>{{root}}/steps'" for name in ("pre_start", "blocking_pre_start", "post_start"))
    root.write("etc/web.conf", f"[DEFAULT]\n{steps}\n[fs#1]\ntype = flag\n{steps.replace('echo ', 'echo fs#1 ')}\n")
    root("om web start --local")
    names = (root / "steps").read_text().splitlines()
    assert names == [
        *("pre_start", "blocking_pre_start"),
        *("fs#1 pre_start", "fs#1 blocking_pre_start", "fs#1 post_start"),
        "post_start",
    ]


def test_a_parallel_subset_starts_side_by_side(root):
    # each waits for all: one after the other would wait for ever
    root.write("meet", "#!/bin/sh\ntouch {root}/come.$1\nuntil [ $(ls {root} | grep -c come) = 4 ]; do sleep 0.05; done\n", mode=0o755)
    parts = "".join(f"[fs#{number}]\ntype = flag\nsubset = s\npre_start = {{root}}/meet {number}\n" for number in range(4))
    root.write("etc/web.conf", f"[subset#fs:s]\nparallel = true\n{parts}")
    root("om web start --local")
    assert up(root) == "fs#0 fs#1 fs#2 fs#3"
    assert "fs:s                     " in root("om web print status").stdout
    assert "//" in root("om web print status").stdout


def test_tasks_run_when_asked(root):
    root.write("etc/web.conf", "[fs#1]\ntype = flag\n[task#1]\ntype = host\ncommand = touch {root}/ran\n")
    root("om web start --local")
    assert not (root / "ran").exists()
    root("om web run")
    assert (root / "ran").exists()
    (root / "ran").unlink()
    root("om web run --rid task#1")
    assert (root / "ran").exists()
    assert "task#1" in root("om web print status").stdout


def test_boot_starts_what_starts_by_itself(root):
    root.write("etc/here.conf", "[DEFAULT]\nnodes = n1 n2\norchestrate = start\n[fs#1]\ntype = flag\n")
    root.write("etc/older.env", "[DEFAULT]\nnodes = n2 n1\nautostart_node = n1\n[fs#1]\ntype = flag\n")
    root.write(
        "etc/there.conf", "[DEFAULT]\nnodes = n2 n1\norchestrate = start\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\nstandby = true\n"
    )
    root.write("etc/byhand.conf", "[fs#1]\ntype = flag\n")
    root.write("etc/broken.conf", "nonsense\n")
    root("om '*' boot --local", code=7)
    assert [up(root, name) for name in ("here", "older", "there", "byhand")] == ["fs#1", "fs#1", "fs#2", ""]


def test_a_service_of_other_nodes_is_refused(root):
    root.write("etc/web.conf", "[DEFAULT]\nnodes = n2 n3\n[fs#1]\ntype = flag\n")
    assert "n1 is not among its nodes (n2 n3)" in root("om web start --local", code=5).stderr
    root("om web print status")


def test_what_was_done_is_in_the_log(root, web):
    root("om web start --local")
    root("om web stop --local")
    log = root("om web logs").stdout
    assert "  touch " in log
    assert "  rm -f " in log
    classic = root("svcmgr -s web logs --lines 1000").stdout
    assert " INFO    WEB.FS#1 " in classic
    assert root("om web logs --lines 0").stdout == ""
    with (root / "log/web.log").open("a") as file:
        file.write("a line of somebody else\n2026-13-99T99:99:99.000000+00:00 INFO    n:n1 o:web sc:n | no moment\n")
    root("om web logs")


def test_the_log_goes_on_over_a_file_that_was_put_aside(root, web):
    root("om web start --local")
    told = root("om web logs").stdout
    line = (root / "log/web.log").read_text().splitlines()[-1].partition(" | ")[0]
    follower = root.begin("om web logs -f --lines 1")
    assert follower.stdout.readline()
    assert follower.stdout.readline()
    with (root / "log/web.log").open("a") as file:
        file.write(f"{line} | what is said last\n")
    (root / "log/web.log").rename(root / "log/web.log.1")
    root.write("log/web.log", f"{line} | what is said first\n")
    assert [follower.stdout.readline().strip(), follower.stdout.readline().strip()] == ["what is said last", "what is said first"]
    follower.terminate()
    follower.communicate(timeout=60)
    assert root("om web logs").stdout == f"{told}  what is said last\n  what is said first\n"
    root("om web delete --force")
    assert list((root / "log").glob("web.log*")) == []


def test_the_log_is_followed_while_a_start_runs(root):
    root.write("gate", "#!/bin/sh\nwhile test ! -e {root}/open; do sleep 0.02; done\n", mode=0o755)
    root.write("etc/web.conf", "[fs#1]\ntype = flag\n[fs#2]\ntype = flag\npre_start = {root}/gate\n")
    follower = root.begin("om web logs -f")
    starter = root.begin("om web start --local")
    lines = []
    while not lines or "fs#1.flag" not in lines[-1]:
        lines.append(follower.stdout.readline())
        assert lines[-1]
    assert starter.poll() is None
    (root / "open").touch()
    while "fs#2.flag" not in lines[-1]:
        lines.append(follower.stdout.readline())
    starter.communicate(timeout=60)
    follower.terminate()
    follower.communicate(timeout=60)
