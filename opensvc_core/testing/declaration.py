"""What a driver declares, judged without a service: `pytest --opensvc-driver ID` runs this beside the driver's own suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pytest

from opensvc_core.config.converters import boolean, tristate
from opensvc_core.config.keywords import Keyword
from opensvc_core.config.sections import GROUPS
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import Runnable, Startable, Syncable
from opensvc_core.errors import DriverUnavailable
from opensvc_core.registry import Driver, Registry, lacks
from opensvc_core.testing.installed import CONFORMANCE, driver_point, has_suite
from opensvc_core.testing.judging import kept

# The one word that the group gives its meaning.
_TYPE = "type"
# What a driver has to be tried for, and what does it.
_DONE: Final = {Startable: "start", Runnable: "run", Syncable: "sync"}


class TestDeclaration:
    """The promises about what stands in the class: ids, keywords, tools."""

    def test_it_is_to_be_had(self, opensvc_driver: str) -> None:
        """Its plugin is imported, and brings a driver with the id of the entry point."""
        declared(opensvc_driver)

    def test_its_group_is_one_that_is_started(self, opensvc_driver: str) -> None:
        """The group of a resource says when it starts."""
        cls = declared(opensvc_driver)
        if issubclass(cls, Resource):
            group = cls.id.partition(".")[0]
            kept(group in GROUPS, "its group is known", f"{group} is none of {', '.join(GROUPS)}", "id")

    def test_it_says_what_it_is(self, opensvc_driver: str) -> None:
        """The first sentence of the class stands in the reference."""
        cls = declared(opensvc_driver)
        kept(bool((cls.__doc__ or "").strip()), "a driver says in its class what it is", f"{cls.__name__} has no docstring", cls.__name__)

    def test_keywords_have_texts(self, opensvc_driver: str) -> None:
        """Help and reference are made of them."""
        lacking = [keyword for keyword in _own(opensvc_driver) if not keyword.text.strip()]
        _none(lacking, "every keyword has a text")

    def test_keywords_have_examples(self, opensvc_driver: str) -> None:
        """A person who has to write a value is shown one; a default does as well, or what is allowed, as yes and no are."""
        lacking = [keyword for keyword in _own(opensvc_driver) if not _shows_a_value(keyword)]
        _none(lacking, "every keyword has an example, a default, or a list of the values that are allowed")

    def test_examples_are_values(self, opensvc_driver: str) -> None:
        """What is shown can be written; with a reference in it, that is known of a service only."""
        texts = [(keyword, text) for keyword in _own(opensvc_driver) for text in (keyword.example, *keyword.candidates) if "{" not in text]
        wrong = [(keyword, f"{text!r}: {why}") for keyword, text in texts if text and (why := _refused(keyword, text))]
        _none([keyword for keyword, _ in wrong], "every example is a value of its keyword", "; ".join(text for _, text in wrong))

    def test_words_mean_one_thing(self, opensvc_driver: str) -> None:
        """No older word of a keyword is another keyword's, of the driver or of every resource."""
        own = list(_own(opensvc_driver))
        words = {**ResourceKeywords.keywords(), **{keyword.name: keyword for keyword in own}}
        _none([keyword for keyword in own for alias in keyword.aliases if alias in words], "an older word of a keyword is no other keyword")

    def test_this_host_can_run_it(self, opensvc_driver: str) -> None:
        """Where a tool is missing, nothing is tried for real, and the reason is told; that it can be asked for is the promise."""
        problem, failure = lacks(declared(opensvc_driver))
        kept(not failure, "it tells what the host lacks", failure, "host_problem")
        if problem:
            pytest.skip(problem)

    def test_it_brings_a_suite(self, opensvc_driver: str) -> None:
        """What is started, run or copied has to be tried, and only the driver's author can say with what service."""
        cls = declared(opensvc_driver)
        methods = [method for capability, method in _DONE.items() if issubclass(cls, capability)]
        kept(
            not methods or has_suite(opensvc_driver),
            "a driver that starts, runs or copies something brings its conformance suite",
            f'{driver_point(opensvc_driver).distribution} has no entry point "{opensvc_driver}" in {CONFORMANCE} with a suite for it: '
            "nothing but this declaration was tried",
            *methods,
        )


def declared(name: str) -> type[Driver]:
    """The class of an installed driver."""
    __tracebackhide__ = True
    try:
        return Registry({}).declared(name)
    except DriverUnavailable as error:
        kept(False, "it is to be had", str(error))
        raise


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test for each driver that the command line names."""
    metafunc.parametrize("opensvc_driver", metafunc.config.getoption("opensvc_driver"))


def _own(name: str) -> Iterator[Keyword[Any]]:
    """The keywords that the driver declares, but for the word that names it."""
    return (keyword for keyword in declared(name).keywords().values() if keyword.name != _TYPE)


def _shows_a_value(keyword: Keyword[Any]) -> bool:
    is_yes_or_no = keyword.convert in (boolean, tristate)
    return is_yes_or_no or bool(keyword.example or keyword.candidates or keyword.default) or keyword.default in (0, 0.0)


def _refused(keyword: Keyword[Any], text: str) -> str:
    try:
        keyword.convert(text)
    except ValueError as error:
        return str(error) or "it is refused"
    return f"it is none of {', '.join(keyword.candidates)}" if keyword.candidates and text not in keyword.candidates else ""


def _none(keywords: Iterable[Keyword[Any]], promise: str, facts: str = "") -> None:
    __tracebackhide__ = True
    found = list(dict.fromkeys(keywords))
    kept(not found, promise, facts or ", ".join(keyword.name for keyword in found), *(keyword.attribute for keyword in found))
