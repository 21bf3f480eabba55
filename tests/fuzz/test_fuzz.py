"""The readers of files, networks and disks take any bytes: every input of the corpus, and a minute of new ones."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# All targets together, in seconds.
BUDGET = 44.0
SEED = 20261121


def _load():
    spec = importlib.util.spec_from_file_location("fuzz_run", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = _load()


@pytest.mark.parametrize("target", run.TARGETS)
def test_the_corpus_makes_no_fault(target):
    for data in run.inputs(target):
        run.TARGETS[target](data)


@pytest.mark.parametrize("target", run.TARGETS)
def test_new_inputs_make_no_fault(target):
    assert run.mutated(target, BUDGET / len(run.TARGETS), SEED) >= run.LEAST


def test_a_fault_is_told_with_its_input_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CORPUS", tmp_path)

    def breaks(data):
        raise KeyError(data)

    with pytest.raises(run.Fault, match=r"document: KeyError: b'x'; the input is .*/document/fault-") as caught:
        run.attempt("document", b"x", breaks)
    assert Path(str(caught.value).partition("input is ")[2]).read_bytes() == b"x"


def test_the_same_seed_makes_the_same_inputs():
    from random import Random

    first, second = ([run.mutate([b"[env]\na = {b}\n", b""], Random(7)) for _ in range(3)] for _ in range(2))
    assert first == second
    assert str(HERE) in sys.path
