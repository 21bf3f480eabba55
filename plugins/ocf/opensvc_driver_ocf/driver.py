"""The driver app.ocf."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar, Final

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    CommandResult,
    Keyword,
    Observation,
    Operation,
    Operations,
    ProcessId,
    Resource,
    Setting,
    Startable,
    Status,
    Watch,
    Watchable,
    duration,
)
from opensvc_driver_ocf.agents import NOTES, AgentName, agent_name, make_notes, metadata, standing
from opensvc_driver_ocf.answers import SUCCESS, UNIMPLEMENTED, answer, meaning
from opensvc_driver_ocf.metadata import Metadata
from opensvc_driver_ocf.parameters import keyword, word_of

# An agent's exit code is its answer.
_ANY_CODE: Final = range(-64, 256)
# Seconds, for an agent that proposes none.
_LIMIT: Final = 60.0


def depth(value: str) -> int:
    """A whole number from 0: how deeply to look."""
    found = int(value) if value.isascii() and value.isdigit() else -1
    if found < 0:
        raise ValueError(f"{value!r} is no depth; such as 0, 10 or 20")
    return found


def _limit(action: str) -> Keyword[float | None]:
    return Keyword(
        duration, scopable=True, text=f"Seconds that `{action}` may take; default: what the agent proposes, else 60.", example="2m"
    )


class Ocf(Resource, Startable, Watchable):
    """A resource agent of the Open Cluster Framework, as Pacemaker and others run them.

    Its parameters are keywords of the section, made from what the agent says of itself. One whose name is a keyword already has
    `ocf_` before it.
    """

    id = "app.ocf"
    needs_below = True
    variant_by = "agent"
    # of the class of a certain agent: what it says of itself, and its parameters by the words of the section
    metadata: ClassVar[Metadata] = Metadata("", (), {})
    words: ClassVar[Mapping[str, str]] = {}

    agent = Keyword(agent_name, required=True, text="The agent: `ocf:PROVIDER:TYPE`.", example="ocf:heartbeat:Dummy")
    check_level = Keyword(depth, default=0, scopable=True, text="How deeply the status looks (`OCF_CHECK_LEVEL`).", example="10")
    start_timeout = _limit("start")
    stop_timeout = _limit("stop")
    check_timeout = _limit("monitor")

    @classmethod
    def variant(cls, value: str) -> type[Ocf]:
        """The class of an agent, which has its parameters. Raises DriverUnavailable where it is not installed, or can't tell them."""
        try:
            name = agent_name(value)
        except ValueError:
            return cls  # told of the keyword
        return _class_of(name, metadata(name))

    def label(self) -> str:
        """The agent, and what its first parameter that must be given is."""
        first = next((one.name for one in self.metadata.parameters if one.required), "")
        return f"{self.agent} {self._parameters().get(first, '')}".rstrip()

    @property
    def cgroup(self) -> str:
        """The control group of what the agent leaves running."""
        return self.context.cgroup

    def look_limit(self) -> float:
        """As long as a monitor and a probe may take, and a little more."""
        return super().look_limit() + 2 * self._limit("monitor")

    def status(self) -> Observation:
        """What the agent's monitor says; where that can't be told, as something that it needs is missing, what a probe says."""
        seen = self._asked()
        if seen.status is not Status.UNDEF:
            return seen
        probed = self._asked(is_probe=True)
        return Observation(probed.status, seen.messages) if probed.status is Status.DOWN else seen

    def start(self) -> Operations:
        """Have the agent check its parameters, then start; a start that fails is followed by a stop, as agents expect it."""
        if self.seen() is Status.UP:
            yield Already(f"{self.label()} is already started")
            return
        if not NOTES.is_dir():
            yield Call(f"mkdir -m 1755 {NOTES}", make_notes, is_quiet=True)
        if "validate-all" in self.metadata.actions:
            yield from self._called("validate-all", self._command("validate-all")._replace(is_quiet=True), also=UNIMPLEMENTED)
        start = self._command("start")._replace(
            starts_application=True,
            output=str(self.context.var_dir / "output"),
            undo=self._command("stop")._replace(succeeds=(SUCCESS,)),  # nobody reads its answer
            undo_on_failure=True,
            done="start",
        )
        yield from self._called("start", start)

    def stop(self) -> Operations:
        """Have the agent stop it."""
        if self.seen() is Status.DOWN:
            yield Already(f"{self.label()} is already stopped")
            return
        yield from self._called("stop", self._command("stop")._replace(done="stop"))

    def watches(self) -> Sequence[Watch]:
        """The end of each process that its start has left, as far as its control group tells them."""
        processes: Sequence[ProcessId] = self.context.system.group_processes(self.cgroup) if self.cgroup else ()
        return [*map(Watch.of, processes), Watch("cgroup", self.cgroup)] if processes else []

    def _asked(self, *, is_probe: bool = False) -> Observation:
        limit = self._limit("monitor")
        setting = self._setting("monitor", is_probe=is_probe)
        return answer(self.context.system.query([str(self.agent.file), "monitor"], timeout=limit, setting=setting), limit)

    def _called(self, action: str, command: Command, *, also: int = SUCCESS) -> Generator[Operation, Any, None]:
        """Have the agent called. Raises ActionFailed with the reason that it gave."""
        result: CommandResult = yield command
        if result.code not in (SUCCESS, also):
            raise ActionFailed(f"{self.label()}: {action} {meaning(result)}")

    def _command(self, action: str) -> Command:
        return Command(
            [str(self.agent.file), action],
            succeeds=_ANY_CODE,
            timeout=self._limit(action),
            setting=self._setting(action),
            text=f"{self.agent} {action}",
        )

    def _setting(self, action: str, *, is_probe: bool = False) -> Setting:
        level = {"OCF_CHECK_LEVEL": str(self.check_level)} if action == "monitor" else {}
        environment = {
            **self.context.environment(),
            **standing(self.agent),
            **level,
            **{f"OCF_RESKEY_{name}": value for name, value in self._parameters().items()},
            "OCF_RESOURCE_INSTANCE": f"{self.context.service.path.name}_{self.rid.replace('#', '_')}",
            "OCF_RESKEY_CRM_meta_name": action,
            "OCF_RESKEY_CRM_meta_timeout": str(round(self._limit(action) * 1000)),
            # a monitor at an interval tells what is wrong; one without is a probe, for which what can't be asked is not running
            "OCF_RESKEY_CRM_meta_interval": "10000" if action == "monitor" and not is_probe else "0",
        }
        return Setting(environment=environment, cwd="/", cgroup=self.cgroup if action == "start" else "")

    def _parameters(self) -> dict[str, str]:
        """The parameters that the section gives, by their names."""
        return {name: str(self.values[word]) for word, name in self.words.items() if self.values.get(word) is not None}

    def _limit(self, action: str) -> float:
        """Seconds that an action may take."""
        given = {"start": self.start_timeout, "stop": self.stop_timeout, "monitor": self.check_timeout}.get(action)
        return given or self.metadata.actions.get(action) or _LIMIT


_classes: dict[AgentName, type[Ocf]] = {}


def _class_of(name: AgentName, known: Metadata) -> type[Ocf]:
    """The driver with the keywords of an agent; made again where the agent's file is another one."""
    found = _classes.get(name)
    if found is None or found.metadata is not known:
        words = {word_of(one.name, Ocf): one for one in known.parameters}
        keywords = {f"parameter_{number}": keyword(word, one) for number, (word, one) in enumerate(words.items())}
        own = {"__doc__": known.text, "metadata": known, "words": {word: one.name for word, one in words.items()}}
        found = _classes[name] = type(f"Ocf{name.type}", (Ocf,), {**keywords, **own})
    return found
