"""Tokens: what lets a program call the API that is no member. Only their SHA-256 is kept, in cluster.conf, so all members know them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from time import time
from typing import Final, NamedTuple

from opensvc_core.api import ActionRefused, Document, Node, UsageError
from opensvc_daemon.trust.membership import cluster_file, make_private

ROLES: Final = ("admin", "operator", "guest")
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
_DAY: Final = 86400


class Token(NamedTuple):
    """What is known of a token: never itself. `expires`: seconds since 1970-01-01 UTC; None: never."""

    name: str
    role: str
    digest: str
    expires: int | None = None


def make(node: Node, name: str, role: str, *, days: int | None = None) -> str:
    """A new token, which is told this once. Raises UsageError, ActionRefused where the name is taken."""
    if not _NAME.match(name) or role not in ROLES or (days is not None and days < 1):
        raise UsageError(f"a token has a name (small letters, digits, '-'), a role ({', '.join(ROLES)}) and one day at least")
    import secrets  # noqa: PLC0415 - only who makes one

    token = secrets.token_urlsafe(32)

    def edit(document: Document) -> Document:
        section = f"token#{name}"
        if document.has_section(section):
            raise ActionRefused(f"there is a token {name} already: revoke it, or choose another name")
        document = document.set(section, "role", role).set(section, "hash", _digest(token))
        return document if days is None else document.set(section, "expires", str(int(time()) + days * _DAY))

    make_private(cluster_file(node))
    node.change("cluster", edit)
    return token


def revoke(node: Node, name: str) -> None:
    """Let a token count no more. Raises ActionRefused where there is none of this name."""

    def edit(document: Document) -> Document:
        if not document.has_section(f"token#{name}"):
            raise ActionRefused(f"there is no token {name}; there are: {', '.join(one.name for one in listing(node)) or 'none'}")
        return document.delete_section(f"token#{name}")

    node.change("cluster", edit)


def listing(node: Node) -> list[Token]:
    """The tokens of the cluster."""
    document = node.store.read(cluster_file(node))
    return [_token(name, document.items(name)) for name in document.sections() if name.startswith("token#")]


def role_of(known: list[Token], shown: str, now: float) -> tuple[str, str]:
    """Name and role of the token that was shown; two empty texts for none that counts. Looks at all of them, whichever it is."""
    digest, found = _digest(shown), ("", "")
    for token in known:
        is_same = hmac.compare_digest(token.digest.encode(), digest.encode())
        if is_same and token.role in ROLES and (token.expires is None or now < token.expires):
            found = (token.name, token.role)
    return found


def _token(section: str, items: Mapping[str, str]) -> Token:
    expires = items.get("expires")
    # what can't be read has ended
    moment = None if expires is None else int(expires) if expires.isdigit() else 0
    return Token(section.partition("#")[2], items.get("role", ""), items.get("hash", ""), moment)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
