"""What a host tells of itself, from recorded files and from this host."""

import pytest

from opensvc_core.system import facts

RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
# a comment=1
ID=debian
HOME_URL='https://www.debian.org/'
ODD="unbalanced
"""
MEMORY = """\
MemTotal:       24684092 kB
MemFree:        20000000 kB
SwapTotal:       1048576 kB
HugePages_Total:       0
DirectMap4k:      102400 kB
"""


def test_the_operating_system_is_what_its_release_file_says():
    found = facts.os_release(RELEASE)
    assert (found["PRETTY_NAME"], found["ID"], found["VERSION_ID"]) == ("Debian GNU/Linux 12 (bookworm)", "debian", "12")
    assert found["ODD"] == '"unbalanced'
    assert "# a comment" not in found


def test_memory_is_in_bytes():
    found = facts.memory_sizes(MEMORY)
    assert (found["MemTotal"], found["SwapTotal"]) == (24684092 * 1024, 1 << 30)
    assert "HugePages_Total" not in found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel\t\t: 207\nmodel name\t: Intel(R)  Xeon(R) Processor\nmodel name\t: other\n", "Intel(R) Xeon(R) Processor"),
        ("processor\t: 0\ncpu\t\t: POWER9, altivec supported\n", "POWER9, altivec supported"),
        ("processor\t: 0\nBogoMIPS\t: 50.00\n", ""),
        ("", ""),
    ],
    ids=["x86", "power", "arm", "none"],
)
def test_the_processor_has_the_name_that_its_architecture_gives(text, name):
    assert facts.cpu_model(text) == name


@pytest.mark.parametrize(("text", "told"), [("Dell  Inc.\n", "Dell Inc."), ("To Be Filled By O.E.M.\n", ""), ("None", ""), ("", "")])
def test_a_placeholder_of_the_firmware_is_no_fact(text, told):
    assert facts.hardware(text) == told


@pytest.mark.parametrize(
    ("netmask", "length"), [("255.255.255.224", 27), ("0.0.0.0", 0), ("ffff:ffff:ffff:ffff::", 64), ("255.255.255.255", 32)]
)
def test_a_netmask_is_a_prefix(netmask, length):
    assert facts.prefix(netmask) == length


def test_a_host_that_tells_nothing_is_no_error(tmp_path):
    found = facts.read(tmp_path)
    assert (found.os_name, found.cpu, found.memory, found.serial, found.uptime) == ("", "", 0, "", 0)


def test_the_files_are_read_below_the_root(tmp_path):
    for name, text in (("etc/os-release", RELEASE), ("proc/uptime", "90.5 100\n"), ("sys/class/dmi/id/sys_vendor", "QEMU\n")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    found = facts.read(tmp_path)
    assert (found.os_id, found.uptime, found.maker) == ("debian", 90.5, "QEMU")
