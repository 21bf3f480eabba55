"""The notes of changes are notes, and a release puts them and the version where they belong."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import release

from opensvc_core import __version__

TOP = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path):
    """The files that a release changes."""
    for file in (*release.holders(), TOP / "CHANGELOG.md", *release.notes()):
        target = tmp_path / file.relative_to(TOP)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (tmp_path / "changes").mkdir(exist_ok=True)
    return tmp_path


def versions(top):
    """Each version of ours that stands in a file."""
    for file in release.holders(top):
        text = file.read_text("utf-8")
        if file.name == "pyproject.toml":
            project = tomllib.loads(text)["project"]
            yield project["version"]
            yield from (line.partition("==")[2] for line in project.get("dependencies", ()) if line.startswith("opensvc-"))
        else:
            yield from re.findall(r'^(?:__version__|AGENT: Final) = "(.+)"$', text, re.MULTILINE)


def test_every_note_is_one():
    assert all(note.text for note in release.notes().values())


def test_all_of_the_repository_has_one_version():
    assert set(versions(TOP)) == {__version__}
    assert len(list(versions(TOP))) > 60


def test_a_release_sets_the_version_everywhere_and_collects_the_notes(copy):
    (copy / "changes" / "taken-over.fixed.md").write_text("A takeover\nwaits for nobody.\n")
    (copy / "changes" / "zfs.added.md").write_text("`fs.zfs`.\n")
    before = (copy / "CHANGELOG.md").read_text()
    release.release("3.7.1", "2027-02-01", copy)
    assert set(versions(copy)) == {"3.7.1"}
    assert 'API_VERSION: Final = "3.7"\n' in (copy / "opensvc_core/api.py").read_text()
    log = (copy / "CHANGELOG.md").read_text()
    new = log.partition("## 3.7.1 (2027-02-01)\n")[2].partition("\n## ")[0]
    assert new.index("### Added") < new.index("- `fs.zfs`.") < new.index("### Fixed") < new.index("- A takeover waits for nobody.")
    head, _, rest = before.partition("\n## ")
    assert log.startswith(f"{head}\n## 3.7.1") and log.endswith(f"\n## {rest}")
    assert list((copy / "changes").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.md", "A text.", "is called NAME.KIND.md"),
        ("x.other.md", "A text.", "is called NAME.KIND.md"),
        ("x.fixed.md", "", "one paragraph"),
        ("x.fixed.md", "A text.\n\nAnother one.", "one paragraph"),
        ("x.fixed.md", "no sentence", "one paragraph"),
    ],
)
def test_what_is_no_note_is_refused_and_nothing_is_done(copy, name, text, says):
    (copy / "changes" / name).write_text(text)
    before = (copy / "CHANGELOG.md").read_text()
    with pytest.raises(release.WrongNote, match=says):
        release.release("3.7.1", "2027-02-01", copy)
    assert set(versions(copy)) == {__version__}
    assert (copy / "CHANGELOG.md").read_text() == before
