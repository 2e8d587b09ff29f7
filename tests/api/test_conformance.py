"""schemathesis asks for everything the document describes, rightly and wrongly: no error of the server, no answer that is not described, and
nothing refused that the document allows, but for what `exceptions.py` names."""

import json
import subprocess
import sys
from pathlib import Path

from conftest import clean_environment
from exceptions import EXCEPTIONS

SEED = 20261126
EXAMPLES = 25


def test_the_server_does_what_its_document_says(server, files, tmp_path):
    report = tmp_path / "report.json"
    report.write_text('{"met": {}, "uploads": {}}')
    environment = clean_environment(
        tmp_path,
        PYTHONPATH=str(Path(__file__).parent),
        PYTHONDONTWRITEBYTECODE="1",
        SCHEMATHESIS_HOOKS="conformance_hooks",
        CONFORMANCE_FILES=str(files),
        CONFORMANCE_REPORT=str(report),
    )
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{server.url}/api/openapi.json",
        # A stream does not end: test_events.py has a test of its own for it.
        "--exclude-path=/api/events",
        "--phases=examples,coverage,fuzzing,stateful",
        # Ours ask the same, and name what may be refused.
        "--exclude-checks=positive_data_acceptance,negative_data_rejection,missing_required_header,use_after_free,ensure_resource_availability",
        f"--seed={SEED}",
        f"--max-examples={EXAMPLES}",
        "--generation-database=none",
        "--continue-on-failure",
        "--request-timeout=60",
        "--no-color",
    ]
    run = subprocess.run(command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(run.stdout)
    assert run.returncode == 0, run.stdout[-20_000:]
    assert "panicked" not in server.log(), server.log()[-5_000:]

    seen = json.loads(report.read_text())
    assert set(seen["uploads"]) == {"upload_video", "upload_image", "upload_asset"}, "no real file was uploaded"
    # test_exceptions.py meets each of them on purpose.
    print("exceptions met:", json.dumps(seen["met"], indent=2))
    print("exceptions not met this time:", sorted({one.name for one in EXCEPTIONS} - set(seen["met"])))
