"""The promises of what only tells: a driver that keeps them passes, and each broken one is found."""

from functools import partial
from pathlib import Path

import pytest

from opensvc_core.api import ActionFailed, Already, Call, Keyword, Resource, Startable, Status, hookimpl, text
from opensvc_core.testing.telling import TellingCase, TellingConformance

from .conftest import text_of


class Word(Resource):
    """A word in a file, which a program reads."""

    id = "hb.word"
    folder = Keyword(text, required=True, text="Where the file is.", example="/run")

    def status(self):
        result = self.context.system.query(["cat", f"{self.folder}/word"])
        if result.code:
            raise ActionFailed(result.stderr)
        return Status(result.stdout)


class Deaf(Word):
    """What it says never changes."""

    id = "hb.deaf"

    def status(self):
        return Status.UP


class BlindWord(Word):
    """No answer is a word too."""

    id = "hb.blind"

    def status(self):
        said = self.context.system.query(["cat", f"{self.folder}/word"]).stdout
        return Status(said) if said else Status.DOWN


class Writing(Word):
    """It notes that somebody looked."""

    id = "hb.writing"

    def status(self):
        with (Path(self.folder) / "looks").open("a") as file:
            file.write(".")
        return super().status()


class Meddling(Word, Startable):
    """It does what it should only tell of."""

    id = "app.meddling"

    def start(self):
        yield Call("say up", partial((Path(self.folder) / "word").write_text, "up"))

    def stop(self):
        yield Already("is down")


@hookimpl
def opensvc_register_drivers():
    return [Word, *Word.__subclasses__()]


class TestWord(TellingConformance):
    """The suite."""

    cls = Word

    @pytest.fixture
    def node_below(self, node_with):
        return node_with(self.cls)

    def case(self, folder):
        word = folder / "word"
        told = {status: partial(word.write_text, str(status)) for status in (Status.UP, Status.DOWN, Status.WARN)}
        return TellingCase(text_of(self.cls, folder), rid=f"{self.cls.id.partition('.')[0]}#1", told=told, settle=0.05)


@pytest.mark.parametrize(
    ("cls", "test", "promise"),
    [
        (Deaf, TellingConformance.test_what_is_there_is_told, "it is shown as down"),
        (BlindWord, TellingConformance.test_missing_program_is_told, "what is up is not shown as down without cat"),
        (Writing, TellingConformance.test_status_changes_nothing, "a status changes nothing"),
        (Meddling, partial(TellingConformance.test_no_action_is_its_own, action="start"), "start does nothing with it while it is"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_broken_promise_is_found(node_with, tmp_path, cls, test, promise):
    suite = TestWord()
    suite.cls = cls
    with pytest.raises(AssertionError, match=f"the promise is broken: {promise}"):
        test(suite, suite.fresh(node_with(cls), tmp_path))
