"""Tasks: one that keeps its promises, and others that each break one."""

import time
from pathlib import Path

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Keyword,
    Resource,
    Runnable,
    Setting,
    Status,
    hookimpl,
    text,
)


class Task(Resource, Runnable):
    """A task that writes a file."""

    id = "task.sample"
    folder = Keyword(text, required=True, text="Where the file is.")

    @property
    def file(self):
        return Path(self.folder) / "done"

    def status(self):
        return Status.NA

    def run(self):
        yield Call(f"touch {self.file}", self.file.touch)
        yield Call(f"chmod 600 {self.file}", lambda: self.file.chmod(0o600))


class OnceOnly(Task):
    id = "task.onceonly"

    def run(self):
        if self.file.exists():
            yield Already("was run before")
        else:
            yield from super().run()


class OtherTaskPlan(Task):
    id = "task.otherplan"

    def run(self):
        yield Call(f"touch {self.file} at {time.monotonic_ns()}", self.file.touch)


class TouchingTask(Task):
    id = "task.touching"

    def status(self):
        self.file.write_text(str(time.monotonic_ns()))
        return Status.NA

    def run(self):
        self.status()
        yield from super().run()


class StuckTask(Task):
    """A run that is never completed once it was begun, and a status that fails then."""

    id = "task.stuck"

    def status(self):
        if self.file.exists() and self.file.stat().st_mode & 0o77:
            raise KeyError("half")
        return Status.NA


class EndlessTask(Task):
    id = "task.endless"

    def run(self):
        yield Command(["sleep", "60"], detached=True, watch=0, setting=Setting(environment=self.context.environment()))


class SlowTask(Task):
    id = "task.slow"

    def run(self):
        yield Command(["sleep", "1.5"])
        raise ActionFailed("at last")


@hookimpl
def opensvc_register_drivers():
    return [Task, *Task.__subclasses__()]
