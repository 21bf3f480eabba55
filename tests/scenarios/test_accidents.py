"""What must hold when something below an application goes, or an agent is killed in the middle."""

import signal

LAUNCHER = """#!/bin/sh
case $1 in
start) sleep 333 ;;
stop) ;;
status) exit 1 ;;
esac
"""


def test_an_application_is_seen_when_what_is_below_is_gone_and_is_not_orphaned(root):
    root("om svc1 create --kw fs#a.type=flag --kw app#s.type=simple --kw 'app#s.start=sleep 3601'")
    root("om svc1 start --local")
    (root / "run/svc/svc1/fs#a.flag").unlink()
    seen = root("om svc1 print status").stdout
    assert "of it runs" in seen
    assert "app#s" in root("om svc1 delete", code=5).stderr
    root("om svc1 stop --local")
    root("om svc1 delete")


def test_a_start_command_that_an_ended_agent_left_running_is_seen_and_never_doubled(root):
    script = root.write("launcher", LAUNCHER, mode=0o755)
    words = "--kw app#a.start=true --kw app#a.stop=true --kw app#a.check=true"
    root(f"om svc1 create --kw app#a.type=forking --kw app#a.script={script} {words}")
    begun = root.begin("om svc1 start --local")
    root.wait_for(lambda: "still runs" in root("om svc1 print status").stdout)
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    assert "still runs" in root("om svc1 start --local", code=1).stdout
    root("om svc1 stop --local")
    assert "still runs" not in root("om svc1 print status").stdout


def test_requirements_that_can_not_be_read_are_refused_by_the_edit(root):
    root("om svc1 create --kw fs#a.type=flag --kw fs#b.type=flag")
    assert "no status" in root("om svc1 set --kw 'fs#b.start_requires=fs#a(purple)'", code=7).stderr


def test_a_boot_runs_no_trigger_of_a_service_that_is_not_to_start(root):
    root("om svc1 create --kw fs#a.type=flag --kw 'pre_start=touch {var}/ran'")
    root("om svc1 boot --local")
    assert not (root / "var/ran").exists()


def test_a_directory_that_is_a_link_to_nowhere_is_told(root):
    (root / "m").symlink_to("/nonexist/at/all")
    root(f"om svc1 create --kw fs#d.type=directory --kw fs#d.path={root / 'm'}")
    assert "leads nowhere" in root("om svc1 start --local --rid fs#d", code=1).stdout


def test_a_selector_by_a_word_of_the_service_finds_one_with_a_resource_of_that_group(root):
    root("om svc1 create --kw app=shop --kw app#1.type=simple --kw 'app#1.start=sleep 1'")
    assert root("om app=shop ls").stdout == "svc1\n"
    assert root("om app: ls").stdout == "svc1\n"


def test_a_stop_waits_as_long_as_its_own_limit_says(root):
    flag = root / "up"
    check = f"--kw 'app#a.check=test -e {flag}'"
    root(f"om svc1 create --kw app#a.type=forking --kw 'app#a.start=touch {flag}' --kw 'app#a.stop=/bin/true' {check}")
    root("om svc1 set --kw app#a.start_timeout=600 --kw app#a.stop_timeout=1")
    root("om svc1 start --local")
    began = root.now()
    assert "is up after stop" in root("om svc1 stop --local", code=1).stdout
    assert root.now() - began < 60


def test_a_run_without_a_task_and_a_failed_task_are_told(root):
    root("om svc1 create --kw fs#a.type=flag")
    assert "nothing to act on" in root("om svc1 run --local", code=2).stderr
    root("om svc2 create --kw task#1.type=host --kw task#1.command=/bin/false")
    root("om svc2 run --local", code=1)


def test_a_trigger_with_an_open_quote_is_refused_by_the_edit(root):
    root("om svc1 create --kw fs#a.type=flag")
    assert "pre_start" in root("om svc1 set --kw 'fs#a.pre_start=echo \"x'", code=7).stderr
    root("om svc1 set --kw 'fs#a.pre_start=echo \"x\" | cat'")
    assert "| x" in root("om svc1 start --local").stdout
