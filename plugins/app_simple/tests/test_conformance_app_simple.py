"""The driver app.simple keeps what every driver promises."""

from types import MappingProxyType

from opensvc_core.testing.conformance import Case, Conformance


class TestConformance(Conformance):
    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "its start is over when the program has lasted for a moment"})

    def case(self, folder):
        text = "[app#1]\ntype = simple\nstart = sleep 987\n"
        # its start succeeds once the program has lasted for a moment, so what hangs is the stop command of a rollback at most
        return Case(text, rid="app#1", remove=end_all)


class TestWithCheckAndStopCommand(Conformance):
    """An application that writes its number into a file: the check and the stop command go by it, and leave the file."""

    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "its start is over when the program has lasted for a moment"})

    def case(self, folder):
        script, file = folder.parent / "launcher", folder / "pid"
        script.write_text(LAUNCHER)
        script.chmod(0o755)
        text = f"[app#1]\ntype = simple\nstart = {script} run {file}\nstop = {script} stop {file}\ncheck = {script} check {file}\n"
        return Case(text, rid="app#1", footprint=str, remove=end_all)


LAUNCHER = """#!/bin/sh
case $1 in
run) echo $$ > "$2"; exec sleep 988 ;;
stop) test ! -s "$2" || kill $(cat "$2") 2>/dev/null || true ;;
check) test -s "$2" && grep -q . /proc/$(cat "$2")/cmdline 2>/dev/null ;;
esac
"""


def end_all(service):
    host = service.node.host
    host.end_processes(host.find_processes({"OPENSVC_SVC_ID": service.config().service.id}), grace=1.0)
