"""The driver disk.scsireserv on a model of a disk; on real ones it is tried in virtual machines."""

from contextlib import suppress

import pytest
from opensvc_driver_scsireserv.keys import derived

from opensvc_core.api import ActionFailed, CommandResult, Conflict, Observation, Status

N1, N2, STRANGE = derived("n1"), derived("n2"), 0xABCD


def shown(resource):
    found = resource.status()
    return (found.status, " ".join(one.text for one in found.messages)) if isinstance(found, Observation) else (found, "")


def actions(texts):
    """What is done to the disks."""
    return [
        next(word.lstrip("-") for word in text.split()[2:] if word != "--no-inquiry") for text in texts if text.startswith("sg_persist")
    ]


def yielded(operations):
    """What a generator yields while all that it expects comes true, as a plan has it."""
    found = []
    with suppress(StopIteration):
        while True:
            found.append(operations.send(getattr(found[-1], "expected", None) if found else None))
    return found


def owners(nodes):
    """Who is registered, and who holds it."""
    lun = nodes.lun
    return {nexus[0] for nexus in lun.keys}, lun.holder and lun.holder[0]


# -- start and stop


def test_start_registers_then_reserves_and_stop_gives_both_back(nodes):
    assert actions(nodes.perform("start")) == ["register-ignore", "reserve"]
    assert (owners(nodes), shown(nodes.resource())) == (({"n1"}, "n1"), (Status.UP, ""))
    assert actions(nodes.perform("stop")) == ["release", "register-ignore"]
    assert (owners(nodes), shown(nodes.resource())) == ((set(), None), (Status.DOWN, ""))


def test_both_may_be_repeated(nodes):
    nodes.perform("start")
    assert nodes.perform("start") == ["scsireserv of disk#1 is already up"]
    nodes.perform("stop")
    assert nodes.perform("stop") == ["scsireserv of disk#1 is already down"]


def test_each_change_has_what_takes_it_back(nodes):
    registered, reserved, _noted = yielded(nodes.resource().start())
    undone = [registered.undo, reserved.undo]
    assert [undo.argv[3] for undo in undone] == ["--register-ignore", "--release"]
    assert "--param-sark=0x0" in registered.undo.argv


def test_all_disks_are_registered_before_the_first_is_reserved(nodes):
    nodes.add_disk()
    assert actions(nodes.perform("start")) == ["register-ignore"] * 2 + ["reserve"] * 2
    assert shown(nodes.resource()) == (Status.UP, "")
    nodes.lun._register(nodes.lun.holder, 0)
    assert shown(nodes.resource()) == (Status.WARN, "some disks are reserved by this node, and some are not")


@pytest.mark.parametrize("verb", ["start", "stop"])
@pytest.mark.parametrize("then", ["start", "stop"])
def test_killed_after_any_operation_is_completed_by_the_next(nodes, verb, then):
    for point in range(5):
        if verb == "stop":
            nodes.perform("start")
        whole = len(yielded(nodes.resource(planned_paths=set()).start()))
        nodes.perform(verb, until=point)
        # up is what has been brought up to its end
        assert (shown(nodes.resource())[0] is Status.UP) is (point >= whole if verb == "start" else point == 0)
        nodes.perform(then)
        assert owners(nodes) == (({"n1"}, "n1") if then == "start" else (set(), None))
        nodes.perform("stop")


def test_a_plan_is_what_is_done(nodes):
    planned = nodes.resource(planned_paths=set())
    texts = [str(operation) for operation in yielded(planned.start())]
    assert texts == nodes.perform("start")
    texts = [str(operation) for operation in yielded(nodes.resource(planned_paths=set()).stop())]
    again = nodes.resource(planned_paths=set())
    again.assumed = Status.DOWN
    restarted = [str(operation) for operation in yielded(again.start())]
    assert texts == nodes.perform("stop")
    assert restarted == nodes.perform("start")


def test_a_plan_without_the_devices_says_on_what_it_depends(nodes):
    (operation,) = yielded(nodes.resource(devices=[], planned_paths=set()).start())
    assert (str(operation), operation.condition[:21]) == ("sg_persist --out --reserve (the devices of disk#1)", "the devices are there")
    with pytest.raises(ActionFailed, match="disk#1 tells of no devices that are there now"):
        nodes.perform("start", resource=nodes.resource(devices=[]))


# -- other nodes


def test_what_another_node_has_is_refused_with_its_name(nodes):
    nodes.perform("start", "n2")
    assert shown(nodes.resource()) == (Status.DOWN, f"{next(iter(nodes.luns))} is reserved by n2 (key {N2:#x})")
    assert nodes.resource().holder() == "n2"
    with pytest.raises(Conflict, match=r"is reserved by n2 .*; stop it there, or if n2 is dead: --confirm-down n2"):
        list(nodes.resource().preflight())
    with pytest.raises(ActionFailed, match="is reserved by n2"):
        nodes.perform("start")
    assert owners(nodes) == ({"n2"}, "n2")
    assert list(nodes.resource("n2").preflight()) == []


@pytest.mark.parametrize("context", [{"confirmed_down": frozenset({"n2"})}, {"is_forced": True}], ids=["confirmed", "forced"])
@pytest.mark.parametrize("values", [{}, {"no_preempt_abort": True}], ids=["", "no abort"])
def test_what_a_dead_node_has_is_preempted_and_logged(nodes, context, values):
    nodes.perform("start", "n2")
    resource = nodes.resource(values=values, **context)
    assert list(resource.preflight()) == []
    assert actions(nodes.perform("start", resource=resource)) == ["register-ignore", "preempt" if values else "preempt-abort"]
    assert owners(nodes) == ({"n1"}, "n1")
    (line,) = resource.context.log.texts("warning")
    assert line.startswith(f"n2 (key {N2:#x}) is {'taken by force' if context.get('is_forced') else 'confirmed to be down'}")


def test_the_death_of_one_node_gives_no_right_to_what_another_one_has(nodes):
    nodes.lun.change("far", "--register-ignore", 0, STRANGE)
    nodes.lun.change("far", "--reserve", STRANGE, 0)
    with pytest.raises(ActionFailed, match=r"is reserved by an unknown node \(key 0xabcd\); find out whose it is: a start with --force"):
        nodes.perform("start", confirmed_down=frozenset({"n2", ""}))
    nodes.perform("start", is_forced=True)
    assert owners(nodes) == ({"n1"}, "n1")


def test_one_that_is_registered_alone_could_write_and_is_refused_as_well(nodes):
    nodes.perform("start", "n2", until=1)
    with pytest.raises(ActionFailed, match="is registered for n2"):
        nodes.perform("start")
    assert actions(nodes.perform("start", confirmed_down=frozenset({"n2"}))) == ["register-ignore", "reserve", "preempt-abort"]
    nodes.perform("start", "n2", until=0)
    nodes.lun.change("n2", "--register-ignore", 0, N2)
    status, text = shown(nodes.resource())
    assert (status, "is registered for n2" in text, "may write" in text) == (Status.WARN, True, True)


def test_two_nodes_in_the_same_moment_don_t_both_get_it(nodes):
    first = nodes.resource("n2").start()
    nodes.hosts["n2"].execute(next(first))
    nodes.lun.keys.clear()  # n1 looks before n2 has registered
    second = nodes.resource().start()
    nodes.hosts["n1"].execute(next(second))
    nodes.lun.change(("n2", 1), "--register-ignore", 0, N2)
    nodes.lun.change(("n2", 1), "--reserve", N2, 0)
    reserve = next(second)
    with pytest.raises(ActionFailed, match=r"was reserved by n2 .* in the same moment"):
        second.send(nodes.hosts["n1"].execute(reserve))
    assert owners(nodes)[1] == "n2"


def test_stop_leaves_what_another_node_has(nodes):
    nodes.perform("start", "n2")
    assert nodes.perform("stop") == ["scsireserv of disk#1 is already down"]
    assert owners(nodes) == ({"n2"}, "n2")


def test_take_over_takes_it_from_the_named_node(nodes):
    nodes.perform("start", "n2")
    resource = nodes.resource(confirmed_down=frozenset({"n2"}))
    resource.start = lambda: resource.take_over("n2")
    assert actions(nodes.perform("start", resource=resource)) == ["register-ignore", "preempt-abort"]
    assert owners(nodes) == ({"n1"}, "n1")


def test_keys_may_be_given(nodes):
    nodes.perform("start", values={"prkey": "0x2f01"})
    assert set(nodes.lun.keys.values()) == {0x2F01}
    assert nodes.resource(values={"prkey": "0x2f01"}).info() == {"key": "0x2f01", next(iter(nodes.luns)): "n1 (key 0x2f01)"}
    assert "an unknown node (key 0x2f01)" in shown(nodes.resource("n2"))[1]


# -- boots and ways to the disk


def test_what_is_from_before_a_boot_is_not_up_and_is_taken_up_by_a_start(nodes):
    nodes.perform("start")
    nodes.reboot("n1")
    status, text = shown(nodes.resource())
    assert (status, "before it booted" in text) == (Status.DOWN, True)
    assert actions(nodes.perform("start")) == ["register-ignore", "reserve", "preempt"]
    assert (list(nodes.lun.keys), nodes.lun.holder) == ([("n1", 2)], ("n1", 2))


def test_what_is_from_before_a_boot_is_given_back_by_a_stop(nodes):
    nodes.perform("start")
    nodes.reboot("n1")
    assert actions(nodes.perform("stop")) == ["register-ignore", "preempt", "release", "register-ignore"]
    assert owners(nodes) == (set(), None)


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_what_is_from_before_a_boot_is_dealt_with_by_the_next_when_the_first_is_killed(nodes, verb):
    for point in range(6):
        nodes.perform("start")
        nodes.reboot("n1")
        nodes.perform(verb, until=point)
        nodes.perform(verb)
        way = ("n1", nodes.hosts["n1"].login)
        assert (nodes.lun.keys, nodes.lun.holder) == (({way: N1}, way) if verb == "start" else ({}, None))
        nodes.perform("stop")


def test_a_stop_gives_back_what_a_way_holds_that_is_gone(nodes):
    nodes.perform("start")
    nodes.hosts["n1"].login += 1
    nodes.lun.keys["n1", 2] = N1
    nodes.perform("stop")
    assert owners(nodes) == (set(), None)


# -- several resources on one disk


def test_a_disk_is_released_with_the_last_resource_that_asked_for_it(nodes):
    group, files = nodes.resource(), nodes.resource(rid="fs#1")
    group.fellows, files.fellows = [files], [group]
    nodes.perform("start", resource=group)
    nodes.perform("start", resource=files)
    assert [shown(one)[0] for one in (group, files)] == [Status.UP, Status.UP]
    group.leader.is_up = True
    (kept,) = nodes.perform("stop", resource=files)
    assert kept.endswith("stays reserved: it is in use")
    assert owners(nodes) == ({"n1"}, "n1")
    group.leader.is_up = False
    nodes.perform("stop", resource=group)
    assert owners(nodes) == (set(), None)


# -- what can't be


@pytest.mark.parametrize(
    ("answer", "said", "stops"),
    [
        (CommandResult(9, "", "PR in (Read keys): command not supported\n"), "knows no persistent reservations", True),
        (CommandResult(127), "sg_persist is missing", False),
        (CommandResult(124), "does not answer within 10 s", False),
        (CommandResult(2, "", "sg_persist failed: Not ready\n"), "does not tell its reservation: sg_persist failed: Not ready", False),
        (CommandResult(0, "what?"), "what sg_persist prints is not known", False),
    ],
    ids=["unable", "no program", "silent", "not ready", "another program"],
)
def test_a_disk_that_tells_nothing_is_a_warning_and_refuses(nodes, answer, said, stops):
    nodes.hosts["n1"].answers[next(iter(nodes.luns))] = answer
    status, text = shown(nodes.resource())
    assert (status, said in text, "\n" in text) == (Status.WARN, True, False)
    with pytest.raises(ActionFailed, match=f"disk#1pr: .*{said}"):
        nodes.perform("start")
    if stops:
        assert nodes.perform("stop") == ["scsireserv of disk#1 is already down"]
    else:
        with pytest.raises(ActionFailed, match="whether this node has it reserved is not known"):
            nodes.perform("stop")


def test_a_reservation_of_another_type_is_told_and_left(nodes):
    nodes.perform("start")
    nodes.lun.type = "Exclusive Access"
    assert "as 'Exclusive Access'; release it by hand" in shown(nodes.resource())[1]
    with pytest.raises(ActionFailed, match="release it by hand"):
        nodes.perform("start")


def test_a_resource_that_stands_on_no_devices_can_t_ask_for_it(nodes):
    resource = nodes.resource()
    resource.leader = None
    with pytest.raises(ActionFailed, match="tells of no devices that could be reserved"):
        resource.status()
