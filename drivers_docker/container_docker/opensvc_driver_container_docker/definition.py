"""The definition of a container: from the words of the file to those of `docker create`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

# `-d` and `--detach` belong to `docker run`; the agent always starts in a step of its own.
_RUN_ONLY: Final = re.compile(r"--detach(=.*)?|-d|--sig-proxy(=.*)?")
# Switches of one letter that may stand together: `-itd`.
_CLUSTER: Final = re.compile(r"-[itdP]{2,}")
_CONTAINER: Final = re.compile(r"(--[a-z]+=|)(container#[^\s:]+)")
# Variables that docker's own command line client reads: they are given by value, because its environment has to stay as it is.
_OF_THE_CLIENT: Final = re.compile(r"PATH|HOME|LANG|LC_.*|LD_.*|DOCKER_.*|BUILDKIT_.*|GO[A-Z]+|SSL_CERT_.*|XDG_.*|[A-Za-z]*_(proxy|PROXY)")


class Definition(NamedTuple):
    """What a container is made of.

    `words` are the options of `docker create` without name, labels and variables; `entry` what follows the image;
    `variables` the environment of the container.
    """

    words: tuple[str, ...]
    variables: Mapping[str, str]
    entry: tuple[str, ...]

    def environment_words(self) -> list[str]:
        """The options for its variables: names alone, so that no value stands on a command line."""
        words: list[str] = []
        for name, value in self.variables.items():
            words += ["--env", f"{name}={value}" if _OF_THE_CLIENT.fullmatch(name) else name]
        return words

    def secret_variables(self) -> dict[str, str]:
        """What docker's command line client needs in its own environment to know the values."""
        return {name: value for name, value in self.variables.items() if not _OF_THE_CLIENT.fullmatch(name)}

    def mark(self, image: str) -> str:
        """A short text that changes when the definition does."""
        from hashlib import sha256  # noqa: PLC0415 - only a start needs it

        parts = [image, *self.words, "", *(f"{name}={value}" for name, value in sorted(self.variables.items())), "", *self.entry]
        return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def extra_words(run_args: Sequence[str]) -> list[str]:
    """`run_args` without what only `docker run` takes, and without a name, which `name_in` tells."""
    words: list[str] = []
    skips = False
    for word in run_args:
        if skips or _RUN_ONLY.fullmatch(word) or word.startswith("--name="):
            skips = False
        elif word == "--name":
            skips = True
        else:
            words.append("-" + word[1:].replace("d", "") if _CLUSTER.fullmatch(word) else word)
    return words


def name_in(run_args: Sequence[str]) -> str:
    """The name that `run_args` give the container, or an empty text."""
    for word, following in zip(run_args, [*run_args[1:], ""], strict=False):
        if word == "--name":
            return following
        if word.startswith("--name="):
            return word.removeprefix("--name=")
    return ""


def resolved(words: Sequence[str], name_of: Callable[[str], str]) -> tuple[str, ...]:
    """The words with `container#2` replaced by `container:NAME`, as docker's options take it."""
    found = ((word, _CONTAINER.fullmatch(word)) for word in words)
    return tuple(f"{match[1]}container:{name_of(match[2])}" if match else word for word, match in found)


def variables(words: Sequence[str]) -> dict[str, str]:
    """`NAME=value` words as a table. Raises ValueError for a word that is none."""
    table: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise ValueError(f"{word!r} is no variable: NAME=value, a value with blanks in quotes")
        table[name] = value
    return table
