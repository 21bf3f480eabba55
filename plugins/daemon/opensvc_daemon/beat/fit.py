"""The fit of what node.conf and cluster.conf say of times: what beat would not use as it is written, found before it reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from opensvc_core.api import ConfigError, Finding, Keyword, Severity, WatchdogTimer
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.lease.watchdog import Watchdog

_LEASE: Final = ("lease", "lease_renewal", "lease_stop_limit", "lease_drift")
_LINK: Final = ("timeout", "interval")


def findings(config: Any) -> Iterator[Finding]:
    """What does not fit, at a key of this file. A value that is wrong by itself is found by its keyword.

    Parameters:
        config: node.conf or cluster.conf, see the hook `opensvc_validate_host`.
    """
    words = [config.keyword("cluster", name) for name in _LEASE]
    values = _values(config, "cluster", words)
    terms = None if values is None else LeaseTerms(*values)
    if terms is not None and (unfit := terms.findings()):
        key = _key(config, "cluster", words)
        yield from (_error(one.code, one.text, "cluster", key) for one in unfit if key)
        terms = LeaseTerms()  # beat uses the defaults then
    for section in config.sections():
        group = section.partition("#")[0]
        if group == "watchdog" and terms is not None:
            yield from _watchdog(config, section, terms)
        elif group == "hb":
            yield from _heartbeat(config, section)


def _watchdog(config: Any, section: str, terms: LeaseTerms) -> Iterator[Finding]:
    words = (WatchdogTimer.timeout,)
    values = _values(config, section, words)
    if values is not None and config.document.has_section(section):
        for one in Watchdog(int(values[0]), terms).findings():
            yield _error(one.code, one.text, section, _key(config, section, words))


def _heartbeat(config: Any, section: str) -> Iterator[Finding]:
    words = [config.keyword(section, name) for name in _LINK]
    values, key = _values(config, section, words), _key(config, section, words)
    if values is None or not key:
        return
    timeout, interval = values
    if not 0 < interval < timeout:
        text = f"a beat every {interval:g} s and a timeout of {timeout:g} s: a peer would be stale before its next beat can come"
        yield _error("heartbeat-times", text, section, key, f"make the timeout {max(3 * interval, 1):g} s or more, or the interval shorter")
    else:
        # the pause is not configured: beat makes one that fits
        for text in Terms(interval, timeout, timeout / 2).findings()[:1]:
            yield Finding(Severity.WARNING, "heartbeat-times", text, section=section, key=key)


def _values(config: Any, section: str, words: Sequence[Keyword[Any]]) -> list[float] | None:
    """None: one of them can't be had, which is found elsewhere."""
    try:
        return [config.value(section, word) for word in words]
    except ConfigError:
        return None


def _key(config: Any, section: str, words: Sequence[Keyword[Any]]) -> str:
    """The first of these keywords that this file gives, with its scope; empty where it gives none."""
    keys = (config.key_of(section, word) for word in words)
    return next((key for key in keys if key and config.document.get(section, key) is not None), "")


def _error(code: str, text: str, section: str, key: str, hint: str = "") -> Finding:
    return Finding(Severity.ERROR, code, text, section=section, key=key, hint=hint)
