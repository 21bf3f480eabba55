import os
import time
from pathlib import Path

import pytest
from opensvc_driver_app_launchers.driver import Launchers

from opensvc_core.api import ActionFailed, ActionTimeout, Observation, Status
from opensvc_core.model.events import Level
from opensvc_core.testing.waiting import wait_for

# An application as the tutorials have it; it writes down what it is told, and knows its process by its number in a file.
LAUNCHER = """
name={name} folder={folder}
echo "$name $1" >> $folder/said
alive() {{ test -s $folder/$name.pid && grep -q . /proc/$(cat $folder/$name.pid)/cmdline 2>/dev/null; }}
case $1 in
start) alive && {{ echo "already started"; exit 0; }}
    nohup sleep 600 >/dev/null 2>&1 &
    echo $! > $folder/$name.pid; echo "Started $name" ;;
stop) kill $(cat $folder/$name.pid) ;;
status) alive || exit 1 ;;
info) echo "Name: $name"; echo "no value" ;;
esac
"""


def seen(resource):
    found = resource.status()
    return str(found.status), [message.text for message in found.messages]


class Folder:
    """A folder of launchers, and the resource that it makes."""

    def __init__(self, bench):
        self.bench, self.path = bench, bench.folder / "launchers"

    def application(self, name, *links):
        script = self.bench.script(name, LAUNCHER.format(name=name, folder=self.bench.folder))
        for link in links:
            (self.path / link).symlink_to(script)

    def script(self, name, text, mode=0o755):
        return self.bench.script(f"launchers/{name}", text, mode)

    def make(self, **values):
        return self.bench.make(Launchers, "app", **values)

    def start(self, **values):
        return self.bench.follow(self.make(**values).start(), "app")

    def stop(self, **values):
        return self.bench.follow(self.make(**values).stop(), "app")

    def said(self, *words):
        """What the applications were told, of these words."""
        file = self.bench.folder / "said"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if line.split()[1] in words]

    def log(self, link):
        return self.bench.folder / "tmp" / f"svc_{self.bench.name}_{link}.log"


@pytest.fixture
def folder(bench):
    return Folder(bench)


@pytest.fixture
def two(folder):
    """A data base, and a web server above it."""
    folder.application("db", "S10db", "K90db", "C10db")
    folder.application("web", "S20web", "K80web", "C20web")
    return folder


def test_launchers_run_in_the_order_of_their_numbers(two):
    two.start()
    assert two.bench.settled(two.make(), "up")
    assert two.said("start") == ["db start", "web start"]
    two.stop()
    assert two.bench.settled(two.make(), "down")
    assert two.said("stop") == ["web stop", "db stop"]


def test_what_is_told(two, bench):
    two.start()
    assert bench.lines("command") == [f"exec {two.path}/S10db start as user root", f"exec {two.path}/S20web start as user root"]
    assert bench.lines("output") == ["Started db", "Started web"]
    commands = [event for event in bench.events if event.name == "command"]
    assert [event.classic_text for event in commands] == [f"spawn: {two.path}/S10db start", f"spawn: {two.path}/S20web start"]
    done = next(event for event in bench.events if event.name == "done")
    assert done.text.startswith("start done in 0:00:") and done.text.endswith(" - ret 0")
    assert done.classic_text == f"{done.text} - logs in {two.log('S10db')}"
    assert all(event.fields["is_kept"] for event in bench.events if event.name == "output")


def test_the_output_of_each_launcher_is_kept_for_the_agent_alone(two):
    two.start()
    two.stop()
    assert two.log("S10db").read_text() == "Started db\n"
    assert two.log("K90db").exists()
    assert {two.log(link).stat().st_mode & 0o777 for link in ("S10db", "S20web", "K80web", "K90db")} == {0o600}


def test_what_a_failed_stop_printed_is_kept_and_told(folder, bench):
    folder.script("K10web", "echo busy; echo no license >&2; exit 3")
    with pytest.raises(ActionFailed, match="K10web stop as user root: exit code 3: busy; no license"):
        folder.stop()
    assert folder.log("K10web").read_text() == "busy\nno license\n"


def test_nothing_is_written_where_others_could_have_put_files(two, bench):
    (bench.folder / "tmp").chmod(0o777)
    two.start()
    assert bench.lines(level=Level.WARNING)[0] == f"{bench.folder}/tmp is not ours alone; remove it to have the output of S10db kept there"
    assert list((bench.folder / "tmp").iterdir()) == []


def test_a_link_in_the_place_of_a_log_is_not_followed(two, bench):
    two.log("S10db").symlink_to(bench.folder / "precious")
    with pytest.raises(ActionFailed, match="cannot write"):
        two.start()
    assert not (bench.folder / "precious").exists()


def test_start_and_stop_may_be_repeated(two, bench):
    two.start()
    assert bench.settled(two.make(), "up")
    two.start()
    assert bench.executed() == [f"launchers {two.path} is already up"]
    two.stop()
    assert bench.settled(two.make(), "down")
    two.stop()
    assert bench.executed() == [f"launchers {two.path} is already down"]
    assert [event.classic_text for event in bench.events if event.name == "already"] == ["app is already up", "app is already down"]


def end_web(two):
    """End the web server, of this test alone; in the moment of its exec a process has no environment to be found by."""
    found = wait_for(lambda: running if len(running := two.make().processes()) == 2 else None)
    number = int((two.bench.folder / "web.pid").read_text())
    two.bench.host.end_processes([process for process in found if process.pid == number], grace=1.0)


def test_what_is_up_is_neither_started_again_nor_taken_back(two, bench):
    two.start()
    assert bench.settled(two.make(), "up")
    end_web(two)
    two.script("S30broken", "exit 4")
    with pytest.raises(ActionFailed, match="exit code 4"):
        two.start()
    assert two.said("start") == ["db start", "web start", "web start"]
    bench.walk.take_back()
    assert two.said("stop") == ["web stop"]


def test_what_is_down_is_not_stopped_again(two, bench):
    two.start()
    end_web(two)
    two.stop()
    assert two.said("stop") == ["db stop"]
    assert bench.executed() == ["web is already down", f"exec {two.path}/K90db stop as user root"]


def test_a_plan_is_what_is_executed(two, bench):
    for operations, status in ((lambda: two.make().start(), "up"), (lambda: two.make().stop(), "down")):
        planned = bench.plan(operations())
        bench.follow(operations(), "app")
        assert bench.executed() == planned
        assert bench.settled(two.make(), status)


def test_a_plan_runs_nothing_but_checks(two, bench):
    bench.plan(two.make().start())
    assert (two.said("start", "stop"), bench.pids()) == ([], [])


def test_a_failed_start_is_taken_back_by_the_launchers_of_the_same_name(two, bench):
    two.script("S15broken", "sleep 600 & echo $! > $0.pid; exit 3")
    two.script("K15broken", f"kill $(cat {two.path}/S15broken.pid)")
    with pytest.raises(ActionFailed, match="S15broken start as user root: exit code 3"):
        two.start()
    assert two.said("start") == ["db start"]
    bench.walk.take_back()
    assert bench.executed()[-2:] == [f"exec {two.path}/K15broken stop as user root", f"exec {two.path}/K90db stop as user root"]
    assert bench.has_ended()


def test_the_first_failure_ends_a_stop(two, bench):
    two.start()
    (two.path / "K80web").unlink()
    two.script("K80web", "exit 5")
    with pytest.raises(ActionFailed, match="exit code 5"):
        two.stop()
    assert two.said("stop") == []


def test_its_processes_are_in_the_control_group_of_the_resource(two, bench):
    if bench.host.groups is None:
        pytest.skip("this host lets us make no control groups")
    two.start()
    members = {one.pid for one in bench.host.group_processes(f"{bench.cgroup}/app")}
    assert members == {int((bench.folder / f"{name}.pid").read_text()) for name in ("db", "web")}
    two.stop()
    assert not bench.host.groups.directory(f"{bench.cgroup}/app").exists()


def test_processes_left_after_stop_are_told_and_live(folder, bench):
    if bench.host.groups is None:
        pytest.skip("this host lets us make no control groups")
    folder.script("S10x", "setsid sleep 600 & exit 0")
    folder.script("K10x", "exit 0")
    folder.start()
    folder.stop()
    assert bench.lines(level=Level.WARNING)[0].startswith(f"1 processes of launchers {folder.path} are left after stop: pid ")
    assert len(bench.pids()) == 1


def test_a_start_that_hangs_and_ignores_term_is_ended_with_its_whole_tree(folder, bench):
    folder.script("S10x", "trap '' TERM; sleep 600 & setsid sleep 601 & sleep 602")
    with pytest.raises(ActionTimeout, match=r"not ended after 0\.3s"):
        folder.start(start_timeout="0.3s")
    assert bench.has_ended()


def test_a_megabyte_of_output(folder, bench):
    folder.script("S10x", "yes 0123456789abcdef | head -c 1020000; exit 0")
    folder.start()
    assert len(bench.lines("output")) == 60000
    assert folder.log("S10x").stat().st_size == 1020000


def test_a_shell_that_goes_on_in_the_background_is_no_start_that_still_runs(folder, bench):
    folder.script("S10x", "while true; do sleep 1; done >/dev/null 2>&1 &\necho $! > $0.pid")
    folder.script("K10x", f"kill $(cat {folder.path}/S10x.pid)")
    folder.start()
    folder.stop()
    assert bench.executed() == [f"exec {folder.path}/K10x stop as user root"]
    folder.start()
    folder.start()
    assert bench.executed() == [f"exec {folder.path}/S10x start as user root"]


def test_a_start_that_an_ended_agent_left_running_is_not_doubled_and_ended_by_stop(folder, bench):
    import subprocess

    folder.application("web", "C10web", "K10web")
    script = folder.script("S10web", "read line")  # no process but its own, not even for the moment of a fork
    resource = folder.make()
    process = subprocess.Popen([script, "start"], env={**os.environ, **resource.marks()}, stdin=subprocess.PIPE, start_new_session=True)
    try:
        wait_for(lambda: bench.host.find_processes(resource.marks()))
        with pytest.raises(ActionFailed, match=f"a start still runs, as pid {process.pid}; wait for it, or stop ends it"):
            folder.start()
        folder.stop()
        assert process.wait(60) < 0
    finally:
        process.kill()
        process.communicate(timeout=60)


# -- status


def test_without_a_check_the_status_is_not_known(folder):
    assert seen(folder.make()) == ("n/a", ["no checkup scripts"])


@pytest.mark.parametrize(
    ("codes", "status", "messages"),
    [
        ([0, 0], "up", []),
        ([1, 1], "down", []),
        ([0, 1], "warn", []),
        ([0, 7], "warn", ["C1x reports errors (7)"]),
        ([-9, 1], "warn", ["C0x reports errors (-9)"]),
    ],
    ids=str,
)
def test_exit_codes_of_the_checks(folder, codes, status, messages):
    for number, code in enumerate(codes):
        folder.script(f"C{number}x", f"exit {code}" if code >= 0 else f"kill {code} $$")
    assert seen(folder.make()) == (status, messages)


def test_a_check_that_hangs_is_ended(folder, bench):
    folder.script("C10x", "sleep 600 & sleep 601")
    began = time.monotonic()
    status, messages = seen(folder.make(check_timeout="0.3s"))
    assert time.monotonic() - began < 60
    assert status == "warn" and messages[0].startswith("C10x: ") and "not ended after 0.3s" in messages[0]
    assert bench.has_ended()


def test_while_what_is_below_is_not_up_no_check_is_run(two):
    assert two.make().seen_alone() is Status.NA
    assert two.said("status") == []


def test_what_runs_while_what_is_below_is_not_up_is_told(two, bench):
    two.start()
    found = two.make().seen_alone()
    pids = [(bench.folder / f"{name}.pid").read_text().strip() for name in ("db", "web")]
    assert isinstance(found, Observation) and found.status is Status.WARN
    assert found.messages[0].text == f"the resources below are not up, and pid {' '.join(pids)} of the launchers runs"


@pytest.mark.parametrize("kind", ["S10x", "K10x"])
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda folder, kind: folder.script(kind, "exit 0", 0o644), "not executable; chmod +x it"),
        (
            lambda folder, kind: folder.script(kind, "#!/no/such/shell\n"),
            "its first line names '/no/such/shell', which can't be run; correct it",
        ),
        (
            lambda folder, kind: (folder.path / kind).symlink_to("/no/such"),
            "points to /no/such, which is not there; correct the link, or remove it",
        ),
    ],
    ids=["not executable", "bad interpreter", "dangling"],
)
def test_a_launcher_that_can_not_be_run_is_told_in_one_line(two, kind, make, text):
    make(two, kind)
    expected = f"{two.path}/{kind}: {text}"
    assert seen(two.make()) == ("down", [expected])
    act = two.start if kind == "S10x" else two.stop
    if kind == "K10x":
        two.start()
    with pytest.raises(ActionFailed) as caught:
        act()
    assert str(caught.value) == expected
    assert two.said("start") == ([] if kind == "S10x" else ["db start", "web start"])
    assert two.said("stop") == []


def test_a_check_that_can_not_be_run_is_no_answer(folder):
    folder.script("C10x", "exit 0", 0o644)
    assert seen(folder.make()) == ("undef", [f"{folder.path}/C10x: not executable; chmod +x it"])


def test_what_only_looks_like_a_launcher_is_told_and_not_run(two):
    two.script("S05db~", "exit 9")
    (two.path / "S06folder").mkdir()
    assert seen(two.make())[1] == ["no launchers, not run: S05db~, S06folder"]
    two.start()
    assert two.said("start") == ["db start", "web start"]


def test_without_a_launcher_for_it_a_stop_leaves_all_as_it_is(folder, bench):
    folder.application("web", "S10web", "C10web")
    folder.start()
    folder.stop()
    assert bench.executed() == [f"launchers {folder.path} has no K launcher, and stays as it is"]
    assert seen(folder.make())[0] == "up"


def test_an_empty_folder_has_nothing_to_do(folder, bench):
    for act in (folder.start, folder.stop):
        act()
        assert bench.executed() == []


def test_a_file_in_the_place_of_the_folder_is_told(folder):
    folder.path.rmdir()
    folder.path.write_text("")
    with pytest.raises(ActionFailed, match="launchers: Not a directory; the launchers are links in a folder of this name"):
        folder.make().status()


def test_info_is_what_the_checks_print(two):
    assert two.make().info() == {"Name": "db", "C20web Name": "web"}


def test_labels(folder):
    assert (folder.make().label(), folder.make().classic_label()) == (f"launchers {folder.path}", "app")


# -- a folder in a file system of the service


@pytest.fixture
def unmounted(folder):
    folder.path.rmdir()
    folder.path.symlink_to(folder.bench.folder / "fs/init.d")
    return folder


def test_a_folder_that_is_not_mounted_has_no_status(unmounted):
    assert seen(unmounted.make()) == ("n/a", [])
    assert unmounted.make().info() == {}


def test_a_start_without_the_folder_fails(unmounted, bench):
    with pytest.raises(ActionFailed) as caught:
        unmounted.start()
    target = bench.folder / "fs/init.d"
    assert str(caught.value) == f"{unmounted.path} points to {target}, which is not there; mount its file system, or correct the link"


def test_a_stop_once_more_without_the_folder_succeeds(unmounted, bench):
    unmounted.stop()
    target = bench.folder / "fs/init.d"
    assert bench.executed() == [f"launchers {unmounted.path} is already stopped ({target} is not there)"]


def test_a_stop_without_the_folder_fails_while_something_runs(two, bench):
    two.start()
    two.path.rename(bench.folder / "moved")
    two.path.symlink_to(bench.folder / "fs/init.d")
    with pytest.raises(ActionFailed, match="of the launchers runs; mount its file system, or end it"):
        two.stop()


def test_a_plan_says_that_the_launchers_are_read_when_the_folder_is_mounted(unmounted, bench):
    resource = unmounted.make()
    resource.context = resource.context._replace(planned_paths={str(bench.folder / "fs"), str(bench.folder)})
    (command,) = list(resource.start())
    assert str(command) == f"exec {unmounted.path}/S* start as user root"
    assert command.condition == f"{bench.folder}/fs/init.d has such launchers; it is read when it is mounted"


def test_the_owner_of_a_launcher_runs_it(folder, bench, is_root):
    os.chown(folder.script("S10x", "id -un; pwd"), 65534, -1)
    folder.start()
    assert bench.lines("output") == ["nobody", "/"]
    assert Path(folder.log("S10x")).read_text() == "nobody\n/\n"
