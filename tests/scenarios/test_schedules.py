"""Schedules as an administrator meets them: what is due, what is not, and the table that tells when."""

import json
import re
import time

import pytest

SERVICE = """\
[DEFAULT]
run_schedule = {window}

[task#night]
command = touch {root}/night

[task#often]
command = touch {root}/often
schedule = @10

[task#byhand]
command = touch {root}/byhand
"""


def hours_from_now(begin, end):
    """A time range on the wall of this host; of two hours: one alone would be none where the clock is put back in it."""
    return "-".join(time.strftime("%H:%M", time.localtime(time.time() + hours * 3600)) for hours in (begin, end))


@pytest.fixture
def web(root):
    root.write("etc/web.conf", SERVICE.replace("{window}", hours_from_now(2, 4)) + "schedule = none\n")


def done(root):
    return {name for name in ("night", "often", "byhand") if (root / name).exists()}


@pytest.mark.usefixtures("web")
def test_cron_runs_what_is_due_once(root):
    first = root("om web run --cron")
    assert done(root) == {"often"}
    assert "r:task#often sc:y" in first.stdout and "night" not in first.stdout and first.stderr == ""
    (root / "often").unlink()
    again = root("om web run --cron")
    assert (again.stdout, again.stderr) == ("", "")
    assert done(root) == set()


@pytest.mark.usefixtures("web")
def test_why_something_was_not_run_is_in_the_log(root):
    root("om web run --cron")
    log = (root / "log/web.log").read_text()
    assert re.search(r"r:task#night .*\| skip run: not in allowed period \(\['\d\d:\d\d', '\d\d:\d\d'\]\)", log)
    assert "| skip run: never scheduled" in log


@pytest.mark.usefixtures("web")
def test_who_asks_or_forces_is_not_held_by_a_schedule(root):
    root("om web run --rid task#night")
    assert done(root) == {"night"}
    root("om web run --cron --force")
    assert done(root) == {"night", "often", "byhand"}


@pytest.mark.usefixtures("web")
def test_the_table_of_schedules(root):
    root("om web run --rid task#often")
    lines = root("om web print schedule").stdout.splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["Action", "Last Run", "Next Run", "Config Parameter", "Schedule Definition"]
    rows = {cells[3]: cells for cells in (re.split(r"\s{2,}", line) for line in lines[1:])}
    moment = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
    assert list(rows) == [
        "DEFAULT.status_schedule",
        "DEFAULT.resinfo_schedule",
        "task#night.schedule",
        "task#often.schedule",
        "task#byhand.schedule",
    ]
    assert rows["task#night.schedule"][1] == "-" and moment.fullmatch(rows["task#night.schedule"][2])
    assert moment.fullmatch(rows["task#often.schedule"][1]) and rows["task#often.schedule"][4] == "@10"
    assert rows["task#byhand.schedule"][:3] == ["run", "-", "-"]
    assert len({line.index("DEFAULT." if "DEFAULT." in line else "task#") for line in lines[1:]}) == 1


@pytest.mark.usefixtures("web")
def test_the_table_for_machines(root):
    root("om web run --rid task#often")
    rows = json.loads(root("om web print schedule --format json").stdout)
    assert {tuple(sorted(row)) for row in rows} == {("action", "config_parameter", "last_run", "next_run", "schedule_definition")}
    often = next(row for row in rows if row["config_parameter"] == "task#often.schedule")
    assert often["action"] == "run" and often["next_run"] - often["last_run"] == 600
    assert next(row for row in rows if row["config_parameter"] == "task#byhand.schedule")["next_run"] is None


@pytest.mark.usefixtures("web")
def test_several_services_and_the_node_say_whose(root):
    root.write("etc/db.conf", "")
    several = root("om '*' print schedule").stdout
    assert several.splitlines()[0].startswith("Service  Action")
    assert root("om node print schedule").stdout.count("\ndb ") == several.count("\ndb ") == 2
    assert set(json.loads(root("nodemgr print schedule --format json").stdout)) == {"db", "web"}
    assert root("svcmgr -s db print schedule").stdout.startswith("Action ")


def test_a_node_without_services_has_an_empty_table(root):
    assert root("om node print schedule").stdout.startswith("Service  Action")
    assert json.loads(root("om node print schedule --format json").stdout) == {}
    assert root("nodemgr schedule run").stdout == ""


@pytest.mark.usefixtures("web")
def test_the_node_does_what_is_due(root):
    root.write("etc/broken.conf", "nonsense\n")
    first = root("nodemgr schedule run", code=7)
    assert "broken.conf:1" in first.stderr
    assert done(root) == {"often"}
    rows = {row["action"]: row for row in json.loads(root("om web print schedule --format json").stdout)}
    assert rows["status"]["next_run"] - rows["status"]["last_run"] == 600
    assert rows["push_resinfo"]["next_run"] - rows["push_resinfo"]["last_run"] == 3600
    (root / "etc/broken.conf").unlink()
    assert root("nodemgr schedule run").stdout == ""
    assert root("om web schedule run").stdout == ""


def test_a_refresh_of_the_stored_status_is_a_run_of_its_schedule(root):
    root.write("etc/web.conf", "")
    root("svcmon --updatedb")
    root("om web push resinfo")
    rows = json.loads(root("om web print schedule --format json").stdout)
    assert all(0 <= time.time() - row["last_run"] < 600 for row in rows)


def test_a_schedule_that_can_not_be_read_is_found_by_validate_and_refused_by_set(root):
    root.write("etc/web.conf", "[task#1]\ncommand = /bin/true\nschedule = 10:00 mo\n")
    found = root("om web validate config", code=None)
    assert found.code != 0 and "web.conf:3: error: task#1.schedule = 10:00 mo: 'mo': no weekday; allowed: 1 to 7" in found.stdout
    refused = root("om web set --kw 'DEFAULT.run_schedule=@x'", code=None)
    assert refused.code != 0 and "'x': no interval" in refused.stderr


def test_times_are_those_of_the_wall(root):
    root.write("etc/web.conf", "[task#1]\ncommand = /bin/true\nschedule = 10:00\n")
    for zone, hour in (("UTC0", 10), ("XXX-3", 7), ("YYY+5", 15)):
        rows = json.loads(root("om web print schedule --format json", TZ=zone).stdout)
        assert 0 <= rows[-1]["next_run"] % 86400 - hour * 3600 < 600
        assert "10:0" in root("om web print schedule", TZ=zone).stdout.splitlines()[-1]
