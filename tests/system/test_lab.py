"""A lab has nodes that know each other, run commands, keep files, and touch nothing of the host."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from lab import Lab, missing
from lab.places import TOP, compile_sources, places


def test_this_machine_has_what_a_lab_takes():
    if os.geteuid() != 0:
        pytest.skip("not root: sudo make test")
    assert missing() == missing("systemd") == ""


def test_two_nodes_are_up_soon():
    compile_sources()  # once, and not the lab's time
    begin = time.monotonic()
    with Lab() as lab:
        seconds = time.monotonic() - begin
        assert [node.is_up for node in lab.nodes] == [True, True]
    assert seconds < 30  # 0.2 on two slow cores with nothing else to do


@pytest.mark.lab(nodes=3)
def test_nodes_reach_each_other_by_ssh_without_a_question(lab):
    n1, _, n3 = lab.nodes
    assert n1("ssh n3 hostname").stdout == "n3\n"
    assert n3("ssh 10.99.1.1 hostname").stdout == "n1\n"


def test_a_command_of_the_agent_runs_here_and_over_ssh(module_lab):
    n1, n2 = module_lab.nodes
    version = n1("om --version").stdout
    assert version.startswith("opensvc")
    assert n2("ssh n1 om --version").stdout == version


def test_the_agent_has_configuration_and_state_of_its_own_in_each_node(module_lab):
    n1, n2 = module_lab.nodes
    n1.write("/etc/opensvc/own.conf", "[DEFAULT]\n[fs#1]\ntype = flag\n")
    assert "own" in n1("om own print status").stdout
    assert n2("om own print status", code=None).code != 0


def test_the_agent_finds_its_modules_compiled(module_lab):
    n1, _ = module_lab.nodes
    compiled = n1("python -v -c 'import opensvc_core.cli.main'").stderr
    assert f"matches {TOP}/opensvc_core/cli/main.py" in compiled


def test_a_command_has_input_environment_and_a_code(module_lab):
    n1, _ = module_lab.nodes
    done = n1("sh -c 'cat; echo $WORD $0 >&2; exit 3' 'two words'", code=3, stdin="text\n", WORD="given")
    assert done == (3, "text\n", "given two words\n")


def test_nothing_of_the_outer_environment_comes_in(module_lab, monkeypatch):
    for name in ("OSVC_ROOT_PATH", "PYTHONDONTWRITEBYTECODE", "SOME_SECRET"):
        monkeypatch.setenv(name, "1")
    names = {line.partition("=")[0] for line in module_lab["n1"]("env").stdout.splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"}


def test_an_unexpected_code_names_command_code_and_output(module_lab):
    with pytest.raises(AssertionError, match=r"n2: sh -c .*code=4, stdout='out\\n', stderr='err\\n'"):
        module_lab["n2"]("sh -c 'echo out; echo err >&2; exit 4'")


def test_a_traceback_fails_whatever_the_code(module_lab):
    with pytest.raises(AssertionError, match="Traceback"):
        module_lab["n1"]("python -c 'raise SystemError'", code=None)


def test_a_command_that_hangs_ends_at_its_timeout_with_its_group(module_lab):
    n1, _ = module_lab.nodes
    with pytest.raises(AssertionError, match=r"did not end in 3 s: .*begun"):
        n1("sh -c 'echo begun; sleep 1234 & sleep 1234'", timeout=3)
    n1.wait_for(lambda: n1("pgrep -f 'sleep 1234'", code=None).code == 1)


def test_a_command_whose_output_a_daemon_keeps_open_says_so(module_lab):
    with pytest.raises(AssertionError, match=r"ended with 0, but something keeps its output open in 3 s: .*left"):
        module_lab["n1"]("sh -c 'echo left; setsid sleep 1235 &'", timeout=3)
    module_lab["n1"]("pkill -f 'sleep 1235'")


def test_a_command_in_the_background_can_be_read_and_ended(module_lab):
    n1, _ = module_lab.nodes
    process = n1.begin("sh -c 'echo ready; echo too >&2; read x; sleep 1236'")
    assert process.stdout.readline() + process.stdout.readline() == "ready\ntoo\n"
    n1("pkill -f 'sleep 1236'", code=None)
    process.wait(60)


def test_files_are_written_and_read_from_outside(module_lab):
    n1, n2 = module_lab.nodes
    n1.write("/etc/some/where/file", "text\n", mode=0o640)
    assert n1("stat -c '%a %U' /etc/some/where/file").stdout == "640 root\n"
    n1("sh -c 'echo more >>/etc/some/where/file'")
    assert n1.read("/etc/some/where/file") == "text\nmore\n"
    assert (n1.exists("/etc/some"), n2.exists("/etc/some")) == (True, False)


def test_absolute_links_lead_to_files_of_the_node(module_lab):
    n1, _ = module_lab.nodes
    n1("ln -s /run /etc/link")
    n1.write("/etc/link/lab-was-here", "x")
    assert n1.exists("/run/lab-was-here")
    assert not Path("/run/lab-was-here").exists()


def test_a_name_is_known_in_all_nodes_also_in_one_that_was_off(lab):
    n1, n2 = lab.nodes
    n2.power_off()
    lab.hosts("web.example.com", "10.99.0.50")
    n2.power_on()
    assert {node("getent hosts web.example.com").stdout.split()[0] for node in (n1, n2)} == {"10.99.0.50"}


def test_no_host_file_system_interface_process_or_disk_is_seen_in_a_node(module_lab, tmp_path):
    n1, _ = module_lab.nodes
    (tmp_path / "mark").touch()
    assert not n1.exists(str(tmp_path / "mark"))
    mounts = {line.split()[1] for line in n1.read("/proc/mounts").splitlines()}
    assert all(name.startswith(("/proc", "/sys", "/dev", "/run", "/tmp", *places())) or name == "/" for name in mounts)
    assert {line.split(":")[0].strip() for line in n1.read("/proc/net/dev").splitlines()[2:]} == {"lo", "eth0", "eth1"}
    with subprocess.Popen(["sleep", "1237"]) as process:
        assert n1("pgrep -f 'sleep 1237'", code=1).stdout == ""
        process.kill()
    assert n1("find /dev -type b -not -name 'loop*'").stdout == ""


def test_a_node_changes_nothing_of_the_host(module_lab):
    n1, _ = module_lab.nodes
    n1("touch /etc/lab-was-here /root/lab-was-here /var/lab-was-here /tmp/lab-was-here")
    n1("sh -c 'mkdir /run/point && mount -t tmpfs lab-was-here /run/point && ip link add lab-br type bridge'")
    assert not any(Path(folder, "lab-was-here").exists() for folder in ("/etc", "/root", "/var", "/tmp"))
    host = Path("/proc/self/mountinfo").read_text(encoding="utf-8") + Path("/proc/net/dev").read_text(encoding="utf-8")
    assert not any(word in host for word in ("lab-was-here", module_lab.label, "lab-br", "n1p0"))


@pytest.mark.parametrize("path", ["/proc/sys/kernel/panic", "/proc/sys/vm/swappiness", "/sys/kernel/profiling", str(TOP / "README.md")])
def test_settings_of_the_kernel_and_the_repository_are_read_only(module_lab, path):
    n1, _ = module_lab.nodes
    assert n1(f"sh -c 'test ! -e {path} || echo x >>{path}'", code=None).stderr.rstrip().endswith("Read-only file system")


def test_settings_of_the_network_are_the_nodes_own(module_lab):
    n1, n2 = module_lab.nodes
    n1("sh -c 'echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind'")
    assert [node.read("/proc/sys/net/ipv4/ip_nonlocal_bind") for node in (n1, n2)] == ["1\n", "0\n"]


def test_sysrq_is_a_file(module_lab):
    n1, _ = module_lab.nodes
    if not n1.exists("/proc/sysrq-trigger"):
        n1.write("/run/sysrq-trigger", "")
        return
    n1("sh -c 'echo h >/proc/sysrq-trigger'")
    assert n1.read("/run/sysrq-trigger") == "h\n"


def test_no_traffic_leaves(module_lab):
    n1, _ = module_lab.nodes
    assert "unreachable" in n1("ip route get 192.0.2.1", code=2).stderr
    assert module_lab["n1"]("ip -6 route get 2001:db8::1", code=2).stderr


def test_several_labs_run_at_once(module_lab):
    with Lab() as other:
        module_lab["n1"]("ip addr add 10.99.0.99/24 dev eth0")
        assert other["n2"]("ping -c1 -W1 10.99.0.99", code=None).code == 1
        assert module_lab["n2"]("ping -c1 -W20 10.99.0.99").code == 0
        assert other.label != module_lab.label
    module_lab["n1"]("ping -c1 -W20 n2")
