"""Reading the file of a reference."""

from __future__ import annotations

from pathlib import Path

from opensvc_core.api import ConfigError

LONGEST = 64 << 10


def read(name: str) -> str:
    """The text of a file, stripped. Raises ConfigError with the reason where there is none to be had."""
    if not name.startswith("/"):
        raise ConfigError(f"file://{name}: the path is absolute: file:///etc/NAME")
    try:
        with Path(name).open("rb") as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise ConfigError(f"file://{name}: longer than {LONGEST} bytes; is it the right file?")
        return data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"file://{name}: no UTF-8 text") from error
    except OSError as error:
        raise ConfigError(f"file://{name}: {error.strerror}") from error
