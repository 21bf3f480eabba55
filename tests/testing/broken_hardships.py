"""Drivers that keep their promises on a quiet day: on a host that lacks nothing, in a plain folder, each alone."""

import subprocess
import tempfile
from pathlib import Path

from opensvc_core.api import ActionFailed, Already, Call, Command, Provisionable, Status, hookimpl

from .broken_drivers import Sample
from .broken_tasks import Task

ANY_CODE = range(-64, 256)


class Tooled(Sample):
    """The two files, made, seen and removed by programs."""

    id = "fs.tooled"

    def status(self):
        result = self.context.system.query(["ls", "--", self.folder])
        if result.code:
            raise ActionFailed(result.stderr)
        there = [name in result.stdout.splitlines() for name in ("a", "b")]
        return Status.UP if all(there) else Status.WARN if any(there) else Status.DOWN

    def start(self):
        if self.seen() is Status.UP:
            yield Already("is up")
            return
        first, second = map(str, self.files)
        yield Command(["touch", "--", first], undo=Call("rm", Path(first).unlink))
        yield Command(["cp", "--", first, second], undo=Call("rm", Path(second).unlink))

    def stop(self):
        if self.seen() is Status.DOWN:
            yield Already("is down")
        else:
            yield Command(["rm", "-f", "--", *map(str, self.files)])


# -- without a program


class BlindStatus(Tooled):
    """A status that takes no answer for an empty one."""

    id = "fs.blindstatus"

    def status(self):
        there = [name in self.context.system.query(["ls", "--", self.folder]).stdout.splitlines() for name in ("a", "b")]
        return Status.UP if all(there) else Status.WARN if any(there) else Status.DOWN


class Optimist(Tooled):
    """A status that takes no answer for a good one."""

    id = "fs.optimist"

    def status(self):
        try:
            return super().status()
        except ActionFailed as error:
            return Status.UP.because(str(error))


class Silent(Tooled):
    """A start that does not look at what became of its program."""

    id = "fs.silent"

    def start(self):
        for operation in super().start():
            yield operation._replace(succeeds=ANY_CODE) if isinstance(operation, Command) else operation


class SilentStop(Tooled):
    id = "fs.silentstop"

    def stop(self):
        for operation in super().stop():
            yield operation._replace(succeeds=ANY_CODE) if isinstance(operation, Command) else operation


class HalfTaken(Tooled):
    """What it did before the program that is missing stays."""

    id = "fs.halftaken"

    def start(self):
        for operation in super().start():
            yield operation._replace(undo=None) if isinstance(operation, Command) else operation


class Trips(Tooled):
    """A start that calls a program itself, and does not expect that it is missing."""

    id = "fs.trips"

    def start(self):
        subprocess.run(["true"], check=True)
        yield from super().start()


class SilentProvision(Tooled, Provisionable):
    """What it makes is missed by the start."""

    id = "fs.silentprovision"

    @property
    def made(self):
        return Path(self.folder) / "made"

    def is_provisioned(self):
        return self.made.exists()

    def provision(self):
        yield Command(["mkdir", str(self.made)], succeeds=ANY_CODE)

    def unprovision(self):
        if self.made.exists():
            yield Command(["rmdir", str(self.made)])
        else:
            yield Already("is gone")

    def start(self):
        if not self.made.exists() and not isinstance(self.context.planned_paths, set):
            raise ActionFailed("it was not provisioned")
        yield from super().start()


class HalfProvision(SilentProvision):
    """What was begun is taken for the whole."""

    id = "fs.halfprovision"

    def provision(self):
        yield Call("make", self.made.mkdir)
        yield Call("fill", (self.made / "inside").touch)

    def unprovision(self):
        if self.made.exists():
            yield Call("remove", lambda: [(self.made / "inside").unlink(missing_ok=True), self.made.rmdir()])
        else:
            yield Already("is gone")

    def start(self):
        if not (self.made / "inside").exists() and not isinstance(self.context.planned_paths, set):
            raise ActionFailed("it was not provisioned")
        yield from super().start()


# -- without rights


class Peeks(Sample):
    """A status that takes what it may not open for what is not there."""

    id = "fs.peeks"

    def start(self):
        for operation in super().start():
            yield operation
            for file in self.files if self.assumed is None else ():
                if file.exists():
                    file.chmod(0o400)

    def status(self):
        return Status.UP if all(map(_can_be_written, self.files)) else Status.DOWN


def _can_be_written(file):
    try:
        file.open("r+b").close()
    except OSError:
        return False
    return True


class TripsOverRights(Sample):
    """A start that looks whether it may, and does not expect that it may not."""

    id = "fs.tripsoverrights"

    def start(self):
        with tempfile.TemporaryFile(dir=self.folder):
            pass
        yield from super().start()


class TripsOverMaking(Sample, Provisionable):
    """What makes it looks whether it may, and does not expect that it may not."""

    id = "fs.tripsovermaking"

    def is_provisioned(self):
        return None

    def provision(self):
        with tempfile.TemporaryFile(dir=self.folder):
            yield Already("is made")

    def unprovision(self):
        yield Already("is gone")


class NotesFirst(Sample):
    """A start that notes what it is about to do, and believes it later."""

    id = "fs.notesfirst"

    @property
    def note(self):
        return self.context.var_dir / "begun"

    def start(self):
        if self.note.exists() and self.seen() is Status.DOWN:
            yield Already("has begun before")
            return
        if self.seen() is Status.DOWN:
            yield Call("note", lambda: [self.context.var_dir.mkdir(parents=True, exist_ok=True), self.note.touch()])
        yield from super().start()

    def stop(self):
        yield from super().stop()
        if self.note.exists():
            yield Call("forget", lambda: self.note.unlink(missing_ok=True))


# -- where a path has blanks, and letters of any alphabet


class Shell(Sample):
    """A path in the words of a shell."""

    id = "fs.shell"

    def start(self):
        for operation in super().start():
            yield Command(["sh", "-c", str(operation)], undo=operation.undo) if isinstance(operation, Call) else operation


class Ascii(Sample):
    """A path in an old encoding."""

    id = "fs.ascii"

    def start(self):
        self.folder.encode("ascii")
        yield from super().start()


class Splits(Sample):
    """A list of files, split at blanks."""

    id = "fs.splits"

    def status(self):
        found = self.context.system.query(["find", self.folder, "-type", "f"]).stdout.split()
        there = [str(file) in found for file in self.files]
        return Status.UP if all(there) else Status.WARN if any(there) else Status.DOWN


class Strays(Sample):
    """A file in the folder that the first word of the path names."""

    id = "fs.strays"

    def start(self):
        for operation in super().start():
            yield operation
            if self.assumed is None and " " in self.folder:
                (Path(self.folder.partition(" ")[0]) / "stray").touch()


# -- beside another one


class OnePlace(Sample):
    """The same files for all of them."""

    id = "fs.oneplace"

    @property
    def files(self):
        return [Path(self.folder).parent / name for name in ("a", "b")]


class TakesAll(Sample):
    """A stop that takes away what others have."""

    id = "fs.takesall"

    def stop(self):
        if self.seen() is Status.DOWN:
            yield Already("is down")
            return
        yield Call("rm all", lambda: [file.unlink() for file in Path(self.folder).parent.glob("host.*/[ab]")])


class Races(Sample):
    """A number that is free when it is looked for, and taken later."""

    id = "fs.races"

    @property
    def numbers(self):
        return Path(self.folder).parent / "numbers"

    def _own(self):
        found = self.numbers.iterdir() if self.numbers.exists() else ()
        return [file for file in found if file.read_text() == self.folder]

    def status(self):
        return Status.UP if self._own() else Status.DOWN

    def start(self):
        if self.seen() is Status.UP:
            yield Already("is up")
            return
        taken = {file.name for file in self.numbers.iterdir()} if self.numbers.exists() else set()
        free = next(str(number) for number in range(9) if str(number) not in taken)
        yield Call("take a number", lambda: [self.numbers.mkdir(exist_ok=True), (self.numbers / free).write_text(self.folder)])

    def stop(self):
        for file in self._own():
            yield Call("give it back", file.unlink)


class OneBench(Sample, Provisionable):
    """It is made on a bench that others have too."""

    id = "fs.onebench"

    @property
    def bench(self):
        return Path(self.folder).parent / "bench"

    def is_provisioned(self):
        return None

    def provision(self):
        yield Call("put it on the bench", lambda: self.bench.write_text(self.folder))
        yield Call("take it", self._take)

    def _take(self):
        if self.bench.read_text() != self.folder:
            raise ActionFailed("another one is there")

    def unprovision(self):
        yield Call("clear the bench", lambda: self.bench.unlink(missing_ok=True))


# -- at the end


class LeavesMount(Sample):
    """A stop that leaves a mount."""

    id = "fs.leavesmount"

    def start(self):
        yield from super().start()
        point = Path(self.folder) / "point"
        yield Call("mount", lambda: [point.mkdir(), subprocess.run(["mount", "-t", "tmpfs", "left", point], check=True)])


class LeavesChild(Sample):
    """A stop that leaves a process which nothing tells to be of the service."""

    id = "fs.leaveschild"

    def start(self):
        yield from super().start()
        yield Call("begin", lambda: setattr(subprocess.Popen(["sleep", "60"], start_new_session=True), "returncode", 0))


# -- tasks


class SilentTask(Task):
    """A run that does not look at what became of its program."""

    id = "task.silent"

    def run(self):
        yield Command(["touch", str(self.file)], succeeds=ANY_CODE)


class UnnamedTask(Task):
    """A run that fails for no reason."""

    id = "task.unnamed"

    def run(self):
        result = yield Command(["touch", str(self.file)], succeeds=ANY_CODE)
        if result.code:
            raise ActionFailed("something went wrong")


class TripsTask(Task):
    """A run that looks whether it may, and does not expect that it may not."""

    id = "task.trips"

    def run(self):
        with tempfile.TemporaryFile(dir=self.folder):
            pass
        yield from super().run()


class ShellTask(Task):
    """A path in the words of a shell."""

    id = "task.shell"

    def run(self):
        yield Command(["sh", "-c", f"touch {self.file}"])


class OneDesk(Task):
    """Work on a desk that others have too."""

    id = "task.onedesk"

    def run(self):
        desk = Path(self.folder).parent / "desk"
        yield Call("write", lambda: desk.write_text(self.rid + self.folder))
        yield Call("take", lambda: self.file.write_text("mine" if desk.read_text() == self.rid + self.folder else "another's"))


@hookimpl
def opensvc_register_drivers():
    own = {name: each for name, each in globals().items() if isinstance(each, type) and each.__module__ == __name__}
    return [*own.values()]
