"""Keys: the secret that both nodes share, in a file that only its owner reads."""

from __future__ import annotations

import stat
from pathlib import Path

from opensvc_core.errors import OpensvcError
from opensvc_openha.links import Link

_SHORTEST = 16


def key_of(link: Link) -> bytes | None:
    """The key of a link; None: it has none. Raises OpensvcError."""
    if not link.key:
        return None
    path = Path(link.key)
    try:
        mode, content = path.stat().st_mode, path.read_bytes().strip()
    except OSError as error:
        raise OpensvcError(f"key={link.key}: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise OpensvcError(f"key={link.key}: others may read it; 'chmod 600 {link.key}'")
    if len(content) < _SHORTEST:
        raise OpensvcError(f"key={link.key}: {len(content)} bytes are too few, {_SHORTEST} are needed; 'openssl rand -hex 32' makes a key")
    return content
