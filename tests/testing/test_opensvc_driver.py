"""`pytest --opensvc-driver`: which drivers it tries, what it collects, and what it reports of promises that are broken."""

import re
import subprocess
import sys

import pytest

from opensvc_core.kit.naming import DriverName
from opensvc_core.kit.package import texts
from opensvc_core.registry import DRIVERS, Registry
from opensvc_core.testing import declaration

NAME = DriverName.parse("disk.sample")
DRIVER = "opensvc_driver_disk_sample/driver.py"
HOOKS = "opensvc_driver_disk_sample/hooks.py"
SUITE = "opensvc_driver_disk_sample/testing.py"
POINTS = "[opensvc.drivers]\ndisk.sample = opensvc_driver_disk_sample.hooks\n"
CONFORMANCE = "[opensvc.conformance]\ndisk.sample = opensvc_driver_disk_sample.testing\n"


@pytest.fixture
def place(tmp_path):
    """A folder with the package of a new driver as pip would install it."""
    folder = tmp_path / "site"
    for path, text in texts(NAME).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    metadata = folder / "opensvc_driver_disk_sample-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: opensvc-driver-disk-sample\nVersion: 0.1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text(POINTS + CONFORMANCE, "utf-8")
    return folder


@pytest.fixture
def tried(place, root, tmp_path):
    """What pytest shows, run elsewhere with these arguments; `code` is what it has to end with."""

    def perform(*arguments, code=0, driver="disk.sample"):
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        options = ["-p", "no:cacheprovider", "--basetemp", str(tmp_path / "base"), "--opensvc-driver", driver]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *map(str, arguments)],
            cwd=tmp_path / "elsewhere",
            env=root.environment({"PYTHONPATH": str(place), "PYTEST_ADDOPTS": ""}),  # those of this run are not its
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return perform


def change(place, file, old, new):
    text = (place / file).read_text("utf-8")
    assert old in text
    (place / file).write_text(text.replace(old, new), "utf-8")


def line_of(place, text):
    lines = (place / DRIVER).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def summary(shown):
    """The section of broken promises."""
    found = re.search(r"^=+ broken promises =+\n(.*?)^=", shown, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def test_a_suite_is_collected_from_wherever_it_is_installed(tried):
    shown = tried("--collect-only", "-q")
    assert "\ndisk.sample::Promises::test_rollback_restores_the_host\n" in shown
    assert "declaration::TestDeclaration::test_keywords_have_texts[disk.sample]\n" in shown
    # neither the suites that its module imports, nor what the driver's suite leaves out
    assert "Conformance" not in shown
    assert "test_time_limit_is_kept" not in shown


def test_files_that_are_named_are_run_beside_it(tried, tmp_path):
    (tmp_path / "test_more.py").write_text("def test_more(): pass\n", "utf-8")
    shown = tried("--collect-only", "-q", tmp_path / "test_more.py")
    assert "test_more.py::test_more\n" in shown
    assert "disk.sample::Promises" in shown


def test_files_that_are_found_are_not(tried, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "test_more.py").write_text("def test_more(): pass\n", "utf-8")
    assert "test_more" not in tried("--collect-only", "-q")


def test_workers_collect_the_same(tried):
    shown = tried("-n", "2", "-k", "TestDeclaration or second_stop", "-v")
    assert "PASSED disk.sample::Promises::test_second_stop_changes_nothing" in shown
    assert "PASSED declaration::TestDeclaration::test_it_is_to_be_had[disk.sample]" in shown


def test_it_says_whose_driver_is_tried(tried):
    assert "opensvc driver: disk.sample of opensvc-driver-disk-sample 0.1.0\n" in tried("-k", "second_stop")


def test_a_driver_that_is_not_installed_is_refused(tried):
    shown = tried(driver="disk.smaple", code=4)
    assert "ERROR: --opensvc-driver: no installed plugin provides disk.smaple; did you mean 'disk.sample'?" in shown


def test_a_suite_that_is_not_there_is_named(place, tried):
    (place / SUITE).unlink()
    shown = tried(code=4)
    assert "opensvc-driver-disk-sample: opensvc_driver_disk_sample.testing" in shown
    assert "is not there" in shown
    assert "Traceback" not in shown


def test_a_package_that_can_not_be_imported_is_named(place, tried):
    (place / "opensvc_driver_disk_sample/__init__.py").write_text("raise RuntimeError('broken')\n", "utf-8")
    shown = tried(code=4)
    assert "opensvc-driver-disk-sample: opensvc_driver_disk_sample.testing: RuntimeError: broken" in shown
    assert "Traceback" not in shown


def test_what_the_host_lacks_is_told_and_nothing_is_tried(place, tried):
    change(place, DRIVER, '"touch", "chmod", "rm")', '"nosuch",)')
    shown = tried("-k", "TestDeclaration or second_stop")
    assert re.search(r"^=+ not tried here =+\n2 tests: nosuch not found; install coreutils\n+=.* 8 passed, 2 skipped", shown, re.MULTILINE)


def test_what_the_suite_lacks_is_told_before_its_case_is_made(place, tried):
    change(place, SUITE, "    def case(", "    def lacks(self) -> str:\n        return 'a moon is needed: wait for night'\n\n    def case(")
    change(place, SUITE, "folder / ", "folder / 1 / ")
    assert "\n1 test: a moon is needed: wait for night\n" in tried("-k", "second_stop")


def test_a_failure_to_tell_what_the_host_lacks_is_reported(place, tried):
    change(place, DRIVER, '"touch", "chmod", "rm")', '"nosuch", 1)')
    shown = summary(tried("-k", "TestDeclaration", code=1))
    assert shown.startswith("disk.sample: it tells what the host lacks\n  it can't tell what the host lacks: ")
    assert f"  look at: DiskSample.host_problem ({place / DRIVER}:{line_of(place, 'def host_problem')})\n" in shown


def test_of_several_suites_those_of_the_driver_are_run(place, tried):
    text = (place / SUITE).read_text("utf-8")
    more = "\n\nclass Others(Promises):\n    driver = 'disk.other'\n\n\nclass Own(Promises):\n    driver = 'disk.sample'\n"
    (place / SUITE).write_text(text + more, "utf-8")
    shown = tried("--collect-only", "-q", "-k", "second_stop")
    assert re.findall(r"^disk\.sample::(\w+)::", shown, re.MULTILINE) == ["Promises", "Own"]


def test_a_module_without_a_suite_of_the_driver_is_no_success(place, tried):
    change(place, SUITE, "    does_not_apply", "    driver = 'disk.other'\n    does_not_apply")
    assert 'no entry point "disk.sample" in opensvc.conformance with a suite for it' in summary(tried(code=1))


def test_a_driver_is_tried_by_the_name_of_an_older_section_too(place, tried):
    points = POINTS.replace("\ndisk.sample", "\nsample = opensvc_driver_disk_sample.hooks\ndisk.sample")
    (place / "opensvc_driver_disk_sample-0.1.0.dist-info/entry_points.txt").write_text(points + CONFORMANCE, "utf-8")
    change(place, DRIVER, 'id = "disk.sample"', 'id = "disk.sample"\n    older_sections = ("sample",)')
    shown = tried("-k", "TestDeclaration or second_stop", "-v", driver="sample")
    assert "\nsample::Promises::test_second_stop_changes_nothing PASSED" in shown
    assert "declaration::TestDeclaration::test_it_brings_a_suite[sample] PASSED" in shown


def test_a_driver_without_a_suite_is_no_success(place, tried):
    (place / "opensvc_driver_disk_sample-0.1.0.dist-info/entry_points.txt").write_text(POINTS, "utf-8")
    shown = summary(tried(code=1))
    assert "disk.sample: a driver that starts, runs or copies something brings its conformance suite\n" in shown
    assert 'opensvc-driver-disk-sample has no entry point "disk.sample" in opensvc.conformance' in shown


def test_a_broken_promise_is_reported_with_the_method_to_look_at(place, tried):
    change(place, DRIVER, "if seen is Status.DOWN:\n            yield Already", "if False:\n            yield Already")
    shown = summary(tried("-k", "second_stop", code=1))
    line = line_of(place, "def stop(")
    assert shown == (
        "disk.sample: a second stop changes nothing\n"
        "  it did: ['disk#1: rm -f -- " + re.search(r"rm -f -- (\S+)']", shown)[1] + "']\n"
        f"  look at: DiskSample.stop ({place / DRIVER}:{line})\n"
    )


def test_a_promise_tried_with_several_actions_leads_to_the_one_that_broke_it(place, tried):
    change(place, DRIVER, 'yield Command(["touch", "--", self.path]', 'Path(self.path).touch()\n            yield Command(["true"]')
    shown = summary(tried("-k", "test_plan_changes_nothing and down", code=1))
    assert shown.startswith("disk.sample: the plan of start changes nothing\n")
    assert f"  look at: DiskSample.start ({place / DRIVER}:{line_of(place, 'def start(')})\n" in shown


def test_an_error_of_a_driver_is_reported_as_one(place, tried):
    change(place, DRIVER, 'yield Command(["chmod"', 'yield Command(["chmod", "--nosuch"')
    shown = summary(tried("-k", "second_start", code=1))
    assert shown.startswith("disk.sample: ActionFailed: ")
    assert "DiskSample.start" in shown


def test_what_workers_find_is_reported_too(place, tried):
    change(place, DRIVER, "if seen is Status.DOWN:\n            yield Already", "if False:\n            yield Already")
    assert "look at: DiskSample.stop" in summary(tried("-n", "1", "-k", "second_stop", code=1))


def test_a_broken_declaration_is_reported_with_the_keyword_to_look_at(place, tried):
    change(place, DRIVER, '"""A file that is there while the service is up."""', "")
    change(place, DRIVER, 'text="The file.", example="/run/{name}.up"', 'text=""')
    change(place, DRIVER, 'example="600"', 'example="rw", aliases=("tags",)')
    file = place / DRIVER
    path, mode, top = (line_of(place, text) for text in ("path = ", "mode = Keyword", "class DiskSample"))
    shown = summary(tried("-k", "TestDeclaration", code=1))
    assert re.sub("'rw': .*", "'rw': WHY", shown) == (
        f"disk.sample: a driver says in its class what it is\n  DiskSample has no docstring\n  look at: DiskSample ({file}:{top})\n"
        f"disk.sample: every keyword has a text\n  path\n  look at: DiskSample.path ({file}:{path})\n"
        "disk.sample: every keyword has an example, a default, or a list of the values that are allowed\n"
        f"  path\n  look at: DiskSample.path ({file}:{path})\n"
        f"disk.sample: every example is a value of its keyword\n  'rw': WHY\n  look at: DiskSample.mode ({file}:{mode})\n"
        f"disk.sample: an older word of a keyword is no other keyword\n  mode\n  look at: DiskSample.mode ({file}:{mode})\n"
    )


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (
            (HOOKS, "opensvc_core.api", "opensvc_core.nosuch"),
            "failed: ModuleNotFoundError: No module named 'opensvc_core.nosuch'; it was made for another version of opensvc-core",
        ),
        ((DRIVER, 'id = "disk.sample"', 'id = "disk.simple"'), "is listed for disk.sample but brings no such driver"),
    ],
    ids=["import", "id"],
)
def test_a_driver_that_is_not_to_be_had_is_reported_once(place, tried, broken, why):
    change(place, *broken)
    shown = summary(tried("-k", "TestDeclaration", code=1))
    assert re.fullmatch(f"disk.sample: it is to be had\n  .*opensvc-driver-disk-sample 0.1.0 {why}\n", shown)


def test_a_suite_that_can_not_be_imported_is_an_error_of_its_collection(place, tried):
    change(place, SUITE, "import Case, Conformance", "import Case, Conformity")
    shown = tried(code=2)
    assert "ERROR collecting disk.sample" in shown
    assert "cannot import name 'Conformity'" in shown
    assert "INTERNALERROR" not in shown


def test_a_case_that_can_not_be_made_is_reported_as_one(place, tried):
    change(place, SUITE, "folder / ", "folder / 1 / ")
    shown = summary(tried("-k", "second_stop", code=1))
    assert shown.startswith("disk.sample::Promises::test_second_stop_changes_nothing: TypeError: ")
    assert f"  look at: Promises.case ({place / SUITE}:" in shown


def test_what_a_case_fails_at_is_reported_as_its_own(place, tried):
    change(place, SUITE, "file.unlink()", "(file / 'no').unlink()")
    shown = summary(tried("-k", "behind_its_back", code=1))
    assert shown.startswith("disk.sample::Promises::test_removed_behind_its_back_is_seen_and_started_again: NotADirectoryError: ")
    assert f"  look at: Promises.case ({place / SUITE}:" in shown


@pytest.mark.parametrize("name", sorted(Registry({}).listed(DRIVERS)))
def test_every_driver_here_declares_what_it_should(name):
    judged = declaration.TestDeclaration()
    judged.test_its_group_is_one_that_is_started(name)
    judged.test_it_says_what_it_is(name)
    judged.test_keywords_have_texts(name)
    judged.test_keywords_have_examples(name)
    judged.test_examples_are_values(name)
    judged.test_words_mean_one_thing(name)
