"""Looks: what is told of services, quickly, also where one of them hangs."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

SEVEN = """[DEFAULT]
nodes = n1
[fs#1]
type = flag
[fs#2]
type = flag
[fs#3]
type = flag
[fs#4]
type = directory
path = {root}
[fs#5]
type = tmpfs
mnt = {root}/mnt
[app#1]
type = simple
start = /bin/sleep 1000
[app#2]
type = simple
start = /bin/sleep 1000
"""


def of(answers):
    """The statuses in a list of answers, by service."""
    return {answer["service"]: answer for answer in answers if answer["tell"] == "status"}


def memory_of(pid):
    """Kilobytes of a process, its share of what is shared; one that has ended meanwhile has none."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:")))


@pytest.fixture
def checked(root):
    """A service whose check says up when the file `NAME.go` is there. The numbers of its processes stand in a file."""

    def write(name):
        text = f"#!/bin/sh\necho $$ >> {{root}}/{name}.pids\nwhile [ ! -e {{root}}/{name}.go ]; do sleep 0.02; done\n"
        check = root.write(f"bin/{name}", text, mode=0o755)
        root.write(
            f"etc/{name}.conf", f"[DEFAULT]\nnodes = n1\n[app#1]\ntype = forking\nstart = /bin/true\ncheck = {check}\ncheck_timeout = 5m\n"
        )
        return root / f"{name}.pids"

    return write


def test_a_status_is_that_of_print_status_and_more(root, flags, talk):
    flags(
        "svc1",
        more="restart = 2\nrestart_delay = 3\nmonitor = true\n[fs#2]\ntype = flag\nstandby = true\n[fs#3]\ntype = flag\ndisable = true\n",
    )
    told = talk.status("svc1")
    shown = json.loads(root("om svc1 print status --format json").stdout)
    more = ("restart", "restart_delay", "monitor", "standby", "disable", "optional", "watches")
    assert [told["resources"]["fs#1"][name] for name in more[:-1]] == [2, 3.0, True, False, False, False]
    assert told["resources"]["fs#1"]["watches"] == [["path", f"{root.folder}/run/svc/svc1/fs#1.flag"]]
    assert told["resources"]["fs#2"]["standby"] is True
    assert (told["resources"]["fs#3"]["disable"], told["resources"]["fs#3"]["watches"]) == (True, [])
    assert (told.pop("data_at_stake"), told.pop("constraints")) == (False, True)
    for data in (told, shown):
        for resource in data["resources"].values():
            for name in more:
                resource.pop(name, None)
    assert told == shown


def test_all_services_are_told_and_nothing_of_those_without_a_file(flags, talk):
    flags("svc1", "svc2", "svc3")
    answers = talk.do("status", services=None)
    assert sorted(of(answers)) == ["svc1", "svc2", "svc3"]
    assert answers[-1]["code"] == 0
    assert of(talk.do("status", services=["gone", "svc2"])).keys() == {"svc2"}
    assert talk.do("status", services=[])[-1]["code"] == 0


def test_a_service_that_can_t_be_read_says_why_and_the_others_go_on(root, flags, talk):
    flags("svc1")
    root.write("etc/broken.conf", "[DEFAULT\n")
    found = of(talk.do("status", services=None))
    assert found["broken"]["status"] is None and "broken.conf:1" in found["broken"]["why"]
    assert found["svc1"]["status"]["avail"] == "down"


def test_a_broken_node_conf_is_told_of_every_service_and_mended_at_once(root, flags, talk):
    flags("svc1")
    root.write("etc/node.conf", "[node\n")
    told = talk.do("status", services=["svc1"])[0]
    assert told["status"] is None and "node.conf:1" in told["why"]
    assert "node.conf:1" in talk.act("svc1", "start")["why"]
    (root / "etc/node.conf").unlink()
    assert talk.status("svc1")["avail"] == "down"


def test_a_look_that_hangs_is_undef_and_keeps_nobody_waiting(flags, checked, talk, wait, alive):
    pids = checked("hung")
    flags("svc1", "svc2", "svc3")
    *others, hung, done = talk.do("status", services=["hung", "svc1", "svc2", "svc3"], limit=10)
    assert [answer["status"]["avail"] for answer in others] == ["down", "down", "down"], "another worker has gone on"
    assert done["code"] == 0
    assert hung["why"] == "app#1 did not answer within 10 s"
    assert (hung["status"]["avail"], hung["status"]["overall"]) == ("undef", "undef")
    assert hung["status"]["resources"]["app#1"]["status"] == "undef"
    assert hung["status"]["resources"]["app#1"]["log"] == ["error: app#1 did not answer within 10 s"]
    (checker,) = map(int, pids.read_text().split())
    wait(lambda: not alive(checker))


def test_a_driver_may_take_the_time_that_it_says(runner, root, driver):
    environ = driver(
        "slow",
        "Made.status = lambda self: (time.sleep(1.5), Status.UP)[1]\nMade.look_limit = lambda self: 0.5 * self.context.is_forced + 60\n",
    )
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = slow\n")
    assert runner.begin(**environ).status("svc1")["avail"] == "up"


def test_a_driver_that_hangs_is_given_up_after_its_own_limit(runner, root, driver):
    environ = driver("hanging", "Made.status = lambda self: time.sleep(1000)\nMade.look_limit = lambda self: 0.4\n")
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = hanging\n")
    talk = runner.begin(**environ)
    for _ in range(3):
        answer = talk.do("status", services=["svc1"])[0]
        assert (answer["status"]["avail"], answer["why"]) == ("undef", "app#1 did not answer within 0.4 s")


def test_many_that_hang_leave_room_for_those_that_answer(runner, root, driver, flags):
    environ = driver("hanging", "Made.status = lambda self: time.sleep(1000)\nMade.look_limit = lambda self: 2.0\n")
    for number in range(6):
        root.write(f"etc/hung{number}.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = hanging\n")
    flags("svc1")
    found = of(runner.begin(**environ).do("status", services=None))
    assert {answer["status"]["avail"] for name, answer in found.items() if name != "svc1"} == {"undef"}
    assert found["svc1"]["status"]["avail"] == "down"


@pytest.mark.parametrize(
    "ends",
    [
        ("Made.status = lambda self: os.abort()\n", "app#1 has ended the process that looked at it (signal 6)"),
        ("Made.status = lambda self: os._exit(3)\n", "app#1 has ended the process that looked at it (code 3)"),
        ("os._exit(4)\n", "its file, or a plugin, has ended the process that looked at it (code 4)"),
    ],
    ids=["aborts", "exits", "exits when imported"],
)
def test_a_driver_that_ends_its_process_harms_only_its_service(runner, root, driver, flags, ends):
    text, why = ends
    environ = driver("deadly", text)
    root.write("etc/bad.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = deadly\n")
    flags("svc1", "svc2")
    talk = runner.begin(**environ)
    found = of(talk.do("status", services=None))
    assert (found["bad"]["status"]["avail"], found["bad"]["why"]) == ("undef", why)
    assert [found[name]["status"]["avail"] for name in ("svc1", "svc2")] == ["down", "down"]
    assert talk.act("svc1", "start")["code"] == 0


def test_a_driver_that_can_t_be_imported_is_the_matter_of_its_resources(runner, root, driver, flags):
    environ = driver("broken", "raise RuntimeError('no such library')\n")
    root.write("etc/bad.conf", "[DEFAULT]\nnodes = n1\n[fs#1]\ntype = flag\n[app#1]\ntype = broken\n")
    flags("svc1")
    talk = runner.begin(**environ)
    found = of(talk.do("status", services=None))
    assert found["bad"]["status"]["resources"]["app#1"]["status"] == "undef"
    assert "no such library" in found["bad"]["status"]["resources"]["app#1"]["log"][0]
    assert found["svc1"]["status"]["avail"] == "down"
    assert talk.act("svc1", "start")["code"] == 0


def test_a_driver_that_begins_threads_is_not_taken_into_the_runner(runner, root, driver):
    environ = driver(
        "threaded", "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\nMade.status = lambda self: Status.UP\n"
    )
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = threaded\n")
    talk = runner.begin(**environ)
    assert talk.status("svc1")["avail"] == "up"
    assert talk.act("svc1", "start")["code"] == 0
    assert talk.status("svc1")["avail"] == "up"
    assert len(list(Path(f"/proc/{runner.pid}/task").iterdir())) == 1


def test_a_driver_that_is_installed_later_is_found(runner, root, driver):
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = later\n")
    (root / "site").mkdir()
    talk = runner.begin(PYTHONPATH=str(root / "site"))
    assert talk.status("svc1")["avail"] == "undef"
    driver("later", "Made.status = lambda self: Status.UP\n")
    assert talk.status("svc1")["avail"] == "up"


def test_a_request_amid_a_look_is_answered_by_a_look_that_began_after_it(root, checked, talk, wait):
    pids = checked("slow")
    first = talk.send("status", services=["slow"])
    wait(pids.exists)
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    second, third = talk.send("status", services=["slow"]), talk.send("status", services=["slow"])
    talk.do("running")  # both have been read
    (root / "slow.go").touch()
    assert talk.answers(first)[0]["began"] < now
    assert talk.answers(second)[0]["began"] >= now
    assert talk.answers(third)[0]["began"] >= now
    assert len(pids.read_text().split()) == 2, "one look for both"


def test_one_service_goes_before_many(root, checked, flags, talk, runner):
    checked("a")
    flags(*(f"b{number}" for number in range(5)), "urgent")
    os.kill(runner.pid, signal.SIGSTOP)  # both are there when it reads
    many = talk.send("status", services=["a", *(f"b{number}" for number in range(5)), "urgent"])
    urgent = talk.send("status", services=["urgent"])
    os.kill(runner.pid, signal.SIGCONT)
    (root / "a.go").touch()
    first = talk.answers(urgent)[0]
    later = [answer for answer in talk.answers(many) if answer["tell"] == "status" and answer["service"].startswith("b")]
    assert all(answer["began"] > first["began"] for answer in later)


def test_what_is_due_by_schedule_is_told(root, talk):
    far = f"{(time.localtime().tm_hour + 12) % 24:02}:00"  # of the other half of the day
    root.write("etc/svc1.conf", f"[DEFAULT]\nnodes = n1\n[task#1]\ntype = host\ncommand = /bin/true\nschedule = {far}\n")
    answer, done = talk.do("schedule", services=["svc1", "gone"])
    assert done["code"] == 0
    rows = {(row["action"], row["rid"]): row for row in answer["rows"]}
    assert rows["run", "task#1"]["next"] > time.time() and rows["run", "task#1"]["last"] is None
    assert ("status", "") in rows


def test_a_first_run_is_put_off_to_the_moment_that_the_table_of_schedules_shows(root, talk):
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[task#1]\ntype = host\ncommand = /bin/true\nschedule = @1h\n")
    answer, _ = talk.do("schedule", services=["svc1"])
    due = {row["action"]: row["next"] for row in answer["rows"]}
    shown = json.loads(root("om svc1 print schedule --format json").stdout)
    assert {row["action"]: row["next_run"] for row in shown} == due
    assert time.time() - 60 < due["run"] < time.time() + 3600


def test_a_hundred_services_of_seven_resources_are_known_in_seconds(root, runner):
    for number in range(100):
        root.write(f"etc/svc{number}.conf", SEVEN.replace("{root}/mnt", f"{{root}}/mnt{number}"))
    began = time.monotonic()
    found = of(runner.begin().do("status", services=None))
    seconds = time.monotonic() - began
    print(f"100 services of 7 resources: {seconds:.2f} s after the start of the runner")
    assert len(found) == 100 and {answer["status"]["avail"] for answer in found.values()} == {"down"}
    assert all(len(answer["status"]["resources"]) == 7 for answer in found.values())
    assert seconds < 60, "3 s on a machine that does nothing else"
    pids = [runner.pid, *Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split()]
    kilobytes = sum(memory_of(pid) for pid in pids)
    print(f"{kilobytes / 1024:.1f} MB of memory, shared pages counted once")
    assert kilobytes < 30 * 1024


def test_many_slow_looks_are_never_more_than_a_few_at_a_time(root, checked, runner, wait):
    names = [f"svc{number}" for number in range(8)]
    for name in names:
        checked(name)
    talk = runner.begin()
    number = talk.send("status", services=None)
    wait(lambda: len([name for name in names if (root / f"{name}.pids").exists()]) == 4)
    with pytest.raises(AssertionError):
        wait(lambda: len([name for name in names if (root / f"{name}.pids").exists()]) > 4, seconds=1.5)
    for name in names:
        (root / f"{name}.go").touch()
    assert {answer["status"]["avail"] for answer in of(talk.answers(number)).values()} == {"up"}
