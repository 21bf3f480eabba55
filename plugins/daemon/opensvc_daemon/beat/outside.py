"""Outside: the arbitrators that grant leases too. Each is asked by a thread of its own, as its answer may take a while."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from opensvc_daemon.guards.arbitrators import ArbitratorPlace
from opensvc_daemon.guards.asking import Said, consult
from opensvc_daemon.lease.membership import Membership
from opensvc_daemon.lease.messages import Release, Request


class Outsider:
    """One arbitrator. What is to be asked waits until the question before is answered; of a service only the latest counts."""

    def __init__(self, place: ArbitratorPlace, node: str, *, news: Callable[[], None]) -> None:
        self.place, self._node, self._news = place, node, news
        self.said: deque[Said] = deque()
        self.why = "it was not asked yet"
        self._requests: dict[str, Request] = {}
        self._releases: dict[str, Release] = {}
        self._failed: dict[str, Release] = {}
        self._membership: Membership | None = None
        self._due = threading.Condition()
        self._has_ended = False
        threading.Thread(target=self._asking, name=place.name, daemon=True).start()

    def ask(self, request: Request) -> None:
        """For a lease."""
        with self._due:
            self._requests[request.service] = request
            self._due.notify()

    def release(self, release: Release) -> None:
        """Tell it that a lease is given back; where it can't be told, with the next question."""
        with self._due:
            self._requests.pop(release.service, None)
            self._releases[release.service] = release
            self._due.notify()

    def teach(self, membership: Membership) -> None:
        """A list of voters."""
        with self._due:
            self._membership = membership
            self._due.notify()

    def close(self) -> None:
        """Ask no more."""
        with self._due:
            self._has_ended = True
            self._due.notify()

    def _asking(self) -> None:
        """In its thread."""
        while True:
            with self._due:
                self._due.wait_for(lambda: self._requests or self._releases or self._membership or self._has_ended)
                if self._has_ended:
                    return
                requests, releases, membership = self._requests, {**self._failed, **self._releases}, self._membership
                self._requests, self._releases, self._failed, self._membership = {}, {}, {}, None
            try:
                said = consult(self.place, self._node, requests=[*requests.values()], releases=[*releases.values()], membership=membership)
            except OSError as error:
                self.why = str(error)
                with self._due:
                    later = self._releases.keys() | self._requests.keys()
                    self._failed = {service: release for service, release in releases.items() if service not in later}
            else:
                self.why = said.why
                self.said.append(said)
            self._news()


class Outsiders:
    """All arbitrators of the configuration."""

    def __init__(self, node: str, *, news: Callable[[], None]) -> None:
        self._node, self._news = node, news
        self._by_name: dict[str, Outsider] = {}

    def configure(self, places: Iterable[ArbitratorPlace]) -> None:
        """Have these; one that is what it was goes on."""
        wanted = {place.name: place for place in places}
        for name, outsider in list(self._by_name.items()):
            if wanted.get(name) != outsider.place:
                self._by_name.pop(name).close()
        for name, place in wanted.items():
            if name not in self._by_name:
                self._by_name[name] = Outsider(place, self._node, news=self._news)

    @property
    def answering(self) -> set[str]:
        """Those that answered the last time."""
        return {name for name, outsider in self._by_name.items() if not outsider.why}

    def ask(self, request: Request) -> None:
        """Ask all for a lease."""
        for outsider in self._by_name.values():
            outsider.ask(request)

    def release(self, release: Release) -> None:
        """Tell all that it is given back."""
        for outsider in self._by_name.values():
            outsider.release(release)

    def teach(self, membership: Membership, known: Callable[[str], bool]) -> None:
        """Tell a list of voters to those of them who don't know it."""
        for name in membership.names & self._by_name.keys():
            if not known(name):
                self._by_name[name].teach(membership)

    def arrivals(self) -> Iterator[tuple[str, Said]]:
        """What they said since the last time."""
        for name, outsider in self._by_name.items():
            while outsider.said:
                yield name, outsider.said.popleft()
