"""The pages that show two nodes: their commands are run on nodes of a lab, and print what stands there."""

from pathlib import Path

import documented
import pytest
from cluster.joining import joined
from images import needs_docker, save

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


@needs_docker
@pytest.mark.timeout(900)
def test_containers_run_as_the_page_says(lab):
    shop = "registry.example.com/shop"
    lab.disk("shop", 128)
    lab.hosts("shop.example.com", "10.99.0.50")
    lab["n1"]("mkfs.ext4 -q /run/shared/shop")
    save(lab["n1"], f"{shop}/db:11", f"{shop}/web:2.4", f"{shop}/web:2.5")
    documented.replay(HOW_TO / "run-containers.md", lab)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["run-on-two-nodes", "guard-takeovers"])
def test_what_can_be_run_on_light_nodes_comes_out_as_the_page_says(lab, name):
    documented.replay(HOW_TO / f"{name}.md", lab)
