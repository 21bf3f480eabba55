"""The description and the answers: one is held against the other."""

import re

import jsonschema
import pytest
from opensvc_daemon.listener.api import ROUTES, Api
from opensvc_daemon.listener.openapi import description
from opensvc_daemon.trust.membership import cluster_text

from opensvc_core.api import UsageError

SENT = {
    "requests": {"wish": "start"},
    "ask_node": {"do": "freeze"},
    "ask_daemon": {"do": "stop"},
    "link": {"run": True},
    "take_config": {"text": "[DEFAULT]\n"},
    "ask": {"wish": "start"},
    "refresh": {},
    "change_members": {"add": "n2"},
}


def call(house, route):
    path = route.path.replace("{service}", "svc1").replace("{name}", "hb%231.rx")
    if route.do is Api.request:
        path = path.replace("{id}", house.client.post("/v1/services/svc1/requests", {"wish": "start"})["id"])
    if route.method == "GET":
        return house.client.get(path)
    body = cluster_text(house.node) if route.do is Api.take_cluster_config else SENT[route.do.__name__]
    return (house.client.post if route.method == "POST" else house.client.put)(path, body)


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.kind == "application/json" and route.do not in (Api.join, Api.leave)],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_an_answer_is_what_the_description_says(house, route):
    told = house.client.get("/openapi.json")["paths"][route.path][route.method.lower()]
    schema = told["responses"][str(route.code)]["content"]["application/json"]["schema"]
    jsonschema.validate(call(house, route), schema)


def test_events_and_lines_are_what_the_description_says(house):
    file = house.node.paths.log / "svc1.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("one\n")
    paths = house.client.get("/openapi.json")["paths"]
    line = paths["/v1/services/{service}/log"]["get"]["responses"]["200"]["content"]["application/x-ndjson"]["schema"]
    jsonschema.validate(next(house.client.stream("/v1/services/svc1/log")), line)
    event = paths["/v1/events"]["get"]["responses"]["200"]["content"]["application/x-ndjson"]["schema"]
    jsonschema.validate({"id": 1, "kind": "node", "at": 1.0, "node": "", "service": "", "data": {}}, event)


def test_a_refusal_is_what_the_description_says(house):
    schema = house.client.get("/openapi.json")["components"]["schemas"]["Error"]
    for ask in (("GET", "/nosuch"), ("DELETE", "/v1/status"), ("GET", "/v1/status?x=1"), ("GET", "/v1/status")):
        status, answer = house.remote()(*ask)
        assert status in (401, 404, 405)
        jsonschema.validate(answer, schema)


def test_the_description_is_whole():
    told = description(ROUTES)
    assert told["openapi"] == "3.1.0"
    operations = [(path, one) for path, methods in told["paths"].items() for one in methods.values()]
    names = [one["operationId"] for _, one in operations]
    assert len(names) == len(set(names)) == len(ROUTES)
    for path, one in operations:
        places = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
        assert places == set(re.findall(r"\{(\w+)\}", path))
        assert one["summary"].endswith(".")
        assert all(parameter["description"].endswith((".", "#.", "…")) for parameter in one["parameters"])
        for schema in (parameter["schema"] for parameter in one["parameters"]):
            jsonschema.Draft202012Validator.check_schema(schema)


def test_every_example_that_is_refused_by_the_description_is_refused_by_the_daemon(house):
    told = house.client.get("/openapi.json")["paths"]["/v1/node"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    for body in ({}, {"do": "dance"}, {"do": 1}, {"do": "freeze", "x": 1}, {"do": "freeze", "node": 3}):
        assert not jsonschema.Draft202012Validator(told).is_valid(body)
        with pytest.raises(UsageError):
            house.client.post("/v1/node", body)
    assert house.monitor.asked == []
