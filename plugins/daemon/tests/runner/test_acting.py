"""Actions: carried out in children, by the conduct of the core."""

import os
import signal
import time
from pathlib import Path

import pytest

from opensvc_core import Node


def pid_in(path: Path) -> int:
    return int(path.read_text()) if path.exists() and path.read_text().strip() else 0


@pytest.fixture
def slow(root):
    """A service whose start takes as long as the test wants: until the file `go` is there. Its pid stands in `pid`."""

    def write(name="svc1", more=""):
        root.write(
            f"bin/{name}-wait", f"#!/bin/sh\necho $$ > {{root}}/{name}.pid\nwhile [ ! -e {{root}}/go ]; do sleep 0.02; done\n", mode=0o755
        )
        root.write(f"etc/{name}.conf", f"[DEFAULT]\nnodes = n1\npre_start = {{root}}/bin/{name}-wait\n[fs#1]\ntype = flag\n{more}")
        return root / f"{name}.pid"

    return write


def test_an_action_is_carried_out_and_its_log_names_the_request(root, flags, talk):
    flags("svc1")
    begun, done = talk.do("act", service="svc1", action="start", request="00112233aabbccdd")
    assert begun["tell"] == "begun" and begun["pid"] > 0
    assert (done["code"], done["why"]) == (0, "") and 0 < done["seconds"] < 300
    assert root.is_up("svc1", "fs#1")
    log = (root / "log/svc1.log").read_text()
    assert "start begins (request=00112233aabbccdd)" in log and "(request=00112233aabbccdd)" in log.splitlines()[-1]
    assert "touch" in log


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"service": "gone", "action": "start"}, (4, "no service 'gone'")),
        ({"service": "svc1", "action": "start", "rids": ["fs#7"]}, (2, "fs#7")),
        ({"service": "svc1", "action": "dance"}, (2, "no action 'dance'")),
        ({"service": "svc1", "action": "resource_monitor"}, (5, "svc1 has no cluster manager")),
        ({"service": "else", "action": "start"}, (5, "not for this node")),
        ({"service": "broken", "action": "start"}, (7, "broken.conf")),
    ],
    ids=["no such service", "no such resource", "no such action", "not managed", "refused", "broken"],
)
def test_what_can_not_be_done_says_why(root, flags, talk, asked, answer):
    code, why = answer
    flags("svc1")
    root.write("etc/else.conf", "[DEFAULT]\nnodes = n2\n[fs#1]\ntype = flag\n")
    root.write("etc/broken.conf", "[DEFAULT\n")
    done = talk.act(**asked)
    assert done["code"] == code
    assert why in done["why"]


def test_rids_and_confirmed_nodes_and_the_environment_come_through(root, flags, talk):
    root.write(
        "etc/svc1.conf",
        "[DEFAULT]\nnodes = n1\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\npre_start = sh -c 'echo $OSVC_REQUEST > {root}/seen'\n",
    )
    done = talk.act("svc1", "start", rids=["fs#2"], confirmed_down=["n2"], environment={"OSVC_REQUEST": "abc"})
    assert done["code"] == 0
    assert root.is_up("svc1", "fs#2") and not root.is_up("svc1", "fs#1")
    assert (root / "seen").read_text() == "abc\n"


def test_a_failed_start_is_told_and_taken_back(root, flags, talk):
    flags("svc1", more="[app#1]\ntype = forking\nstart = /bin/false\n")
    done = talk.act("svc1", "start")
    assert done["code"] == 1 and "/bin/false" in done["why"]
    assert not root.is_up("svc1", "fs#1")


def test_actions_of_one_service_follow_each_other_and_others_don_t_wait(root, flags, slow, talk, wait):
    flags("svc2")
    pid = slow()
    first = talk.send("act", service="svc1", action="start")
    second = talk.send("act", service="svc1", action="stop")
    wait(lambda: pid_in(pid))
    assert talk.act("svc2", "start")["code"] == 0
    assert [job["action"] for job in talk.do("running")[-1]["jobs"]] == ["start"]
    (root / "go").touch()
    assert talk.answers(first)[-1]["code"] == 0
    assert talk.answers(second)[-1]["code"] == 0
    assert not root.is_up("svc1", "fs#1")


def test_running_tells_who_acts_since_when(root, slow, talk, wait):
    pid = slow()
    began = time.time()
    number = talk.send("act", service="svc1", action="start")
    wait(lambda: pid_in(pid))
    (job,) = talk.do("running")[-1]["jobs"]
    assert (job["service"], job["action"]) == ("svc1", "start")
    assert began - 1 <= job["since"] <= time.time()
    (root / "go").touch()
    talk.answers(number)
    assert talk.do("running")[-1]["jobs"] == []


def test_kill_ends_the_action_with_its_commands_and_what_waits_behind_it(root, slow, talk, wait, alive):
    pid = slow()
    first, second = (talk.send("act", service="svc1", action="start") for _ in range(2))
    command = wait(lambda: pid_in(pid))
    killed = talk.do("kill", service="svc1")[-1]
    assert killed["code"] == 0
    assert talk.answers(second)[-1]["code"] == 130
    assert talk.answers(first)[-1]["code"] == 130
    wait(lambda: not alive(command))
    assert talk.do("running")[-1]["jobs"] == []
    (root / "go").touch()
    assert talk.act("svc1", "start")["code"] == 0


def test_kill_ends_also_what_others_have_begun(root, slow, talk, wait, alive):
    pid = slow()
    root.begin("om svc1 start --local")
    command = wait(lambda: pid_in(pid))
    assert [job["action"] for job in talk.do("running")[-1]["jobs"]] == ["start"]
    assert talk.do("kill", service="svc1", grace=5)[-1]["code"] == 0
    wait(lambda: not alive(command))
    assert Node(root.folder, nodename="n1").service("svc1").running() is None


def test_what_is_deaf_to_kill_is_ended_the_hard_way(root, talk, wait, alive):
    root.write("bin/deaf", "#!/bin/sh\ntrap '' TERM\necho $$ > {root}/pid\nwhile :; do sleep 0.05; done\n", mode=0o755)
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\npre_start = {root}/bin/deaf\n[fs#1]\ntype = flag\n")
    number = talk.send("act", service="svc1", action="start")
    command = wait(lambda: pid_in(root / "pid"))
    assert talk.do("kill", service="svc1", grace=0.2)[-1]["code"] == 0
    assert talk.answers(number)[-1]["code"] != 0
    wait(lambda: not alive(command))


def test_an_action_that_takes_too_long_is_ended_and_says_so(root, slow, talk, wait, alive):
    pid = slow()
    done = talk.act("svc1", "start", limit=0.5)
    assert done["code"] == 130 and done["why"] == "start had not ended after 0.5 s, and was ended"
    wait(lambda: not alive(pid_in(pid) or 2**22))


def test_an_action_runs_in_its_own_session_with_ordinary_priority_and_nothing_of_the_runner(root, runner):
    root.write(
        "bin/look", "#!/bin/sh\ncat /proc/$PPID/stat > {root}/stat\nls -l /proc/$PPID/fd > {root}/fds\nenv > {root}/env\n", mode=0o755
    )
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\npre_start = {root}/bin/look\n[fs#1]\ntype = flag\n")
    talk = runner.begin("nice", "-n", "5", NOTIFY_SOCKET="/nowhere", INVOCATION_ID="1")
    begun, done = talk.do("act", service="svc1", action="start")
    assert done["code"] == 0
    stat = (root / "stat").read_text().rpartition(")")[2].split()
    assert int(stat[3]) == begun["pid"], "it leads its session"
    assert int(stat[16]) == (0 if os.geteuid() == 0 else 5)
    environ = (root / "env").read_text()
    assert "NOTIFY_SOCKET" not in environ and "INVOCATION_ID" not in environ
    descriptors = (root / "fds").read_text()
    assert descriptors.count("socket:") == 1, "the one to the runner"
    assert "eventpoll" not in descriptors and "inotify" not in descriptors


def test_actions_outlive_their_runner_and_the_next_one_tells_of_them(root, runner, slow, wait):
    pid = slow()
    talk = runner.begin()
    talk.send("act", service="svc1", action="start")
    wait(lambda: pid_in(pid))
    runner.kill()
    assert talk.is_closed(), "no child keeps the connection"
    again = runner.begin()
    assert [(job["service"], job["action"]) for job in again.do("running")[-1]["jobs"]] == [("svc1", "start")]
    again.send("watch", services=["svc1"])
    assert again.status("svc1")["avail"] == "down"
    again.forget()
    (root / "go").touch()
    again.until(lambda message: message["tell"] == "changed" and message["rid"] == "")
    assert root.is_up("svc1", "fs#1")
    assert again.do("running")[-1]["jobs"] == []


def test_an_action_that_still_waits_for_its_lock_ends_with_its_runner(root, runner, slow, wait):
    pid = slow()
    talk = runner.begin()
    by_hand = root.begin("om svc1 start --local")
    wait(lambda: pid_in(pid))
    number = talk.send("act", service="svc1", action="stop")
    child = talk.until(lambda message: message.get("id") == number)["pid"]
    runner.kill()
    wait(lambda: not Path(f"/proc/{child}/stat").exists() or ") Z" in Path(f"/proc/{child}/stat").read_text())
    (root / "go").touch()
    by_hand.wait(timeout=60)
    assert root.is_up("svc1", "fs#1")


def test_a_child_that_is_killed_is_told_of_as_such(root, slow, talk, wait):
    pid = slow()
    number = talk.send("act", service="svc1", action="start")
    wait(lambda: pid_in(pid))
    child = talk.until(lambda message: message.get("tell") == "begun")["pid"]
    os.kill(child, signal.SIGKILL)
    done = talk.answers(number)[-1]
    assert (done["code"], done["why"]) == (-9, "ended by SIGKILL")
    (root / "go").touch()


def test_delete_and_resource_information(root, flags, talk):
    flags("svc1")
    assert talk.act("svc1", "push_resinfo")["code"] == 0
    assert (root / "var/svc/svc1/scheduler/last_push_resinfo").exists()
    assert talk.act("svc1", "delete")["code"] == 0
    assert not (root / "etc/svc1.conf").exists()


def test_what_is_not_due_is_not_done(root, talk):
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[task#1]\ntype = host\ncommand = touch {root}/ran\nschedule = 10:00-11:00\n")
    noon, morning = (time.mktime((2026, 11, 20, hour, 30, 0, 0, 0, -1)) for hour in (12, 10))
    assert talk.act("svc1", "run", due=noon)["code"] == 0
    assert not (root / "ran").exists()
    assert talk.act("svc1", "run", due=morning)["code"] == 0
    assert (root / "ran").exists()


def test_a_command_of_the_administrator_is_logged_and_limited(root, flags, talk):
    flags("svc1")
    done = talk.do("run", argv=["sh", "-c", "echo out; echo $WHO >&2; exit 3"], service="svc1", environment={"WHO": "err"})[-1]
    assert (done["code"], done["why"]) == (3, "err")
    assert "| | out" in (root / "log/svc1.log").read_text()
    done = talk.do("run", argv=["sleep", "30"], limit=0.2)[-1]
    assert done["code"] == 124 and "0.2" in done["why"]
    assert "sleep" in (root / "log/node.log").read_text()


def test_orders_that_make_no_sense_are_answered(talk):
    for order in (
        {"do": "dance"},
        {"do": "act"},
        {"do": "act", "service": "a", "action": "start", "limit": "soon"},
        {"do": "watch", "services": 3},
    ):
        done = talk.do(**order)[-1]
        assert done["code"] == 2 and "can't be understood" in done["why"]


def test_a_second_client_takes_the_place_of_the_first(runner, flags, talk):
    flags("svc1")
    second = runner.talk()
    assert second.do("running")[-1]["jobs"] == []
    assert talk.is_closed()
    assert second.act("svc1", "start")["code"] == 0


def test_a_runner_ends_in_good_order_and_leaves_its_place_to_the_next(root, runner, flags):
    flags("svc1")
    talk = runner.begin()
    assert talk.status("svc1")["avail"] == "down"
    assert runner.kill(signal.SIGTERM) == 0
    assert not (root / "run/runner.sock").exists()
    assert runner.begin().status("svc1")["avail"] == "down"


def test_two_runners_are_one_too_many(root, runner, talk):
    done = root.begin(f"python -P -m opensvc_daemon.runner --root {root.folder} --node n1")
    assert done.wait(timeout=60) == 1
    assert "another process serves" in done.stdout.read()


def test_applications_are_nobody_s_zombies(root, runner, talk, wait, alive):
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = simple\nstart = /bin/sleep 1000\n")
    assert talk.act("svc1", "start")["code"] == 0
    pid = int(talk.status("svc1")["resources"]["app#1"]["info"]["pids"])
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    assert parent not in (runner.pid, os.getpid())
    os.kill(pid, signal.SIGKILL)
    wait(lambda: not alive(pid))
    assert talk.status("svc1")["resources"]["app#1"]["status"] == "down"
    wait(lambda: all(alive(child) for child in children_of(runner.pid)))


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_fence_is_done_only_when_it_is_confirmed(root, talk):
    root.write("bin/fence", "#!/bin/sh\necho $OPENSVC_FENCED_NODE > {root}/fenced\necho no answer >&2\ntest -e {root}/off\n", mode=0o755)
    root.write("etc/cluster.conf", "[cluster]\nnodes = n1 n2 n3\n[stonith#n2]\ncmd = {root}/bin/fence\n")
    done = talk.do("fence", node="n2")[-1]
    assert done["code"] == 1 and "not known to be down: no answer" in done["why"]
    (root / "off").touch()
    assert talk.do("fence", node="n2", limit=60)[-1]["code"] == 0
    assert (root / "fenced").read_text() == "n2\n"
    done = talk.do("fence", node="n3")[-1]
    assert done["code"] == 1 and "nothing is configured to fence n3" in done["why"]
