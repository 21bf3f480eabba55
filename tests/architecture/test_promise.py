"""What was promised to plugins: no name of the interface goes, and no hook loses a parameter, before its first number changes.

`promised.txt` is what has ever been there since; add to it what is added: `python tests/architecture/test_promise.py`.
"""

import inspect
from pathlib import Path

from opensvc_core import __version__, api, hookspecs

RECORD = Path(__file__).with_name("promised.txt")


def offered():
    """A line for each name of the interface, and for each parameter of a hook."""
    hooks = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("opensvc_")}
    parameters = {f"{name}({parameter})" for name, hook in hooks.items() for parameter in ("", *inspect.signature(hook).parameters)}
    return sorted({f"api.{name}" for name in api.__all__} | parameters)


def test_the_versions_agree():
    assert __version__.rpartition(".")[0] == api.API_VERSION


def test_nothing_that_was_promised_is_gone():
    version, *promised = RECORD.read_text().splitlines()
    assert version == api.API_VERSION.partition(".")[0]
    assert sorted(set(promised) - set(offered())) == []
    assert sorted(set(offered()) - set(promised)) == [], f"say it in {RECORD.name}, and that is a promise"
    assert all(hasattr(api, name) for name in api.__all__)


if __name__ == "__main__":
    RECORD.write_text("\n".join([api.API_VERSION.partition(".")[0], *offered()]) + "\n")
