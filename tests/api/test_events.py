"""The stream of events, which does not end and so has tests of its own."""

import json

import httpx
import pytest

WORKFLOW = {"name": "Events", "definition": {"schema": 1, "nodes": [], "connections": []}}
GENERATION = {"provider": "animatic", "prompt": "A door opens", "params": {"seconds": 1, "size": "128x96"}}
# A stream that says nothing for so long is stuck: its keep-alive comes every 15 seconds.
TIMEOUT = httpx.Timeout(60)


def messages(lines):
    """The messages of a stream, each with its fields; comments are none."""
    message = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name:
                message[name] = value.removeprefix(" ")
        elif message:
            yield message
            message = {}


@pytest.fixture
def client(server):
    with httpx.Client(base_url=server.url, timeout=TIMEOUT, trust_env=False) as client:
        yield client


def resolved(document, response):
    reference = response.get("$ref")
    return document["components"]["responses"][reference.rsplit("/")[-1]] if reference else response


def test_what_happens_is_told_and_can_be_told_again(client):
    described = client.get("/api/openapi.json").json()["paths"]["/api/events"]["get"]["responses"]["200"]
    with client.stream("GET", "/api/events", params={"after": 0}) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"] == next(iter(described["content"]))
        assert stream.headers["x-content-type-options"] == "nosniff"
        job_id = client.post("/api/videos/generate", json=GENERATION).json()["job_id"]
        told = []
        for message in messages(stream.iter_lines()):
            if message.get("event") == "job":
                told.append((message.get("id"), json.loads(message["data"])))
                if told[-1][1]["id"] == job_id and told[-1][1]["status"] == "succeeded":
                    break
    ours = [(number, job) for number, job in told if job["id"] == job_id]
    statuses = [job["status"] for number, job in ours if number]
    assert statuses[0] == "queued" and statuses[-1] == "succeeded"
    assert set(ours[-1][1]) == set(client.get(f"/api/jobs/{job_id}").json())
    numbers = [int(number) for number, _ in told if number]
    assert numbers == sorted(set(numbers))

    # A browser that comes back says what it has; that goes before what the address says.
    last = numbers[-1]
    with client.stream("GET", "/api/events", params={"after": last}, headers={"Last-Event-ID": str(last - 1)}) as stream:
        again = next(messages(stream.iter_lines()))
    assert int(again["id"]) == last and json.loads(again["data"])["status"] == "succeeded"


@pytest.mark.parametrize(
    ("query", "headers", "pointer"),
    [
        ({"after": "soon"}, {}, "/after"),
        ({"after": "1.5"}, {}, "/after"),
        ({"after": str(2**64)}, {}, "/after"),
        ({"since": "1"}, {}, "/since"),
        ({}, {"Last-Event-ID": "x"}, "/Last-Event-ID"),
    ],
)
def test_what_is_no_number_is_refused(client, query, headers, pointer):
    document = client.get("/api/openapi.json").json()
    described = resolved(document, document["paths"]["/api/events"]["get"]["responses"]["422"])
    answer = client.get("/api/events", params=query, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] in described["content"]
    problem = answer.json()
    assert problem["status"] == 422 and problem["errors"][0]["pointer"] == pointer


def test_only_get_is_taken(client):
    answer = client.post("/api/events", json={})
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"
