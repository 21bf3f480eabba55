"""The driver app.simple keeps what every driver promises."""

from opensvc_core.testing.conformance import Case, Conformance


class TestConformance(Conformance):
    def case(self, folder):
        text = "[app#1]\ntype = simple\nstart = sleep 987\n"
        # its start succeeds once the program has lasted for a moment, so what hangs is the stop command of a rollback at most
        return Case(text, rid="app#1", remove=end_all)


class TestWithCheckAndStopCommand(Conformance):
    """An application that keeps a file while it is up: the check sees the file, the stop command takes it away."""

    def case(self, folder):
        script = folder.parent / "launcher"
        script.write_text(LAUNCHER)
        script.chmod(0o755)
        file = folder / "pid"
        text = f"[app#1]\ntype = simple\nscript = {script}\nstart = {script} run {file}\nstop = {script} stop {file}\ncheck = test -e {file}\n"
        return Case(text, rid="app#1", remove=lambda service: (end_all(service), file.unlink()))


LAUNCHER = """#!/bin/sh
case $1 in
run) touch "$2"; exec sleep 988 ;;
stop) rm -f "$2" ;;
esac
"""


def end_all(service):
    host = service.node.host
    host.end_processes(host.find_processes({"OPENSVC_SVC_ID": service.config().service.id}), grace=1.0)
