"""What schemathesis is told beside the document: real files for uploads, and that nothing is refused that the document allows.

Loaded by schemathesis, in a process of its own. `CONFORMANCE_FILES` is the folder with the files, `CONFORMANCE_REPORT` where it is written
which exceptions were met.
"""

import collections
import json
import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import ensure_resource_availability, missing_required_header, negative_data_rejection, use_after_free

from exceptions import named

FILES = Path(os.environ["CONFORMANCE_FILES"])
REPORT = Path(os.environ["CONFORMANCE_REPORT"])

met = collections.Counter()
accepted_uploads = collections.Counter()

# Two thirds of what goes into an upload are real files, a clip and a picture.
real = [st.just(path.read_bytes()) for path in sorted(FILES.iterdir())]
schemathesis.openapi.format("binary", st.one_of(*real, st.binary(min_size=1, max_size=2048)))

# What is appended to an upload is bytes as they are.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


def refused_by_protocol(response, case):
    """Whether an upload was refused with a status that the protocol demands: 412 without its version, 413 for a length that is too large."""
    return response.status_code in (412, 413) and case.operation.path.startswith("/api/uploads")


@schemathesis.check
def no_header_is_missing(ctx, response, case):
    """schemathesis' own check, but for a status that the protocol of resumable uploads demands."""
    return None if refused_by_protocol(response, case) else missing_required_header(ctx, response, case)


@schemathesis.check
def nothing_wrong_is_accepted(ctx, response, case):
    """schemathesis' own check, but for what a form cannot show: there every value is text, and a list of one is that one."""
    if refused_by_protocol(response, case):
        return None
    if case.media_type == "multipart/form-data" and any("type" in one.keywords for one in mutations(case)):
        return None
    return negative_data_rejection(ctx, response, case)


def mutations(case):
    """What was made wrong in a request."""
    return getattr(case.meta.phase.data, "mutations", None) or [] if case.meta else []


# What is deleted is in the trash first, where it is still looked at and renamed; deleting a job cancels it, and it stays to be read.
STILL_ANSWERED = {
    ("GET", "/api/jobs/{id}"),
    ("PATCH", "/api/jobs/{id}"),
    ("DELETE", "/api/jobs/{id}"),
    ("GET", "/api/assets/{id}"),
    ("PATCH", "/api/assets/{id}"),
    ("GET", "/api/videos/{id}"),
    ("PATCH", "/api/videos/{id}"),
    ("GET", "/api/images/{id}"),
}


@schemathesis.check
def what_was_deleted_is_gone(ctx, response, case):
    """schemathesis' own check, but for what is still answered; of files in the trash only what asks for them by `trashed`."""
    operation = (case.operation.method.upper(), case.operation.path)
    if operation in STILL_ANSWERED or str((case.query or {}).get("trashed")).lower() == "true":
        return None
    return use_after_free(ctx, response, case)


@schemathesis.check
def what_was_made_is_there(ctx, response, case):
    """schemathesis' own check, but for a clip that the body names: that one nobody has made."""
    if case.operation.definition.raw["operationId"] == "associate_video" and "no video" in response.text:
        return None
    return ensure_resource_availability(ctx, response, case)


@schemathesis.check
def nothing_allowed_is_refused(ctx, response, case):
    """A request that the document allows is answered with success, or refused for something that no schema can say."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    operation = case.operation.definition.raw["operationId"]
    if response.status_code < 400:
        if operation.startswith("upload_"):
            accepted_uploads[operation] += 1
            write()
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    exceptions = named(operation, response.status_code, problem)
    assert exceptions, f"{operation} refuses what the document allows: {json.dumps(problem, ensure_ascii=False)[:2000]}"
    before = len(met)
    met.update(one.name for one in exceptions)
    if len(met) > before:
        write()


def write():
    REPORT.write_text(json.dumps({"met": met, "uploads": accepted_uploads}))
