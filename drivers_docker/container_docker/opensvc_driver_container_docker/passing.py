"""om web docker WORDS: docker itself, with the daemon of the service. It takes the place of this process."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from opensvc_core.api import ActionFailed, UsageError
from opensvc_driver_container_docker.driver import Docker

# `{{.ID}}` is docker's own
_REFERENCE: Final = re.compile(r"(?<!\{)\{(container#[^{}\s]+|containers|images)\}(?!\})")


def run(session: Any, arguments: Any) -> int:
    """Become docker: terminal, signals and exit code are its own from then on."""
    services = session.node.services(session.selector)
    if len(services) != 1:
        raise UsageError(f"'docker' is for one service; {session.selector} names {len(services)}")
    containers = [part.resource for part in services[0].instance().parts if isinstance(part.resource, Docker)]
    if not containers:
        raise UsageError(f"{services[0].path} has no docker containers")
    first = containers[0]
    if first.private and not os.path.lexists(first.engine.path):
        raise ActionFailed("docker daemon is not running; the start of a container starts it")
    argv = first.docker(*replaced(arguments.positionals, lambda name: meant(name, containers)))
    session.stdout.flush()
    session.stderr.flush()
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        raise ActionFailed(f"{argv[0]}: {error.strerror}; apt-get install docker.io") from error


def meant(name: str, containers: Sequence[Docker]) -> list[str]:
    """What a reference stands for: the name of a container, all of them, or all images."""
    if name == "containers":
        return [one.name for one in containers]
    if name == "images":
        return list(dict.fromkeys(one.image for one in containers))
    found = [one.name for one in containers if one.rid == name]
    if not found:
        raise UsageError(f"{{{name}}}: the service has {', '.join(one.rid for one in containers)}")
    return found


def replaced(words: Sequence[str], names_of: Callable[[str], Sequence[str]]) -> list[str]:
    """The words with their references replaced; a word that is a reference alone becomes as many words as it names."""
    found: list[str] = []
    for word in words:
        whole = _REFERENCE.fullmatch(word)
        found += names_of(whole[1]) if whole else [_REFERENCE.sub(lambda match: " ".join(names_of(match[1])), word)]
    return found
