"""What was seen of a service, as one immutable picture that every layout and `--format json` renders."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import NamedTuple

from opensvc_core.model.names import Rid, ServicePath
from opensvc_core.model.status import Message, Status


@unique
class Provisioned(Enum):
    """Whether what a resource needs exists on the host; the value is the flag of the tree layout."""

    YES = "."
    NO = "P"
    PARTLY = "p"
    NOT_APPLICABLE = "/"
    UNKNOWN = "?"


class ResourceStatus(NamedTuple):
    """One resource of one instance as it was seen.

    `group` is the driver group (`disk` for `vg#0`), `driver` the driver id (`disk.vg`). `restarts_left` is
    None where no restart is configured. `is_optional_declared`: the file itself calls it optional.
    """

    rid: Rid
    driver: str
    group: str
    status: Status
    label: str
    classic_label: str
    messages: tuple[Message, ...] = ()
    info: Mapping[str, str] = {}
    subset: str = ""
    tags: tuple[str, ...] = ()
    is_running: bool = False
    is_monitored: bool = False
    is_disabled: bool = False
    is_optional: bool = False
    is_optional_declared: bool = False
    is_encap: bool = False
    is_standby: bool = False
    provisioned: Provisioned = Provisioned.YES
    restarts_left: int | None = None


class InstanceStatus(NamedTuple):
    """A service on one node. A peer's picture may have no resources.

    `groups` has a status for each group with resources (`ip`, `disk`, `fs`, …, `sync`, `hb`).
    `monitor` is the state of the node's monitor for this instance (`idle`, `starting`, …; `no monitor`).
    `subsets` says for each `group:subset` id whether it is parallel.
    """

    node: str
    avail: Status
    overall: Status
    optional: Status = Status.NA
    groups: Mapping[str, Status] = {}
    resources: tuple[ResourceStatus, ...] = ()
    subsets: Mapping[str, bool] = {}
    is_frozen: bool = False
    is_node_frozen: bool = False
    provisioned: Provisioned = Provisioned.YES
    priority: int = 100
    monitor: str = "no monitor"
    local_expect: str = ""
    global_expect: str = ""


class ServiceStatus(NamedTuple):
    """A service over all its nodes: peers first, sorted by name, the local instance last.

    `env` and `mode` are the older words service type and container type, which `svcmon` shows. `offers` are commands, ready to paste,
    that mend what the notices say.
    """

    path: ServicePath
    avail: Status
    overall: Status
    instances: tuple[InstanceStatus, ...]
    env: str = "TST"
    mode: str = "hosted"
    notices: tuple[str, ...] = ()
    topology: str = "failover"
    orchestrate: str = "no"
    nodes: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()

    @property
    def local(self) -> InstanceStatus:
        """The instance of the node that took the picture."""
        return self.instances[-1]
