"""A server for the tests: the built program in a folder of its own, with doubles of the providers, and nothing of the user's settings."""

import os
import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "target" / "release"
# How long a process may take to say where it listens.
PATIENCE_SECONDS = 180
# What a process gets of the environment it is started from.
KEPT = ["PATH", "TMPDIR", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR"]


def clean_environment(home, **more):
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "NO_COLOR": "1", **more}


@dataclass
class Running:
    """A server and what it says."""

    url: str
    log_path: Path

    def log(self):
        return self.log_path.read_text(errors="replace")


@contextmanager
def process(command, environment, log_path, says):
    """Runs a command until the end of the block, once it has said what is waited for; gives what it said."""
    with log_path.open("wb") as log:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(says, log_path.read_text(errors="replace"), re.DOTALL)):
            assert child.poll() is None and time.monotonic() < deadline, f"{command[0]}: {log_path.read_text(errors='replace')}"
            time.sleep(0.02)
        yield found
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def running(folder, **settings):
    """A server with doubles of the providers, in an empty folder."""
    double = [str(RELEASE / "provider-double"), "--address", "127.0.0.1:0"]
    server = [os.environ.get("REELGRAPH_BIN", str(RELEASE / "reelgraph")), "serve"]
    with process(double, clean_environment(folder), folder / "double.log", r".*XAI_API_KEY=\S+\n") as providers:
        settings = {
            **dict(re.findall(r"([A-Z_]+)=(\S+)", providers[0])),
            "LEPTOS_SITE_ADDR": "127.0.0.1:0",
            "DATABASE_URL": f"sqlite://{folder / 'media.db'}",
            "VIDEOS_URL": f"file:{folder / 'videos'}",
            "REELGRAPH_WORKERS": "2",
            "RUST_LOG": "info",
            **settings,
        }
        log_path = folder / "server.log"
        with process(server, clean_environment(folder, **settings), log_path, r"listening on (http://\S+)") as listening:
            yield Running(listening[1], log_path)


@pytest.fixture
def server(tmp_path):
    with running(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A small clip and a small picture."""
    folder = tmp_path_factory.mktemp("files")
    source = ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=12:duration=1"]
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error"]
    subprocess.run([*quiet, *source, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(folder / "clip.mp4")], check=True)
    subprocess.run([*quiet, *source, "-frames:v", "1", str(folder / "picture.png")], check=True)
    return folder
