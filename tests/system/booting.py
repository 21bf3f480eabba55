"""A node of the lab that goes down and comes up as machines do, and its units."""


def with_units(node):
    """A node that comes up as machines do, with the units there, none of them enabled."""
    node.write("/etc/systemd/system/lab.target.d/boot.conf", "[Unit]\nWants=multi-user.target\n")
    node("om node install units")
    node("systemctl daemon-reload")
    return node


def off_and_on(node):
    """Have the node go down in order, and come up again."""
    # process 1 stops everything else before it ends, the caller too
    node("timeout 100 systemctl poweroff", code=None)
    node.wait_for(lambda: not node.is_up)
    node.power_off()
    node.power_on()
    node.wait_for(lambda: node("systemctl is-system-running", code=None).stdout in ("running\n", "degraded\n"))


def state(node, unit):
    return node(f"systemctl is-active {unit}", code=None).stdout.strip()
