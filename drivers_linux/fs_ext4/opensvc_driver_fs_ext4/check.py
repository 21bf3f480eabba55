"""The check: what the exit codes of e2fsck mean (e2fsck(8)), and what is to be done."""

from __future__ import annotations

import re
from typing import Final

# 0 clean, 1 errors were corrected
FINE: Final = frozenset({0, 1})
# What e2fsck says of a file system that it did not look at, and what that means; the first that is found.
_SAYINGS: Final = (
    (r"MMP: .*active", "{dev} is in use on another host (its multi-mount protection says so); stop the service there first"),
    (
        r"MMP: ?(.*)",
        "the multi-mount protection of {dev} is not in order ({said}); when no other host uses it: tune2fs -f -E clear_mmp {dev}",
    ),
    (r"is mounted|is in use", "{dev} is in use; it is not checked then"),
    (
        r"Bad magic number|could not be read or does not describe",
        "{dev} holds no ext2, ext3 or ext4 file system that can be read; is it the right device? 'provision' makes one on an empty device",
    ),
    (r"No such (file|device)", "{dev} has gone; is the disk below started?"),
)
# The code is a sum; the first that is in it tells most.
_MEANINGS: Final = (
    (128, "a shared library of e2fsck is missing; install e2fsprogs anew"),
    (16, "e2fsck was called wrongly; is e2fsprogs older than the agent?"),
    (32, "the check was cancelled; start again"),
    (8, "{dev} could not be checked; see what e2fsck printed"),
    (
        4,
        "{dev} has errors that need a decision, and was not mounted; 'e2fsck -n {dev}' shows them, 'e2fsck {dev}' repairs them",
    ),
    (2, "errors were corrected while {dev} was in use; reboot this node, then start again"),
)
_NOT_RUN: Final = {126: "e2fsck can't be run", 127: "e2fsck is missing; install e2fsprogs"}


def problem(code: int, output: str, dev: str) -> str:
    """Why a file system can't be mounted after `e2fsck -p` has ended with a code, with the way out; empty where it can."""
    if code in FINE:
        return ""
    if code < 0:
        return f"e2fsck was ended by signal {-code}; start again"
    if code in _NOT_RUN:
        return _NOT_RUN[code]
    for pattern, words in _SAYINGS if code & 8 else ():
        if found := re.search(pattern, output):
            return words.format(dev=dev, said=found[found.lastindex or 0].strip())
    return next((words for bit, words in _MEANINGS if code & bit), f"e2fsck of {{dev}}: exit code {code}").format(dev=dev)
