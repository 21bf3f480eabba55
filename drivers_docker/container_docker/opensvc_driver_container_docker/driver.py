"""The driver container.docker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from opensvc_core.api import (
    ActionFailed,
    Already,
    Command,
    Observation,
    Operations,
    Provisionable,
    SeenTogether,
    Setting,
    Startable,
    Status,
    Watch,
    Watchable,
)
from opensvc_driver_container_docker import answers
from opensvc_driver_container_docker.answers import DEFINITION_LABEL, PATH_LABEL, RID_LABEL, Found
from opensvc_driver_container_docker.daemon import PrivateDaemon
from opensvc_driver_container_docker.engine import ACTION_PATIENCE, NOT_RUNNING, Engine, NotRunningError, SilentError, events
from opensvc_driver_container_docker.keywords import DockerKeywords

# Where the host's daemon listens.
HOST_SOCKET: Final = "/var/run/docker.sock"
# Seconds for a command that only passes an order on to the daemon.
_ORDER: Final = 60.0
_STOP_SETTLE: Final = 5.0

Listing = Sequence[Found] | ActionFailed


class Docker(DockerKeywords, Startable, Provisionable, SeenTogether, Watchable):
    """A docker container that is up while the service is up."""

    id = "container.docker"
    # what was seen last, and whether the daemon has answered then
    shown: Found | None = None
    is_answered = False

    @classmethod
    def host_problem(cls) -> str:
        """Docker's command has to be there."""
        import shutil  # noqa: PLC0415 - asked by hand only

        return "" if shutil.which("docker") else "docker is not installed: apt-get install docker.io"

    # -- where it is

    @cached_property
    def private(self) -> PrivateDaemon | None:
        """The daemon of the service; None where the container is in the host's."""
        if not self.is_private:
            return None
        assert self.data_dir
        return PrivateDaemon(self.context, self.data_dir, self.daemon_args, self.dockerd_exe)

    @cached_property
    def engine(self) -> Engine:
        """The daemon that has the container."""
        return self.private.engine if self.private else Engine(_host_socket())

    @property
    def cgroup(self) -> str:
        """The control group that its own is in where that has limits: the subset's, or the service's."""
        return self.context.groups[-2].path if len(self.context.groups) > 1 else ""

    @property
    def path(self) -> str:
        """The service, as the label of its containers says it."""
        return str(self.context.service.path)

    @property
    def is_rehearsed(self) -> bool:
        """A plan is being made."""
        return isinstance(self.context.planned_paths, set)

    def docker(self, *words: str) -> list[str]:
        """A command line of docker, for the daemon that has the container."""
        return [self.docker_exe, "--host", f"unix://{self.engine.path}", *words]

    def label(self) -> str:
        """While it is up, which container of which image; else the image as the file has it."""
        return self.shown.label if self.shown and self.shown.is_alive else self.image

    def is_provisioned(self) -> bool:
        """There is nothing to make beforehand."""
        return True

    def settle(self, verb: str) -> float:
        """A start has its own limit."""
        return self.start_timeout if verb == "start" else _STOP_SETTLE

    # -- what is to be seen

    def status(self) -> Status | Observation:
        """What the daemon says of it."""
        return self.statuses([self])[self.rid]

    @classmethod
    def statuses(cls, resources: Sequence[Docker]) -> Mapping[str, Status | Observation]:
        """One question to each daemon, which is one for a service in most cases."""
        listings: dict[str, Listing] = {}
        for one in resources:
            if one.engine.path not in listings:
                listings[one.engine.path] = one.listed()
        return {one.rid: one.observed(listings[one.engine.path]) for one in resources}

    def watches(self) -> Sequence[Watch]:
        """What the daemon tells of the containers of the service; of one without our label, what it tells of that one; its socket."""
        socket = Watch("path", os.path.realpath(self.engine.path))
        if not self.is_answered:
            return [socket]
        unlabelled = self.shown.id if self.shown and PATH_LABEL not in self.shown.labels else ""
        return [Watch("stream", f"{self.engine.path} {events(self.path, unlabelled)}"), socket]

    def listed(self) -> Listing:
        """The containers of its daemon that may be ours, or why there are none to be seen."""
        try:
            return self.engine.containers("" if self.private else self.path)
        except (NotRunningError, SilentError) as error:
            return error

    def observed(self, listing: Listing) -> Observation:
        """What the containers of its daemon say of it."""
        self.shown, self.is_answered = None, not isinstance(listing, ActionFailed)
        if isinstance(listing, NotRunningError):
            return self._without_daemon()
        if isinstance(listing, ActionFailed):
            return Status.WARN.because(str(listing))
        self.shown = self._pick(listing)
        seen = answers.observed(self.shown) if self.shown else Observation(Status.DOWN)
        if not self.detach and seen.status is Status.DOWN:
            return self._ended(seen)
        return seen

    def _ended(self, seen: Observation) -> Observation:
        """A container that the start waited for has done its work when it has ended well."""
        is_done = self.shown is not None and self.shown.state == "exited" and "(0)" in self.shown.note
        return Observation(Status.NA if is_done else seen.status, seen.messages)

    def _without_daemon(self) -> Observation:
        if self.private and os.path.lexists(self.engine.path) and (found := self.private.orphans()):
            pids = " ".join(map(str, found))
            return Status.WARN.because(f"{NOT_RUNNING}, and its containers run on (pid {pids}); a start or a stop takes hold of them")
        return Status.DOWN.because(NOT_RUNNING, level="info")

    # -- start and stop

    def start(self) -> Operations:
        """Start the daemon of the service where it does not run, make the container where it is missing or has changed, start it."""
        is_certain = self.private is None or not self.is_rehearsed or (self.private.is_up() and not self._is_planned())
        if self.private:
            yield from self.private.start()
        found = self._pick(self._containers(is_needed=True) if is_certain else [])
        if found and found.is_alive and self.assumed is not Status.DOWN:
            yield from self._already_up(found)
            return
        yield from self._have_image(is_certain=is_certain)
        yield from self._have_container(found, is_certain=is_certain)
        yield from self._start()

    def stop(self) -> Operations:
        """Stop the container, then the daemon of the service if it was the last one."""
        if self.private and not self.private.is_up() and self.private.planned != "doubtful":
            if self.private.planned or (not self.private.processes() and not self.private.orphans()):
                yield Already(f"{self.label()} is already down")
                return
            # only a daemon can end the containers of one that was killed in good order
            yield from self.private.start()
        found = self._pick([] if self._is_planned() else self._containers(is_needed=False))
        if self._is_planned() or (found and found.is_alive and self.assumed is not Status.DOWN):
            condition = "it runs on" if self._is_planned() else ""
            yield Command(self._stop_words(), timeout=self.stop_timeout + _ORDER, condition=condition)
        else:
            yield Already(f"{self.label()} is already down")
        if self.private:
            yield from self.private.stop(self.rid)

    def provision(self) -> Operations:
        """Nothing: what a start needs it makes."""
        yield from ()

    def unprovision(self) -> Operations:
        """Remove the container; what a private daemon has goes with its data directory."""
        if self.private:
            return
        if found := self._pick(self._containers(is_needed=False)):
            yield Command(self.docker("rm", "--force", "--volumes", found.name), timeout=_ORDER)

    # -- parts of them

    def _is_planned(self) -> bool:
        """In a plan: the daemon is one that does not run yet, so that nobody knows what is in it."""
        return self.private is not None and self.private.planned in ("up", "doubtful")

    def _containers(self, *, is_needed: bool) -> Sequence[Found]:
        """The containers of its daemon that may be ours; where it does not run, none, or ActionFailed if it is needed."""
        try:
            return self.engine.containers("" if self.private else self.path, patience=ACTION_PATIENCE)
        except NotRunningError as error:
            if not is_needed:
                return []
            raise ActionFailed(
                f"{self.rid}: {NOT_RUNNING} at {self.engine.path}; start it, or give the service its own (docker_data_dir)"
            ) from error

    def _pick(self, found: Sequence[Found]) -> Found | None:
        return answers.pick(found, path=self.path, rid=self.rid, name=self.name, is_private=self.is_private)

    def _already_up(self, found: Found) -> Operations:
        if found.state == "paused":
            yield Command(self.docker("unpause", found.name), timeout=_ORDER)
            return
        changed = DEFINITION_LABEL in found.labels and found.labels[DEFINITION_LABEL] != self._mark()
        yield Already(f"{found.label} is already up" + ("; its definition has changed, which a restart applies" if changed else ""))

    def _have_image(self, *, is_certain: bool) -> Operations:
        is_there = is_certain and self.engine.image_tags(self.image) is not None
        if is_there and self.image_pull_policy != "always":
            return
        if answers.is_id(self.image):
            if is_certain and not is_there:
                raise ActionFailed(
                    f"{self.rid}.image: {self.image} is not in the docker daemon, and a number can't be pulled;"
                    " load it there ('docker load'), or name the image"
                )
            return
        condition = "" if is_certain else "the image is not there"
        yield Command(self.docker("pull", "--quiet", self.image), timeout=self.pull_timeout, condition=condition)

    def _have_container(self, found: Found | None, *, is_certain: bool) -> Operations:
        mark = self._mark()
        if found and self._has_changed(found, mark):
            yield Command(self.docker("rm", "--force", found.name), timeout=_ORDER, text=" ".join(self.docker("rm", "--force", found.name)))
            found = None
        if found and is_certain:
            return
        yield self._creation(mark, condition="" if is_certain else "there is none, or its definition has changed")

    def _has_changed(self, found: Found, mark: str) -> bool:
        """Whether another container is asked for than there is. An older agent's container, without a mark, stays."""
        if found.name != self.name or found.labels.get(DEFINITION_LABEL, mark) != mark:
            return True
        image = self.engine.image_tags(self.image) if self.image_pull_policy == "always" else None
        return image is not None and image[0] != found.image_id

    def _creation(self, mark: str, *, condition: str) -> Command:
        definition = self.definition(self._name_of, cgroup=self._outer_group)
        labels = {PATH_LABEL: self.path, RID_LABEL: self.rid, DEFINITION_LABEL: mark}
        known = None if condition else self.engine.image_tags(self.image)
        image = answers.tagged(self.image, known[1] if known else ())
        name = ["--name", self.name]
        options = [*definition.environment_words(), *definition.words]
        marks = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        shown = Command(self.docker("create", *name, *options, self.image, *definition.entry))
        return Command(
            self.docker("create", *name, *marks, *options, image, *definition.entry),
            timeout=_ORDER,
            setting=Setting(environment=definition.secret_variables()),
            text=str(shown),
            undo=Command(self.docker("rm", "--force", self.name), timeout=_ORDER),
            condition=condition,
        )

    def _start(self) -> Operations:
        words = ("start", self.name) if self.detach else ("start", "--attach", self.name)
        undo = Command(self._stop_words(), timeout=self.stop_timeout + _ORDER)
        limit = max(self.start_timeout, _ORDER) if self.detach else self.start_timeout
        try:
            yield Command(self.docker(*words), timeout=limit, undo=undo, undo_on_failure=True)
        except ActionFailed as error:
            reason = self._reason()
            raise ActionFailed(f"{self.rid}: {self.name} does not start: {reason}") if reason else error from error

    def _reason(self) -> str:
        try:
            return self.engine.start_error(self.name)
        except ActionFailed:
            return ""

    def _stop_words(self) -> list[str]:
        return self.docker("stop", "-t", f"{self.stop_timeout:.0f}", self.name)

    def _mark(self) -> str:
        return self.definition(self._identity_of, cgroup=self._outer_group).mark(self.image)

    @cached_property
    def _outer_group(self) -> str:
        """The path of the group whose limits hold for the container as well; empty: there are none, or docker can't place it there."""
        keywords = [f"{group.owner}.{keyword}" for group in self.context.groups[:-1] for keyword in group.limits]
        if not self.cgroup or not keywords:
            return ""
        manager = self._group_manager()
        path = self.context.system.group_path(self.cgroup) if manager == "cgroupfs" else ""
        if not path and not self.is_rehearsed:
            reason = f"the docker daemon leaves control groups to {manager}" if manager != "cgroupfs" else "our groups are not at the top"
            self.context.log.warning(f"{', '.join(keywords)}: no effect on the container: {reason}")
        return path

    def _group_manager(self) -> str:
        try:
            return self.engine.group_manager()
        except NotRunningError:
            return "cgroupfs"  # in a plan, the daemon that will be started

    def _name_of(self, rid: str) -> str:
        """The name of another container of the service."""
        return found.name if (found := self._other(rid)) else self.default_name(rid)

    def _identity_of(self, rid: str) -> str:
        """The number of another container: one made anew is another network."""
        return found.id if (found := self._other(rid)) else self.default_name(rid)

    def _other(self, rid: str) -> Found | None:
        try:
            found = self.engine.containers(self.path, patience=ACTION_PATIENCE)
        except NotRunningError:
            return None
        return next((one for one in found if one.labels.get(RID_LABEL) == rid), None)


def _host_socket() -> str:
    """Where the host's daemon listens, as docker's own command finds it."""
    host = os.environ.get("DOCKER_HOST", "")
    return host.removeprefix("unix://") if host.startswith("unix://") else HOST_SOCKET
