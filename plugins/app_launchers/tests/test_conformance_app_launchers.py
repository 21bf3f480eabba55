"""The driver app.launchers keeps what every driver promises. No section describes it: its folder is made before the service."""

from opensvc_core.testing.conformance import Case, Conformance


class TestConformance(Conformance):
    def fresh(self, node, tmp_path, name="conformance"):
        script = tmp_path / "launcher"
        script.write_text(LAUNCHER.replace("FILE", str(tmp_path / f"host.{name}" / "pid")))
        script.chmod(0o755)
        for service, first in ((name, "S10web"), ("rollback", "S10web"), ("hanging", "S20hang")):
            folder = node.paths.etc / f"{service}.d"
            folder.mkdir(parents=True)
            for link in (first, "K90web", "C50web"):
                (folder / link).symlink_to(tmp_path / "hang" if link == "S20hang" else script)
        (tmp_path / "hang").write_text("#!/bin/sh\nsleep 985 & sleep 984\n")
        (tmp_path / "hang").chmod(0o755)
        return super().fresh(node, tmp_path, name)

    def case(self, folder):
        file = folder / "pid"
        hanging = "[DEFAULT]\nstart_timeout = 0.5s\n"
        return Case("[DEFAULT]\n", rid="app", footprint=file.exists, remove=end, hanging=hanging, limit=60.0)


# The process is known by its number in a file, as daemons do it.
LAUNCHER = """#!/bin/sh
case $1 in
start) sleep 986 >/dev/null 2>&1 & echo $! > FILE ;;
stop) test ! -s FILE || kill $(cat FILE) 2>/dev/null; rm -f FILE ;;
status) test -s FILE && grep -q . /proc/$(cat FILE)/cmdline 2>/dev/null ;;
esac
"""


def end(service):
    """End the daemon, whose file stays."""
    host = service.node.host
    host.end_processes(host.find_processes({"OPENSVC_SVC_ID": service.config().service.id}), grace=1.0)
