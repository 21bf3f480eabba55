"""Concealing: which keywords hold a secret, whose value no finding and no error shows."""

from __future__ import annotations

from typing import Final

# Ours, and those by which fence agents and applications are told one: `passwd`, `snmp-priv-passwd`, `community`, `db_password`.
_WORDS: Final = frozenset({"secret", "password", "passwd", "pass", "passphrase", "pwd", "token", "community"})
_ENDS: Final = ("api_key", "apikey", "private_key")
CONCEALED: Final = "a value that is not shown"


def is_secret(key: str) -> bool:
    """Whether the value of a key (with its scope) is for nobody's eyes."""
    name = key.partition("@")[0].lower().replace("-", "_")
    return not _WORDS.isdisjoint(name.split("_")) or name.endswith(_ENDS)


def quoted(key: str, text: str, *, limit: int = 60) -> str:
    """A line as an error quotes it, as far as it holds no secret; `key` is the one before it, whose value it may continue, or empty."""
    names = [key, *text.replace("=", " ").replace(":", " ").split()[:1]]
    if any(map(is_secret, names)):
        return CONCEALED
    return repr(text if len(text) <= limit else f"{text[: limit - 1]}…")


def told(key: str, text: str) -> str:
    """What is wrong with the value of a key; of a secret one only that something is.

    A circle is told by names alone, and what is wrong with the place of a secret, `file:///etc/…: No such file`, is none itself.
    """
    scheme, separator, _ = text.partition("://")
    if not is_secret(key) or text.startswith("circular reference") or (separator and scheme.isalpha()):
        return text
    return f"{CONCEALED} can't be used: it is of another kind, or has a reference or an expression that can't be replaced"
