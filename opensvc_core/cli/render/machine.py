"""The machine format: the picture of a service as plain data for `--format json`."""

from __future__ import annotations

import json
from typing import Any, Final

from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus, ServiceStatus
from opensvc_core.model.status import Status

VERSION: Final = 1

_GROUPS: Final = ("app", "container", "disk", "fs", "hb", "ip", "share", "sync", "task", "volume")
_PROVISIONED: Final = {
    Provisioned.YES: True,
    Provisioned.NO: False,
    Provisioned.PARTLY: "mixed",
    Provisioned.NOT_APPLICABLE: True,
    Provisioned.UNKNOWN: None,
}


def status_json(service: ServiceStatus) -> dict[str, Any]:
    """The local instance at the top, what holds for all nodes under `cluster`, the other instances by node under `peers`.

    Statuses are their words (`up`, `stdby down`). `provisioned` is true, false, `mixed`, or null where it is not known.
    A key that says nothing (no tag, not standby, orchestrate `no`, priority 100) is left out.
    """
    local = service.local
    data: dict[str, Any] = {
        "version": VERSION,
        "path": str(service.path),
        "kind": service.path.kind,
        "namespace": service.path.namespace,
        "nodes": list(service.nodes),
        "env": service.env,
        "mode": service.mode,
        "topology": service.topology,
        "cluster": {"avail": service.avail.value, "overall": service.overall.value, "notices": list(service.notices)},
        "node": local.node,
        **_instance(local),
        "peers": {peer.node: _instance(peer) for peer in service.instances[:-1]},
    }
    if service.offers:
        data["cluster"]["offers"] = list(service.offers)
    if service.orchestrate != "no":
        data["orchestrate"] = service.orchestrate
    return data


def dumps(data: object) -> str:
    """The data as JSON text, keys sorted, no newline at the end."""
    return json.dumps(data, indent=4, sort_keys=True, ensure_ascii=False)


def _instance(instance: InstanceStatus) -> dict[str, Any]:
    data: dict[str, Any] = {
        "avail": instance.avail.value,
        "overall": instance.overall.value,
        "optional": instance.optional.value,
        "frozen": instance.is_frozen,
        "node_frozen": instance.is_node_frozen,
        "provisioned": _PROVISIONED[instance.provisioned],
        "monitor": {
            "status": instance.monitor,
            "local_expect": instance.local_expect,
            "global_expect": instance.global_expect,
        },
        "status_group": {**dict.fromkeys(_GROUPS, Status.NA.value), **{group: status.value for group, status in instance.groups.items()}},
        "resources": {resource.rid: _resource(resource) for resource in instance.resources},
        "subsets": {name: {"parallel": True} if is_parallel else {} for name, is_parallel in instance.subsets.items()},
    }
    if running := [resource.rid for resource in instance.resources if resource.is_running]:
        data["running"] = running
    if instance.priority != 100:
        data["priority"] = instance.priority
    return data


def _resource(resource: ResourceStatus) -> dict[str, Any]:
    always = {"status": resource.status.value, "label": resource.label, "type": resource.driver}
    where_set: dict[str, Any] = {
        "disable": resource.is_disabled,
        "standby": resource.is_standby,
        "encap": resource.is_encap,
        "optional": resource.is_optional,
        "monitor": resource.is_monitored,
        "log": [f"{message.level}: {message.text}" for message in resource.messages],
        "info": dict(resource.info),
        "tags": list(resource.tags),
        "subset": resource.subset,
    }
    return always | {key: value for key, value in where_set.items() if value} | _provisioned(resource) | _restarts(resource)


def _provisioned(resource: ResourceStatus) -> dict[str, Any]:
    if resource.provisioned is Provisioned.NOT_APPLICABLE:
        return {}
    return {"provisioned": {"state": _PROVISIONED[resource.provisioned]}}


def _restarts(resource: ResourceStatus) -> dict[str, Any]:
    return {} if resource.restarts_left is None else {"restarts_left": resource.restarts_left}
