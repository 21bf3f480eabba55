"""Files of the cluster that were edited on this node, and what becomes of them."""

import asyncio

from opensvc_daemon.listener.members import Members

from opensvc_core.api import Node


class Served:
    """Counts how often the configuration was used anew."""

    def __init__(self):
        self.used = 0

    async def configuration_changed(self):
        self.used += 1


def test_a_cluster_file_that_can_not_be_read_is_sent_to_nobody_and_ends_nothing(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "cluster.conf").write_text("[cluster\nnodes = n1 n2\n")
    served, said, failed = Served(), [], []

    async def reload():
        pass

    async def edited():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
        members = Members(Node(root=tmp_path, nodename="n1"), served, None, reload, lambda *line, **_: said.append(line))
        await members.edited()
        await asyncio.gather(*members._telling)

    asyncio.run(edited())
    assert (served.used, failed) == (1, [])
    ((level, text),) = said
    assert level == "warning"
    assert text.startswith("cluster.conf is not sent to the other members: ")
