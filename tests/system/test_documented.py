"""The pages that show two nodes: their commands are run on nodes of a lab, and print what stands there."""

from pathlib import Path

import documented
import pytest
from cluster.joining import joined

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.mark.timeout(900)
def test_what_is_done_at_3_a_m_comes_out_as_the_page_says(lab):
    lab.disk("web", 32)
    lab["n1"]("mkfs.ext4 -q /run/shared/web")
    joined(lab)
    documented.replay(HOW_TO / "operate-at-3-a-m.md", lab)


@pytest.mark.timeout(900)
def test_a_cluster_is_built_as_the_page_says(lab):
    documented.replay(HOW_TO / "build-a-cluster.md", lab)
