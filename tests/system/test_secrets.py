"""Secrets of a cluster (its secret, the one that follows it, tokens, private keys) are where they have to be, and nowhere else."""

import json
import re
import secrets
import shlex
import sys
from pathlib import Path

from cluster.joining import join, joined

SPY = Path(__file__).with_name("secrets_spy.py")
SERVICE = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n"
WRONG = "0123456789abcdef" + secrets.token_hex(8)
# The files that hold one of them; docs/explanation/trust.md has the same list.
HOLDERS = {"/etc/opensvc/cluster.conf", "/var/lib/opensvc/node/trust/ca.pem", "/var/lib/opensvc/node/trust/node.pem"}
LINES = ("om mon --format json", "om svc1 explain", "om svc1 logs", "om node logs", "om daemon status --format json", "om daemon tokens")
PLACES = "/etc /var/lib/opensvc /var/log/opensvc /run /tmp"


def get(node, key):
    return node(f"om cluster get --kw cluster.{key}").stdout.strip()


def keys(node):
    """The middle of each private key that it has."""
    texts = [node.read(f"/var/lib/opensvc/node/trust/{name}.pem") for name in ("ca", "node")]
    found = [block.split()[1] for text in texts for block in re.findall(r"BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END", text, re.DOTALL)]
    assert len(found) == 2
    return found


def holders(node, texts, *, user=0):
    """The files that a user finds one of some texts in."""
    node.write("/dev/shm/wanted", "\n".join(texts) + "\n", 0o644)
    words = f"setpriv --reuid={user} --regid={user} --clear-groups grep -rlsF --exclude-dir=lab -f /dev/shm/wanted {PLACES}"
    found = node(words, code=None)
    node("rm /dev/shm/wanted")
    assert found.code in (0, 1, 2), found  # 2: something may not be read
    return set(found.stdout.split())


def answers(node, token):
    """All that a token may get of the API of the other node, in one text."""
    call = "curl -s --cacert /var/lib/opensvc/node/trust/ca.pem --max-time 20 -H @/root/token"
    node.write("/root/token", f"Authorization: Bearer {token}\n", 0o600)
    paths = json.loads(node(f"{call} https://{node.name}:1214/openapi.json").stdout)["paths"]
    wanted = [path.replace("{service}", "svc1") for path, verbs in paths.items() if "get" in verbs and "{id}" not in path]
    assert {"/v1/status", "/metrics", "/v1/services/svc1/config"} <= set(wanted)
    urls = " ".join(f"https://{node.name}:1214{path}" for path in wanted if path != "/v1/events")
    told = node(f"{call} {urls}").stdout
    told += node(f"timeout 3 {call} https://{node.name}:1214/v1/events?after=0", code=None).stdout
    node("rm /root/token")
    return told


def test_no_secret_is_told_logged_shown_or_left_where_others_read(lab):
    n1, n2 = lab.nodes
    for node in lab.nodes:
        node.begin(f"{sys.executable} -I -S {SPY} /run/lab/spy.{node.name}")
    # all that has to do with them, well done and badly
    joined(lab, "node.ruser=root")
    first = get(n1, "secret")
    n1.write("/etc/opensvc/svc1.conf", SERVICE)
    n1.begin("sh -c 'exec om events --format json >/run/lab/events'")
    tokens = {role: n1(f"om daemon token {role} --role {role}").stdout.strip() for role in ("guest", "admin")}
    n2("om daemon rejoin")
    n2("om daemon leave")
    done = n2("om daemon join --secret - --node n1", stdin=WRONG, code=None)
    assert done.code, done
    assert WRONG not in done.stdout + done.stderr
    join(n1, n2)
    assert get(n2, "secret") == first
    n1("om cluster rotate-secret --time 60")
    assert get(n1, "secret") != first
    n1("om svc1 start --wait --time 30")
    texts = [first, get(n1, "secret"), WRONG, *tokens.values(), *keys(n1), *keys(n2)]
    assert len(set(texts)) == len(texts) - 1  # the authority's key is the same

    # what is shown to who asks
    shown = [answers(n1, token) for token in tokens.values()]
    shown += [str(node(line, code=None)) for node in lab.nodes for line in LINES]
    n1.wait_for(lambda: '"svc1"' in (lab.shared / "events").read_text(encoding="utf-8"))
    shown.append((lab.shared / "events").read_text(encoding="utf-8"))
    for node in lab.nodes:
        seen = (lab.shared / f"spy.{node.name}").read_text(encoding="ascii").splitlines()
        shown += [bytes.fromhex(line).decode(errors="replace") for line in seen]
        assert any("join" in line for line in shown)
        assert holders(node, texts) == HOLDERS
        assert holders(node, texts, user=65534) == set()
    for text in texts:
        assert [line for line in shown if text in line] == []
    assert all(shlex.split(n1(f"stat -c %a {file}").stdout) == ["600"] for file in HOLDERS)
