"""Terms: how long a lease lasts, how often it is renewed, how long a stop may take, and what clocks may do."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Final, NamedTuple

# One renewal may be lost and the next one late: the third has to be in time.
RENEWALS: Final = 3
# A clock that is wrong by more than this is broken, whatever is configured.
WORST_DRIFT: Final = 0.2


class Finding(NamedTuple):
    """What is wrong with a configuration: a stable word for machines, and a text that ends with the way out."""

    code: str
    text: str


class LeaseTerms(NamedTuple):
    """Durations in seconds. `drift` bounds how fast or slow one clock may be: in a second it counts from 1 - drift to 1 + drift."""

    lease: float = 10.0
    renewal: float = 1.0
    stop_limit: float = 5.0
    drift: float = 0.01

    def held_for(self, lease: float) -> float:
        """What a holder counts: even a clock that is slow has counted it before `lease` real seconds are over."""
        return lease * (1 - self.drift)

    def granted_for(self, lease: float) -> float:
        """What a granter counts: even a clock that is fast needs `lease` real seconds for it."""
        return lease * (1 + self.drift)

    def findings(self) -> list[Finding]:
        """What is wrong with each of them, or else with all together; empty when they are fit for use."""
        return list(self._alone()) or list(self._together())

    def check(self) -> None:
        """Raise ValueError with the texts of the findings, if there are any."""
        if found := self.findings():
            raise ValueError("; ".join(one.text for one in found))

    def _alone(self) -> Iterator[Finding]:
        for name in ("lease", "renewal", "stop_limit"):
            value: float = getattr(self, name)
            if not (isfinite(value) and value > 0):
                yield Finding(
                    "lease-duration", f"{name} = {value}: a lease needs a duration above 0; write seconds, such as {_DEFAULTS[name]:g}"
                )
        if not 0 <= self.drift <= WORST_DRIFT:
            yield Finding(
                "lease-drift", f"drift = {self.drift}: a clock is wrong by 0 to {WORST_DRIFT}; write a share, such as 0.01 for one percent"
            )

    def _together(self) -> Iterator[Finding]:
        left = self.held_for(self.lease) - self.stop_limit
        if left < RENEWALS * self.renewal:
            least = (self.stop_limit + RENEWALS * self.renewal) / (1 - self.drift)
            yield Finding(
                "lease-too-short",
                f"a lease of {self.lease:g} s, less {self.drift:.3g} of drift and {self.stop_limit:g} s for the stop, leaves {left:.3g} s, "
                f"fewer than {RENEWALS} renewals, one every {self.renewal:g} s: a lost message would stop the service; "
                f"make the lease {least:.4g} s or longer, or the stop limit or the renewal shorter",
            )


_DEFAULTS: Final = {"lease": 10.0, "renewal": 1.0, "stop_limit": 5.0}
