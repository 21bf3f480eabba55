"""Drivers: one that keeps its promises, and others that each break one."""

import os
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Keyword,
    Provisionable,
    Resource,
    Setting,
    Startable,
    Status,
    hookimpl,
    text,
)


class Sample(Resource, Startable):
    """Two files, made one after the other."""

    id = "fs.sample"
    folder = Keyword(text, required=True, text="Where the files are.")

    @property
    def files(self):
        return [Path(self.folder) / name for name in ("a", "b")]

    def status(self):
        there = [file.exists() for file in self.files]
        return Status.UP if all(there) else Status.WARN if any(there) else Status.DOWN

    def start(self):
        if self.seen() is Status.UP:
            yield Already("is up")
            return
        for file in self.files:
            if self.assumed is Status.DOWN or not file.exists():
                yield Call(f"touch {file}", file.touch, undo=Call(f"rm {file}", file.unlink))

    def stop(self):
        there = [file for file in self.files if file.exists()]
        if not there:
            yield Already("is down")
        for file in there:
            yield Call(f"rm {file}", file.unlink)


class HalfStart(Sample):
    """A start that takes the first file for the whole."""

    id = "fs.halfstart"

    def start(self):
        if self.files[0].exists():
            yield Already("is up")
        else:
            yield from super().start()


class AlwaysUp(Sample):
    id = "fs.alwaysup"

    def status(self):
        return Status.UP


class HalfIsUp(Sample):
    """A status that takes the first file for the whole."""

    id = "fs.halfisup"

    def status(self):
        return Status.UP if self.files[0].exists() else Status.DOWN


class HalfIsDown(Sample):
    """A status that is down while half is there, of which its start takes no notice."""

    id = "fs.halfisdown"

    def status(self):
        return Status.UP if all(file.exists() for file in self.files) else Status.DOWN

    def start(self):
        if any(file.exists() for file in self.files):
            yield Already("is being started")
        else:
            yield from super().start()


class HalfIsAnError(Sample):
    id = "fs.halfisanerror"

    def status(self):
        seen = super().status()
        if seen is Status.WARN:
            raise KeyError("half")
        return seen


class Remembering(Sample):
    """A status that is remembered, not seen."""

    id = "fs.remembering"
    known: ClassVar[dict] = {}

    def status(self):
        return self.known.get(self.folder, Status.DOWN)

    def start(self):
        yield from super().start()
        if self.assumed is None:
            self.known[self.folder] = Status.UP

    def stop(self):
        yield from super().stop()
        if self.assumed is None:
            self.known[self.folder] = Status.DOWN


class OtherPlan(Sample):
    """Operations that are another thing each time."""

    id = "fs.otherplan"

    def start(self):
        for operation in super().start():
            yield (
                Call(f"{operation} at {time.monotonic_ns()}", operation.do, undo=operation.undo)
                if isinstance(operation, Call)
                else operation
            )


class LongerPlan(Sample):
    """A plan with more than what is done."""

    id = "fs.longerplan"

    def start(self):
        was_up = self.seen() is Status.UP
        yield from super().start()
        if not was_up and not self.files[0].exists():
            yield Call("something that is never done", int)


class IdleStop(Sample):
    id = "fs.idlestop"

    def stop(self):
        yield Already("is down")


class StartsAgain(Sample):
    id = "fs.startsagain"

    def start(self):
        for file in self.files:
            yield Call(f"touch {file}", file.touch, undo=Call(f"rm {file}", file.unlink))


class StayingHalf(Sample):
    """A stop that takes half of it for nothing."""

    id = "fs.stayinghalf"

    def stop(self):
        if not all(file.exists() for file in self.files):
            yield Already("is down")
        else:
            yield from super().stop()


class StopsAgain(Sample):
    id = "fs.stopsagain"

    def stop(self):
        for file in self.files:
            yield Call(f"rm -f {file}", lambda file=file: file.unlink(missing_ok=True))


class TouchingStatus(Sample):
    id = "fs.touchingstatus"

    def status(self):
        self.context.var_dir.mkdir(parents=True, exist_ok=True)
        (self.context.var_dir / "seen").write_text(str(time.monotonic_ns()))
        return super().status()


class TouchingPlan(Sample):
    """It does something beside what it yields."""

    id = "fs.touchingplan"

    def start(self):
        (Path(self.folder) / "plan").write_text(str(time.monotonic_ns()))
        yield from super().start()


class NoUndo(Sample):
    id = "fs.noundo"

    def start(self):
        yield from (Call(one.text, one.do) if isinstance(one, Call) else one for one in super().start())


class GreedyUndo(Sample):
    """Its undo takes away what was there before the start."""

    id = "fs.greedyundo"

    def start(self):
        yield Call("look", int, undo=Call("rm all", lambda: [file.unlink(missing_ok=True) for file in self.files]))
        yield from super().start()


class Hanging(Sample):
    id = "fs.hanging"

    def start(self):
        yield Command(["sleep", "1.5"])
        raise ActionFailed("at last")


class Forgiving(Sample):
    """Its start takes the end of its time for a success."""

    id = "fs.forgiving"

    def start(self):
        try:
            yield Command(["sleep", "60"], timeout=0.1)
        except ActionFailed:
            yield Call(f"touch {self.files[0]}", lambda: [file.touch() for file in self.files])


class Straying(Sample):
    """What it has started is still there when its time is up."""

    id = "fs.straying"

    def start(self):
        environment = self.context.environment()
        yield Call("stray", lambda: _spawn({**os.environ, **environment}))
        yield Command(["sleep", "60"], timeout=0.1)


class Littering(Sample):
    """A stop that leaves a file where drivers keep theirs."""

    id = "fs.littering"

    def start(self):
        yield from super().start()
        self.context.service.run_dir.mkdir(parents=True, exist_ok=True)
        (self.context.service.run_dir / "litter").touch()


class LitteringOutside(Sample):
    id = "fs.litteringoutside"

    def start(self):
        yield from super().start()
        (Path(self.folder) / "litter").touch()


class LeavingProcess(Sample):
    """A stop that leaves a process."""

    id = "fs.leavingprocess"

    def start(self):
        yield from super().start()
        yield Command(["sleep", "60"], detached=True, watch=0, setting=Setting(environment=self.context.environment()))


class LeavingGroup(Sample):
    """A stop that leaves an empty control group."""

    id = "fs.leavinggroup"

    def start(self):
        yield from super().start()
        yield Command(["true"], setting=Setting(cgroup=f"{self.context.service.cgroup}/other"))


class NoUnprovision(Sample, Provisionable):
    """What it says to take away stays."""

    id = "fs.nounprovision"

    def is_provisioned(self):
        return (Path(self.folder) / "made").exists()

    def provision(self):
        yield Call("make", (Path(self.folder) / "made").touch)

    def unprovision(self):
        yield Already("is gone")

    def start(self):
        if not (Path(self.folder) / "made").exists():
            yield Call("make", (Path(self.folder) / "made").touch)
        yield from super().start()


class Makes(Sample, Provisionable):
    """It writes into a third file, each time it is asked to."""

    id = "fs.makes"

    @property
    def made(self):
        return Path(self.folder) / "made"

    def is_provisioned(self):
        return None

    def provision(self):
        yield Call("make", self._write)

    def _write(self):
        with self.made.open("a") as file:
            file.write("made")

    def unprovision(self):
        if self.made.exists():
            yield Call("remove", self.made.unlink)
        else:
            yield Already("is gone")


class RemovesAgain(Makes):
    id = "fs.removesagain"

    def is_provisioned(self):
        return self.made.exists()

    def unprovision(self):
        yield Call("remove", lambda: self.made.unlink(missing_ok=True))


class LeavingOpen(Sample):
    """A status that opens the folder, and leaves it so."""

    id = "fs.leavingopen"

    def status(self):
        os.open(self.folder, os.O_RDONLY)
        return super().status()


def _spawn(environment):
    subprocess.Popen(["sleep", "60"], env=environment, start_new_session=True).returncode = 0  # waited for by nobody


@hookimpl
def opensvc_register_drivers():
    return [Sample, *Sample.__subclasses__(), RemovesAgain]
