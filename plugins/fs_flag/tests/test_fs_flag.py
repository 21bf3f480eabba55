"""The driver fs.flag."""

from opensvc_core.testing.conformance import Case, Conformance


class TestConformance(Conformance):
    def case(self, folder):
        return Case("[fs#1]\ntype = flag\n", rid="fs#1", remove=take_the_flag)


def take_the_flag(service):
    (service.node.paths.run / service.path.state_path / "fs#1.flag").unlink()
