"""Images that come from a registry: when they are pulled, how long that may take, and what a new one changes."""

import pytest
from images import needs_docker

pytestmark = needs_docker
# A registry of one image, made anew of the word in /root/word for each manifest; it takes as long to answer as /root/delay says.
REGISTRY = r"""#!/usr/bin/python3
import gzip, hashlib, io, json, sys, tarfile, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KIND = "application/vnd.docker.distribution.manifest.v2+json"
blobs = {}


def blob(content, kind):
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    blobs[digest] = content
    return {"mediaType": kind, "size": len(content), "digest": digest}


def layer():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        word = Path("/root/word").read_bytes()
        info = tarfile.TarInfo("word")
        info.size = len(word)
        tar.addfile(info, io.BytesIO(word))
    return file.getvalue()


def manifest():
    tar = layer()
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/busybox", "sleep", "3600"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]}}
    return json.dumps({"schemaVersion": 2, "mediaType": KIND,
        "config": blob(json.dumps(config).encode(), "application/vnd.docker.container.image.v1+json"),
        "layers": [blob(gzip.compress(tar, mtime=0), "application/vnd.docker.image.rootfs.diff.tar.gzip")]}).encode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = self.path.strip("/").split("/")
        if parts == ["v2"]:
            return self.answer(b"{}", "application/json")
        if parts[:3] != ["v2", "shop", "web"]:
            return self.send_error(404)
        if parts[3] == "manifests" and parts[4].startswith("sha256:"):
            return self.answer(blobs[parts[4]], KIND)
        if parts[3] == "manifests":
            time.sleep(float(Path("/root/delay").read_text()))
            with open("/root/pulls", "a") as pulls:
                pulls.write(self.command + "\n")
            text = manifest()
            blob(text, KIND)
            return self.answer(text, KIND)
        self.answer(blobs[parts[4]], "application/octet-stream")

    do_HEAD = do_GET

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", "sha256:" + hashlib.sha256(content).hexdigest())
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *words):
        pass


ThreadingHTTPServer((sys.argv[1], 5000), Handler).serve_forever()
"""
SERVICE = """[DEFAULT]
docker_data_dir = /srv/web/docker
docker_daemon_args = --insecure-registry {address}:5000 --bridge none --iptables=false
[fs#1]
type = ext4
dev = /run/shared/data
mnt = /srv/web
[container#1]
type = docker
image = {address}:5000/shop/web:1
netns = none
stop_timeout = 0
"""


@pytest.fixture(scope="module")
def serving(module_lab):
    """A node with a disk, and a registry on it."""
    module_lab.disk("data", 96)
    n1, _ = module_lab.nodes
    n1("mkfs.ext4 -q /run/shared/data")
    n1.write("/root/registry", REGISTRY, 0o755)
    n1.write("/root/delay", "0")
    n1.write("/root/word", "one")
    n1.begin(f"/root/registry {n1.address()}")
    n1.wait_for(lambda: n1(f"curl -sf http://{n1.address()}:5000/v2/", code=None).code == 0)
    return n1


@pytest.fixture
def node(serving):
    """That node, whose service has no image yet; stopped at the end."""
    serving("sh -c 'echo one >/root/word; echo 0 >/root/delay; rm -f /root/pulls'")
    serving.write("/etc/opensvc/web.conf", SERVICE.format(address=serving.address()))
    yield serving
    serving("om web stop --local")
    serving("sh -c 'mount /run/shared/data /mnt && rm -rf /mnt/docker; umount /mnt'")


def said(done):
    return done.stdout + done.stderr


def word(node):
    return node("om web docker exec {container#1} /bin/busybox cat /word").stdout.strip()


def test_an_image_that_is_missing_is_pulled_once(node):
    assert "pull --quiet" in said(node("om web start --local"))
    assert word(node) == "one"
    label = node("om web print status").stdout
    assert f"@{node.address()}:5000/shop/web:1" in label
    node("sh -c 'echo two >/root/word'")
    assert "pull" not in said(node("om web restart --local"))
    assert word(node) == "one"


def test_an_image_that_is_always_pulled_makes_the_container_anew_when_it_has_changed(node):
    node.write("/etc/opensvc/web.conf", SERVICE.format(address=node.address()) + "image_pull_policy = always\n")
    node("om web start --local")
    again = said(node("om web restart --local"))
    assert "pull --quiet" in again and "create --name" not in again
    node("sh -c 'echo two >/root/word'")
    assert "create --name" in said(node("om web restart --local"))
    assert word(node) == "two"


def test_the_time_of_a_pull_is_not_that_of_the_start(node):
    node("sh -c 'echo 8 >/root/delay'")
    node.write("/etc/opensvc/web.conf", SERVICE.format(address=node.address()) + "start_timeout = 6\n")
    node("om web start --local")
    assert word(node) == "one"


def test_a_pull_that_takes_too_long_is_given_up_and_the_start_taken_back(node):
    node("sh -c 'echo 30 >/root/delay'")
    node.write("/etc/opensvc/web.conf", SERVICE.format(address=node.address()) + "pull_timeout = 1\n")
    done = node("om web start --local", code=1)
    assert "/shop/web:1: not ended after 1s" in said(done)
    assert node("pgrep -x dockerd", code=1).stdout == ""
    assert node("findmnt /srv/web", code=1).stdout == ""
