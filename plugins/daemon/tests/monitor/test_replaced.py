"""A request that another one takes the place of: who waits for it is told, on every node."""

from .conftest import wait_for

SLOW = """
[DEFAULT]
nodes = {names}
orchestrate = no
blocking_pre_start = sh -c 'touch {begun}; while test ! -e {end}; do sleep 0.1; done'
[fs#1]
type = flag
"""


def test_a_start_that_is_given_up_is_aborted_for_whoever_waits_for_it(street, tmp_path):
    both, begun, end = street("n1", "n2"), tmp_path / "begun", tmp_path / "end"
    both.service(text=SLOW.replace("{begun}", str(begun)).replace("{end}", str(end)))
    houses = both.start().houses
    for house in houses.values():
        house.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "down", "it is known")
    number = houses["n1"].call("ask", "svc1", "start", [], "a test")["id"]
    try:
        wait_for(begun.exists, houses["n1"].told)
        for house in houses.values():
            wait_for(lambda house=house: (house.call("request", number) or {}).get("progress") == "active", house.told)
        assert houses["n1"].asked("abort")["progress"] == "done"
        for house in houses.values():
            found = wait_for(lambda house=house: house.call("request", number), house.told)
            assert (found["progress"], found["why"]) == ("aborted", "abort was asked for before its end was known here")
    finally:
        end.touch()
