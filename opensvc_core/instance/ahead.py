"""What is seen ahead: what the preflights of a start have found before the start was decided on.

Who was seen to use something may have let go of it since, as a guard makes sure: that is looked at again at the start.
"""

from __future__ import annotations

from typing import NamedTuple


class Ahead(NamedTuple):
    """What was found of some of a service's resources.

    Parameters:
        text: the service's file as it was then; a start by another text looks itself.
        clear: the rids of what nobody else uses.
    """

    text: str
    clear: frozenset[str]
