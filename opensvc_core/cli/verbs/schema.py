"""schema KIND: the JSON schema of a file."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.config.schema import Schema, cluster_schema, node_schema, service_schema
from opensvc_core.errors import DriverUnavailable, UsageError


def run(session: Session, arguments: Arguments) -> int:
    """Print the schema of a `service`, `node` or `cluster` file, as the installed plugins make it."""
    import json  # noqa: PLC0415

    print(json.dumps(_schema(session, arguments.positionals[0]), indent=2), file=session.stdout)
    return 0


def _schema(session: Session, kind: str) -> Schema:
    if kind == "service":
        known = session.node.registry.drivers()
        return service_schema({name: cls for name, _, cls in known if not isinstance(cls, DriverUnavailable)})
    if kind == "node":
        return node_schema()
    if kind == "cluster":
        return cluster_schema()
    raise UsageError(f"no file is called {kind!r}; there are service, node and cluster files")
