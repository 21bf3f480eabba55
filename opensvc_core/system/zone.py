"""The time zone of this host, as the C library knows it: TZ, or /etc/localtime; no data base of zones is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """Wall clock time of this host. The hour that comes twice is told apart by `fold`, as the standard library has it."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else self._at(moment).utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        """The C library tells whether summer time is on, and not by how much it differs."""
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else self._at(moment).tzname()

    def fromutc(self, moment: datetime) -> datetime:
        seconds = moment.replace(tzinfo=UTC).timestamp()
        return datetime.fromtimestamp(seconds).replace(tzinfo=self)

    def _at(self, moment: datetime) -> datetime:
        # a datetime without a zone is one of this host
        return moment.replace(tzinfo=None).astimezone()
