"""Words of older agents: what is said to have no effect has none."""

from opensvc_core.config.older import WITHOUT_EFFECT
from opensvc_core.config.sections import group_of
from opensvc_core.config.vocabulary import ResourceKeywords, ServiceKeywords, SubsetKeywords
from opensvc_core.errors import DriverUnavailable
from opensvc_core.registry import Registry

# In [DEFAULT] it was the size of a volume object, not what disks inherit.
OF_ANOTHER_MEANING = {"size"}


def installed():
    return [(name, driver) for name, _, driver in Registry({}).drivers() if not isinstance(driver, DriverUnavailable)]


def words(declares):
    return {*declares.keywords(), *declares.aliases()}


def test_the_core_declares_none_of_them():
    assert WITHOUT_EFFECT["DEFAULT"] & words(ServiceKeywords) == set()
    assert WITHOUT_EFFECT["subset"] & words(SubsetKeywords) == set()
    assert {word for listed in WITHOUT_EFFECT.values() for word in listed} & words(ResourceKeywords) == set()


def test_no_installed_driver_declares_one_of_its_group():
    drivers = installed()
    assert len(drivers) > 10
    found = {name: WITHOUT_EFFECT.get(group_of(name.partition(".")[0]), frozenset()) & words(driver) for name, driver in drivers}
    assert {name: declared for name, declared in found.items() if declared} == {}


def test_no_installed_driver_inherits_one_of_the_service():
    listed = WITHOUT_EFFECT["DEFAULT"] - OF_ANOTHER_MEANING
    assert {name: inherited for name, driver in installed() if (inherited := listed & driver.heirs().keys())} == {}


def test_an_older_section_has_those_of_its_group(found):
    assert found("[lv#0]\nname = a\nvg = v\nzone = z\n") == ["deprecated-section lv#0", "no-effect lv#0.zone"]


def test_an_unknown_word_of_the_service_may_have_been_meant_for_its_resources(found, loaded):
    assert found("[DEFAULT]\nbwlimit = 10\n") == ["unknown-keyword DEFAULT.bwlimit"]
    assert "unknown-keyword DEFAULT.bwlimit" not in found("[DEFAULT]\nbwlimit = 10\n[sync#1]\ntype = rsync\n")
