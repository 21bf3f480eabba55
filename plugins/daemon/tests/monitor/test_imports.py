"""What the processes that are always there may not import: their memory is taken from the services."""

import subprocess
import sys

import pytest

HEAVY = {"argparse", "click", "configobj", "http.client", "logging.config", "multiprocessing", "random", "uvicorn"}
PROCESSES = {
    "monitor": "import opensvc_daemon.monitor.__main__, opensvc_daemon.listener.listening",
    "beat": "import opensvc_daemon.beat.__main__",
    "supervisor": "import opensvc_daemon.supervisor",
}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_that_is_always_there_imports_no_heavy_library(process):
    argv = [sys.executable, "-c", f"{PROCESSES[process]}; import sys; print(*sys.modules)"]
    found = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True).stdout.split()
    assert HEAVY & set(found) == set()
