"""The driver app.forking keeps what every driver promises."""

from opensvc_core.testing.conformance import Case, Conformance


class TestConformance(Conformance):
    def case(self, folder):
        script, file = folder.parent / "launcher", folder / "pid"
        script.write_text(LAUNCHER.replace("FILE", str(file)))
        script.chmod(0o755)
        text = f"[app#1]\ntype = forking\nscript = {script}\nstart = true\nstop = true\ncheck = true\n"
        hanging = text.replace("start = true", f"start = {script} hang\nstart_timeout = 0.5s")
        return Case(text, rid="app#1", footprint=file.exists, remove=lambda service: end(script, service), hanging=hanging, limit=60.0)


# The process is known by its number in a file, as daemons do it.
LAUNCHER = """#!/bin/sh
case $1 in
start) sleep 986 >/dev/null 2>&1 & echo $! > FILE ;;
stop) test ! -s FILE || kill $(cat FILE) 2>/dev/null; rm -f FILE ;;
status) test -s FILE && grep -q . /proc/$(cat FILE)/cmdline 2>/dev/null ;;
hang) sleep 985 & sleep 984 ;;
esac
"""


def end(script, service):
    """End the daemon, whose file stays."""
    host = service.node.host
    host.end_processes(host.find_processes({"OPENSVC_SVC_ID": service.config().service.id}), grace=1.0)
