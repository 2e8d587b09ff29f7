"""What a script does with a client that was made of the document: upload, run, wait, download, and meet a refusal."""

import hashlib
import importlib
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest

from conftest import clean_environment, running

TOKEN = "made-up-token"
# A run in which nothing has moved for so long is stuck.
PATIENCE_SECONDS = 120


@pytest.fixture
def guarded(tmp_path):
    with running(tmp_path, REELGRAPH_ACCESS_TOKEN=TOKEN) as server:
        yield server


@pytest.fixture
def api(guarded, tmp_path, monkeypatch):
    """The client, made of what the server says of itself."""
    document = tmp_path / "openapi.json"
    described = httpx.get(f"{guarded.url}/api/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    document.write_bytes(described.raise_for_status().content)
    tools = Path(sys.executable).parent
    environment = clean_environment(tmp_path)
    # The generator formats what it wrote with ruff, which it looks for there.
    environment["PATH"] = f"{tools}{os.pathsep}{environment['PATH']}"
    command = [
        *(str(tools / "openapi-python-client"), "generate", "--fail-on-warning", "--meta", "none"),
        *("--path", str(document), "--config", str(Path(__file__).with_name("client.yml")), "--output-path", str(tmp_path / "reelgraph_client")),
    ]
    made = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert made.returncode == 0 and "arning" not in made.stdout, made.stdout
    monkeypatch.syspath_prepend(str(tmp_path))
    return SimpleNamespace(
        package=importlib.import_module("reelgraph_client"),
        models=importlib.import_module("reelgraph_client.models"),
        types=importlib.import_module("reelgraph_client.types"),
        call=lambda area, name: importlib.import_module(f"reelgraph_client.api.{area}.{name}").sync_detailed,
    )


def definition(models, clip):
    """A prompt, the shot made of it, and a clip of one's own, joined."""
    node = models.VersionedDefinition.from_dict(
        {
            "schema": 1,
            "nodes": [
                {"id": "prompt", "type": "Prompt", "position": {"x": 0, "y": 0}, "params": {"text": "A door opens"}},
                {"id": "shot", "type": "Sora2Video", "position": {"x": 360, "y": 0}, "params": {"seconds": 1, "size": "128x96"}},
                {"id": "clip", "type": "UploadVideo", "position": {"x": 360, "y": 480}, "params": {"video_id": str(clip)}},
                {"id": "joined", "type": "VideoStitcher", "position": {"x": 720, "y": 0}, "params": {"order": ["clip", "shot"]}},
                {"id": "out", "type": "Output", "position": {"x": 1080, "y": 0}, "params": {"name": "Made by a script"}},
            ],
            "connections": [
                {"from": {"node": "prompt", "socket": "text"}, "to": {"node": "shot", "socket": "prompt"}},
                {"from": {"node": "shot", "socket": "video"}, "to": {"node": "joined", "socket": "videos"}},
                {"from": {"node": "clip", "socket": "video"}, "to": {"node": "joined", "socket": "videos"}},
                {"from": {"node": "joined", "socket": "video"}, "to": {"node": "out", "socket": "video"}},
            ],
        }
    )
    kinds = [type(one).__name__ for one in node.nodes]
    assert kinds == ["PromptNode", "Sora2VideoNode", "UploadVideoNode", "VideoStitcherNode", "OutputNode"], kinds
    return node


def finished(ask):
    """The execution once it has ended; fails where nothing of it has moved for a while."""
    moved, seen = time.monotonic(), None
    while True:
        execution = ask().parsed
        now = [(node.status, node.progress, node.message) for node in execution.nodes]
        if execution.finished_at is not None:
            return execution
        if now != seen:
            moved, seen = time.monotonic(), now
        assert time.monotonic() - moved < PATIENCE_SECONDS, f"nothing moves: {execution}"
        time.sleep(0.1)


def test_a_script_uploads_runs_waits_and_downloads(api, guarded, files):
    models, call = api.models, api.call
    client = api.package.AuthenticatedClient(guarded.url, TOKEN, raise_on_unexpected_status=True, httpx_args={"trust_env": False})

    with (files / "clip.mp4").open("rb") as clip:
        form = models.UploadForm(file=api.types.File(payload=clip, file_name="clip.mp4", mime_type="video/mp4"), name="Our clip")
        uploaded = call("videos", "upload_video")(client=client, body=form)
    assert uploaded.status_code == 201 and uploaded.parsed.video.name == "Our clip" and not uploaded.parsed.duplicate

    graph = definition(models, uploaded.parsed.video_id)
    workflow = models.NewWorkflow(name="By a script", definition=graph, status=models.WorkflowStatus.SAVED)
    made = call("workflows", "create_workflow")(client=client, body=workflow)
    assert made.status_code == 201 and made.headers["etag"]

    run = models.NewExecutionOfWorkflow(mode=models.Mode.DRAFT, workflow_id=made.parsed.workflow_id)
    started = call("executions", "start_execution")(client=client, body=run)
    assert started.status_code == 202
    execution = finished(lambda: call("executions", "get_execution")(started.parsed.execution_id, client=client))
    assert execution.status == models.Status.SUCCEEDED, execution
    out = next(node for node in execution.nodes if node.node_id == "out")

    video = call("videos", "get_video")(out.video_id, client=client).parsed
    assert video.name == "Made by a script" and video.source_type == models.SourceType.STITCHED
    download = call("videos", "download_video")(out.video_id, client=client)
    assert download.status_code == 200
    assert hashlib.sha256(download.parsed.payload.read()).hexdigest() == video.file_hash
    assert download.headers["etag"].strip('"') == video.file_hash


def test_a_refusal_is_a_problem_with_words_and_a_place(api, guarded):
    models, call = api.models, api.call
    client = api.package.AuthenticatedClient(guarded.url, TOKEN, raise_on_unexpected_status=True, httpx_args={"trust_env": False})

    nowhere = call("videos", "get_video")(UUID("0190b5a0-7b0e-7c3e-8f1e-0123456789ab"), client=client)
    assert nowhere.status_code == 404 and isinstance(nowhere.parsed, models.Problem)
    assert nowhere.parsed.type_ == "urn:reelgraph:error:not_found" and nowhere.parsed.detail

    ends_nowhere = models.VersionedDefinition.from_dict(
        {
            "schema": 1,
            "nodes": [{"id": "out", "type": "Output"}],
            "connections": [{"from": {"node": "gone", "socket": "video"}, "to": {"node": "out", "socket": "video"}}],
        }
    )
    workflow = models.NewWorkflow(name="Broken", definition=ends_nowhere)
    refused = call("workflows", "create_workflow")(client=client, body=workflow)
    assert refused.status_code == 422 and isinstance(refused.parsed, models.Problem)
    assert [(one.kind, one.pointer) for one in refused.parsed.errors] == [("dangling_connection", "/definition/connections/0/from/node")]

    stranger = api.package.AuthenticatedClient(guarded.url, "wrong", raise_on_unexpected_status=True, httpx_args={"trust_env": False})
    turned_away = call("videos", "list_videos")(client=stranger)
    assert turned_away.status_code == 401 and isinstance(turned_away.parsed, models.Problem)
    assert turned_away.headers["www-authenticate"] == 'Bearer error="invalid_token"'
