import pytest
from opensvc_driver_app_launchers.folder import read, sort


def files(links):
    return [link.file for link in links]


def test_launchers_are_in_the_order_of_their_numbers_then_of_their_names():
    found = sort("/d", ["S100c", "S20b", "S9a", "S020a", "K1x", "C7y"])
    assert files(found.of("S")) == ["S9a", "S020a", "S20b", "S100c"]
    assert (files(found.of("K")), files(found.of("C"))) == (["K1x"], ["C7y"])
    assert found.of("S")[0].path == "/d/S9a"


@pytest.mark.parametrize("name", ["weblauncher", "README", "s10web", "Sweb", "X10web", ".S10web", "S-10web", "lost+found"])
def test_what_does_not_look_like_a_launcher_is_none(name):
    assert sort("/d", [name]) == ((), ())


@pytest.mark.parametrize(
    "name",
    [
        "S10web~",
        "K90web.rpmsave",
        "C10web.rpmnew",
        "S10web.dpkg-old",
        "S10web.bak",
        "S10web.orig",
        "S10web.swp",
        "S10web.pid",
        "S10",
        "S10a\nb",
    ],
)
def test_copies_and_names_without_a_name_are_told_and_not_run(name):
    assert sort("/d", [name]) == ((), (name,))


def test_an_extension_is_part_of_the_name():
    assert files(sort("/d", ["S10web.sh", "K10web-2.0_x"]).links) == ["K10web-2.0_x", "S10web.sh"]


def test_partners_have_the_same_name_after_the_number():
    found = sort("/d", ["S10web", "S20db", "K80db", "K90web", "C10web"])
    partners = [found.partner(link, "K") for link in found.of("S")]
    assert files(partners) == ["K90web", "K80db"]
    assert found.partner(found.of("S")[1], "C") is None


def test_folders_are_told_and_links_to_nothing_are_launchers(tmp_path):
    (tmp_path / "S10old").mkdir()
    (tmp_path / "S20web").symlink_to("/nowhere/web")
    found = read(tmp_path)
    assert (files(found.links), found.ignored) == (["S20web"], ("S10old",))
