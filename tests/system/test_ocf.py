"""Resource agents of the package resource-agents as resources: their life on a node, and what they say when it goes wrong."""

import json
import shutil
from pathlib import Path

import pytest

if not Path("/usr/lib/ocf/resource.d/heartbeat/Dummy").exists() or not shutil.which("nginx"):
    pytest.skip("agents are missing; 'apt-get install resource-agents nginx-light' brings them", allow_module_level=True)
NGINX = """\
daemon on;
pid /run/web/nginx.pid;
error_log /run/web/error.log;
events {}
http { access_log off; server { listen 10.99.0.77:8080; location / { return 200 "served\\n"; } } }
"""
AGENTS = {
    "Dummy": "state = /run/web/dummy",
    "dummypy": "state = /run/web/dummypy",
    "Delay": "startdelay = 0\nstopdelay = 0\nmondelay = 0",
    "SendArp": "ip = 10.99.0.77\nnic = eth0",
    "iface-macvlan": "device = eth0\nname = mac7",
    "IPaddr2": "ip = 10.99.0.77\ncidr_netmask = 24\nnic = eth0\narp_count = 1",
    "IPaddr": "ip = 10.99.0.78\ncidr_netmask = 24\nnic = eth0\nARP_REPEAT = 1",
    "Route": "destination = 10.98.0.0/24\ndevice = eth0\ngateway = 10.99.0.2",
    "IPsrcaddr": "ipaddress = 10.99.0.77\ncidr_netmask = 24\ndestination = 10.99.0.0/24",
    "Filesystem": "device = tmpfs\ndirectory = /srv/web\nfstype = tmpfs\noptions = size=1m",
    "symlink": "link = /srv/web/link\ntarget = /etc/hostname",
    "portblock": "protocol = tcp\nportno = 81\naction = block",
    "anything": "binfile = /bin/sleep\ncmdline_options = 987\npidfile = /run/web/anything.pid",
    "rsyncd": f"binpath = {shutil.which('rsync')}\nconffile = /etc/rsyncd.conf",
    "nginx": "configfile = /etc/nginx.conf\nhttpd = /usr/sbin/nginx\nport = 8080\nstatus10url = http://10.99.0.77:8080/",
}


FILES = {"/etc/nginx.conf": NGINX, "/etc/rsyncd.conf": "pid file = /run/web/rsyncd.pid\nuse chroot = no\n[web]\npath = /run/web\n"}


def section(agent, more=""):
    return f"[app#{agent}]\ntype = ocf\nagent = ocf:heartbeat:{agent}\n{more}\n\n"


def statuses(node):
    found = json.loads(node("om web print status --format json").stdout)["resources"]
    return {rid.partition("#")[2]: one["status"] for rid, one in found.items()}


@pytest.mark.timeout(240)
def test_fifteen_agents_live_on_a_node(lab):
    node = lab["n1"]
    for name, text in FILES.items():
        node.write(name, text)
    node("mkdir -p /run/web /srv/web")
    node.write("/etc/opensvc/web.conf", "".join(section(*one) for one in AGENTS.items()))
    assert node("om web validate config").stdout == ""
    assert statuses(node) == dict.fromkeys(AGENTS, "down"), node("om web print status").stdout
    node("om web start --local")
    assert statuses(node) == dict.fromkeys(AGENTS, "up"), node("om web print status").stdout
    assert node("curl -s http://10.99.0.77:8080/").stdout == "served\n"
    assert node("om web start --local").stdout.count("is already started") == len(AGENTS)
    node("sh -c 'rm /run/web/dummy; umount /srv/web; ip link delete mac7'")
    assert {name for name, status in statuses(node).items() if status != "up"} >= {"Dummy", "Filesystem", "symlink", "iface-macvlan"}
    node("om web stop --local")
    assert statuses(node) == dict.fromkeys(AGENTS, "down"), node("om web print status").stdout


def test_what_an_agent_refuses_is_told_in_its_words(lab):
    node = lab["n1"]
    node.write("/etc/opensvc/web.conf", section("rsyncd", "binpath = /nowhere/rsync"))
    said = node("om web start --local", code=1).stdout
    assert "E ocf:heartbeat:rsyncd: validate-all was called with arguments that it does not understand (exit code 2): " in said
    assert "Binary path /nowhere/rsync does not exist" in said


def test_what_an_agent_does_not_know_is_found_before_anything_is_started(lab):
    node = lab["n1"]
    text = (
        section("IPaddr2", "ip = 10.99.0.77\nnik = eth0") + section("Nope") + section("anything", "stop_timeout = 5\nocf_stop_timeout = 7")
    )
    node.write("/etc/opensvc/web.conf", text)
    said = node("om web validate config", code=7).stdout
    assert "nik" in said and "did you mean 'nic'?" in said
    assert "ocf:heartbeat:Nope: /usr/lib/ocf/resource.d/heartbeat/Nope: No such file or directory" in said
    assert "binfile is required" in said
    assert "ocf_stop_timeout" not in said


def test_the_parameters_of_an_agent_are_shown(lab):
    node = lab["n1"]
    said = node("om keywords app.ocf ocf:heartbeat:anything").stdout
    assert "binfile (required; scopable)" in said
    assert "ocf_stop_timeout (scopable)" in said
    assert "agent (required)" in said
    assert node("om keywords app.ocf anything", code=2).stderr == "om: 'anything' is no agent; such as ocf:heartbeat:IPaddr2\n"
