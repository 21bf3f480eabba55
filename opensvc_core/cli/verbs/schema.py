"""schema KIND: the JSON schema of a file."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.config.keywords import Declares
from opensvc_core.config.schema import Schema, cluster_schema, node_schema, service_schema
from opensvc_core.driver.base import Resource
from opensvc_core.driver.cluster import ClusterDriver
from opensvc_core.errors import UsageError


def run(session: Session, arguments: Arguments) -> int:
    """Print the schema of a `service`, `node` or `cluster` file, as the installed plugins make it."""
    import json  # noqa: PLC0415

    print(json.dumps(_schema(session, arguments.positionals[0]), indent=2), file=session.stdout)
    return 0


def _schema(session: Session, kind: str) -> Schema:
    if kind == "service":
        return service_schema(_drivers(session, Resource))
    if kind == "node":
        return node_schema(_drivers(session, ClusterDriver), session.node.registry.sections())
    if kind == "cluster":
        return cluster_schema(_drivers(session, ClusterDriver), session.node.registry.sections())
    raise UsageError(f"no file is called {kind!r}; there are service, node and cluster files")


def _drivers(session: Session, kind: type[Declares]) -> dict[str, type[Declares]]:
    """The installed drivers of a kind, by their names; those that fail are left out."""
    return {name: cls for name, _, cls in session.node.registry.drivers() if isinstance(cls, type) and issubclass(cls, kind)}
