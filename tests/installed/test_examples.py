"""The packages of strangers that the how-tos show, as wheels beside the core's: they live, and pass their own tests and the suite."""

import json
import os
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from wheels import TOP, build, pip

HOW_TO = TOP / "docs" / "how-to"
DRIVER, NOTIFIER = HOW_TO / "write-a-driver", HOW_TO / "write-a-notifier"


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """Their wheels, and beside them what their authors' repositories have: tests and pyproject.toml."""
    folder = tmp_path_factory.mktemp("packages")
    sources = [shutil.copytree(one, folder / one.name, ignore=shutil.ignore_patterns("__pycache__")) for one in (DRIVER, NOTIFIER)]
    build(folder, sources)
    return folder


@pytest.fixture(scope="session")
def programs(shelf, packages, tmp_path_factory):
    """An environment that has the core, what that needs, and what tests need; the two are installed there by pip."""
    programs = shelf.furnish(tmp_path_factory.mktemp("examples"), "opensvc-core[test]")
    pip("--python", programs / "python", "install", *packages.glob("*.whl"))
    return programs


@pytest.fixture
def node(root, programs):
    root.programs = programs
    return root


@pytest.fixture
def server():
    """A web server that keeps what it is told."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/", told
        listening.shutdown()


def test_a_service_with_both_lives(node, server):
    url, told = server
    shown = json.loads(node("om drivers --format json").stdout)
    found = {one.get("id", one.get("name")): (one["distribution"], one["state"]) for one in (*shown["drivers"], *shown["plugins"])}
    assert found == {"fs.link": ("opensvc-driver-example-link", "usable"), "webhook": ("opensvc-example-webhook", "usable")}
    node(f"om node set --kw webhook#1.url={url} --kw webhook#1.timeout=60s")
    node("om node validate config")
    node(f"om web create --kw fs#1.type=link --kw fs#1.path={node / 'link'} --kw fs#1.target=/srv/web")
    node("om web validate config")
    node("om web start --local")
    assert os.readlink(node / "link") == "/srv/web"  # noqa: PTH115 - where it leads to is nowhere
    node("om web print status")
    node("om web stop --local")
    assert not os.path.lexists(node / "link")
    node("om web print status")
    facts = [{key: one[key] for key in ("event", "action", "outcome", "after") if key in one} for one in told]
    assert [one for one in facts if one["event"] == "after_action"] == [
        {"event": "after_action", "action": action, "outcome": "done"} for action in ("start", "stop")
    ]
    assert [one["after"] for one in facts if one["event"] == "status_changed"] == ["up", "down"]


@pytest.mark.parametrize("package", [DRIVER.name, NOTIFIER.name])
def test_each_passes_its_own_tests(node, packages, package, tmp_path):
    # the suite is among them, which the test below runs
    options = f"-p no:cacheprovider --basetemp {tmp_path / 'base'} -k 'not TestPromises'"
    done = node(f"env -C {packages / package} python -P -m pytest {options}")
    assert re.search(r"=+ \d+ passed(, \d+ deselected)? in ", done.stdout)


def test_the_driver_passes_the_suite(node, tmp_path):
    done = node(f"python -P -m pytest -p no:cacheprovider --basetemp {tmp_path / 'base'} --opensvc-driver fs.link")
    assert "opensvc driver: fs.link of opensvc-driver-example-link 1.0.0" in done.stdout
    assert re.search(r"=+ \d+ passed in ", done.stdout)
