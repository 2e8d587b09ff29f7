"""Each exception of `exceptions.py`, met on purpose: a request that the document allows, and the refusal that no schema could foretell."""

import copy
import time

import httpx
import jsonschema_rs
import pytest

from conftest import running
from exceptions import EXCEPTIONS, named

NOWHERE = "0190b5a0-7b0e-7c3e-8f1e-0123456789ab"
PATIENCE_SECONDS = 60


def node(name, kind, **params):
    return {"id": name, "type": kind, "params": params}


def wire(begin, end):
    ends = [dict(zip(("node", "socket"), one.split("."))) for one in (begin, end)]
    return {"from": ends[0], "to": ends[1]}


def graph(nodes, *wires):
    return {"schema": 1, "nodes": nodes, "connections": list(wires)}


PROMPT = node("p", "Prompt", text="A door opens")
SHOT = node("s", "Sora2Video", prompt="A door opens", seconds=1, size="128x96")
STITCHERS = [node("a", "VideoStitcher"), node("b", "VideoStitcher")]


class World:
    """A server, its document, and a clip, its workflow and its job."""

    def __init__(self, url, files):
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self.document = self.http.get("/api/openapi.json").json()
        clip = {"file": ("clip.mp4", (files / "clip.mp4").read_bytes(), "video/mp4")}
        self.clip = self.http.post("/api/videos/upload", files=clip).json()["video_id"]
        body = {"name": "Uses it", "status": "saved", "definition": graph([node("u", "UploadVideo", video_id=self.clip)])}
        self.workflow = self.http.post("/api/workflows", json=body).json()["workflow_id"]
        generation = {"provider": "animatic", "prompt": "A door", "params": {"seconds": 60, "size": "1080x1920"}}
        self.job = self.http.post("/api/videos/generate", json=generation).json()["job_id"]
        picture = {"file": ("picture.png", (files / "picture.png").read_bytes(), "image/png")}
        gone = self.http.post("/api/videos/generate", json={"provider": "animatic", "prompt": "Gone", "params": {"seconds": 1}}).json()["job_id"]
        self.image = self.http.post("/api/images/upload", files=picture).json()["image_id"]
        self.deleted = self.when(gone, lambda job: job["status"] == "succeeded")["video_id"]
        self.http.delete(f"/api/videos/{self.deleted}").raise_for_status()
        other = self.http.post("/api/videos/generate", json={"provider": "animatic", "prompt": "Lost", "params": {"seconds": 1}}).json()["job_id"]
        self.lost = self.when(other, lambda job: job["status"] == "succeeded")["video_id"]
        for query in ("", "?permanent=true"):
            self.http.delete(f"/api/assets/{self.lost}{query}").raise_for_status()

    def when(self, job_id, is_so):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so(job := self.http.get(f"/api/jobs/{job_id}").json()):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        return job

    def operation(self, name):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if operation["operationId"] == name:
                    return method, path, operation
        raise LookupError(name)

    def ask(self, name, path_id=None, json=None, **more):
        """Asks for an operation with a body that the document allows."""
        method, path, operation = self.operation(name)
        if json is not None:
            schema = copy.deepcopy(operation["requestBody"]["content"]["application/json"]["schema"])
            jsonschema_rs.validator_for({**schema, "components": self.document["components"]}).validate(json)
            more["json"] = json
        return self.http.request(method, path.replace("{id}", path_id or ""), **more)

    def begin_upload(self, length):
        return self.ask("create_upload", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(length)})

    def append(self, begun, offset, content):
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.ask("append_to_upload", begun.headers["Location"].rsplit("/", 1)[1], headers=headers, content=content)

    def save(self, *arguments):
        return self.ask("create_workflow", json={"name": "Broken", "definition": graph(*arguments)})

    def run(self, *arguments, mode="draft", **more):
        return self.ask("start_execution", json={"definition": graph(*arguments), "mode": mode, **more})


# By the name of the exception: the operation, and the request that meets it.
REQUESTS = {
    "the id in the path is not there": ("get_video", lambda w: w.ask("get_video", NOWHERE)),
    "a node that is to run is not in the definition": ("start_execution", lambda w: w.run([SHOT], nodes=["x"])),
    "a clip that is to be joined is not there": ("stitch_videos", lambda w: w.ask("stitch_videos", json={"video_ids": [NOWHERE]})),
    "the clip of a node is not there": ("start_execution", lambda w: w.run([node("u", "UploadVideo", video_id=NOWHERE)])),
    "the image of a node is not there": ("start_execution", lambda w: w.run([node("u", "UploadImage", image_id=NOWHERE)])),
    "the version that a change began from is not there": (
        "update_workflow",
        lambda w: w.ask("update_workflow", w.workflow, json={"name": "New"}, headers={"If-Match": '"0"'}),
    ),
    "no page gave this cursor": ("list_jobs", lambda w: w.ask("list_jobs", params={"cursor": "7b7d"})),
    "the upload is larger than this server takes": ("create_upload", lambda w: w.begin_upload(2**50)),
    "the upload is not so far, or farther": ("append_to_upload", lambda w: w.append(w.begin_upload(10), 5, b"bytes")),
    "more than the upload has": ("append_to_upload", lambda w: w.append(w.begin_upload(3), 0, b"bytes")),
    "what has arrived whole is no video": ("append_to_upload", lambda w: w.append(w.begin_upload(7), 0, b"no clip")),
    "the part of the file is not there": ("download_video", lambda w: w.ask("download_video", w.clip, headers={"Range": "bytes=99999999-"})),
    "it was deleted, and its bytes are in the trash": ("download_video", lambda w: w.ask("download_video", w.deleted)),
    "it was deleted, and has left the trash": ("get_asset", lambda w: w.ask("get_asset", w.lost)),
    "the asset is in use, or not in the trash": ("delete_asset", lambda w: w.ask("delete_asset", w.clip, params={"permanent": "true"})),
    "the out point is not after the in point": (
        "start_execution",
        lambda w: w.run([node("u", "UploadVideo", video_id=w.clip), node("t", "Trim", in_seconds=2, out_seconds=1)], wire("u.video", "t.video")),
    ),
    "the clip is in use": ("delete_video", lambda w: w.ask("delete_video", w.clip)),
    "the job does not wait": (
        "change_job",
        lambda w: w.when(w.job, lambda job: job["status"] == "running") and w.ask("change_job", w.job, json={"paused": True}),
    ),
    "the bytes are no clip": ("upload_video", lambda w: w.ask("upload_video", files={"file": ("x.mp4", b"no clip")})),
    "the bytes are no picture": ("upload_image", lambda w: w.ask("upload_image", files={"file": ("x.png", b"no picture")})),
    "two nodes have one id": ("create_workflow", lambda w: w.save([PROMPT, PROMPT])),
    "a connection ends at no node": ("create_workflow", lambda w: w.save([SHOT], wire("x.text", "s.prompt"))),
    "a connection ends at no socket": ("create_workflow", lambda w: w.save([PROMPT, SHOT], wire("p.words", "s.prompt"))),
    "a connection is there twice": ("create_workflow", lambda w: w.save([PROMPT, SHOT], *[wire("p.text", "s.prompt")] * 2)),
    "a single input has two connections": (
        "create_workflow",
        lambda w: w.save([PROMPT, {**PROMPT, "id": "q"}, SHOT], wire("p.text", "s.prompt"), wire("q.text", "s.prompt")),
    ),
    "a connection joins what does not fit": ("create_workflow", lambda w: w.save([PROMPT, STITCHERS[0]], wire("p.text", "a.videos"))),
    "nodes feed each other in a circle": (
        "create_workflow",
        lambda w: w.save(STITCHERS, wire("a.video", "b.videos"), wire("b.video", "a.videos")),
    ),
    "a node that is to run lacks something": ("start_execution", lambda w: w.run([node("s", "Sora2Video")])),
    "a node that is to run is of a newer version's type": ("start_execution", lambda w: w.run([node("m", "MusicBed")])),
    "there is nothing to run": ("start_execution", lambda w: w.run([PROMPT])),
    "the chosen model makes no such clip": ("start_execution", lambda w: w.run([{**SHOT, "params": {**SHOT["params"], "seconds": 5}}], mode="final")),
    "the provider's chosen model makes no such clip": (
        "generate_video",
        lambda w: w.ask("generate_video", json={"provider": "openai", "prompt": "A door", "params": {"size": "1920x1080"}}),
    ),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory, files):
    with running(tmp_path_factory.mktemp("exceptions")) as server:
        yield World(server.url, files)


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda one: one.name)
def test_it_is_needed(world, exception):
    operation, request = REQUESTS[exception.name]
    answer = request(world)
    assert str(answer.status_code) in world.operation(operation)[2]["responses"], answer.text
    assert [one.name for one in set(named(operation, answer.status_code, answer.json()))] == [exception.name], answer.text
