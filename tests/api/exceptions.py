"""What the server may refuse though the document allows it: what no schema can say, named one by one.

Each entry is a way in which a request of the right form is wrong all the same. A refusal must be one of them in every part: its `type`, and of
each of its `errors` the kind and the pointer.
"""

import re
from dataclasses import dataclass

TYPE = "urn:reelgraph:error:"

# Operations whose bodies hold a definition.
GRAPHS = {"create_workflow", "update_workflow", "keep_draft", "start_execution", "estimate_execution"}
RUNS = {"start_execution", "estimate_execution"}


@dataclass(frozen=True)
class Refusal:
    """A refusal that is no fault of the document."""

    name: str
    status: int
    type: str
    # Which operations; all where it is None.
    operations: frozenset | None = None
    # The kind and the pointer of an entry of `errors`; without them the refusal has no `errors`.
    kind: str | None = None
    pointer: str | None = None


def _one(name, status, type, operations=None, kind=None, pointer=None):
    return Refusal(name, status, TYPE + type, frozenset(operations) if operations else None, kind, pointer)


NODE = r"^/definition/nodes/\d+"
WIRE = r"^/definition/connections/\d+"

EXCEPTIONS = [
    # An id that is not there.
    _one("the id in the path is not there", 404, "not_found"),
    _one("a node that is to run is not in the definition", 422, "invalid", RUNS, "unknown_target", r"^/nodes/\d+$"),
    _one("a clip that is to be joined is not there", 422, "invalid", {"stitch_videos"}, "missing_video", r"^/video_ids/\d+$"),
    _one("the clip of a node is not there", 422, "invalid", RUNS, "missing_video", NODE + "/params/video_id$"),
    _one("the image of a node is not there", 422, "invalid", RUNS, "missing_image", NODE + "/params/image_id$"),
    _one("the version that a change began from is not there", 412, "precondition_failed"),
    _one(
        "no page gave this cursor",
        422,
        "invalid",
        {"list_workflows", "list_executions", "list_jobs", "list_videos", "list_assets", "get_spending"},
        "invalid",
        "^/cursor$",
    ),
    _one("the upload is larger than this server takes", 413, "too_large", {"create_upload"}),
    _one("the upload is not so far, or farther", 409, "conflict", {"append_to_upload"}),
    _one("more than the upload has", 413, "too_large", {"append_to_upload"}),
    _one("what has arrived whole is no video", 422, "not_a_video", {"append_to_upload", "get_upload"}),
    _one("the part of the file is not there", 416, "range_not_satisfiable", {"download_video", "download_image", "download_asset"}),
    _one("it was deleted, and its bytes are in the trash", 410, "gone", {"download_video", "get_video_thumbnail", "download_image", "download_asset", "get_asset_thumbnail"}),
    _one(
        "it was deleted, and has left the trash",
        410,
        "gone",
        {"get_video", "rename_video", "delete_video", "get_image", "get_asset", "rename_asset", "delete_asset", "restore_asset"},
    ),
    # A state that does not allow it.
    _one("the clip is in use", 409, "conflict", {"delete_video"}),
    _one("the asset is in use, or not in the trash", 409, "conflict", {"delete_asset"}),
    _one("the job does not wait", 409, "conflict", {"change_job"}),
    # Bytes.
    _one("the bytes are no clip", 422, "not_a_video", {"upload_video", "upload_asset"}),
    _one("the bytes are no picture", 422, "not_an_image", {"upload_image", "upload_asset"}),
    # A graph that is none.
    _one("two nodes have one id", 422, "invalid", GRAPHS, "duplicate_id", NODE + "/id$"),
    _one("a connection ends at no node", 422, "invalid", GRAPHS, "dangling_connection", WIRE + "/(from|to)/node$"),
    _one("a connection ends at no socket", 422, "invalid", GRAPHS, "dangling_connection", WIRE + "/(from|to)/socket$"),
    _one("a connection is there twice", 422, "invalid", GRAPHS, "duplicate_connection", WIRE + "$"),
    _one("a single input has two connections", 422, "invalid", GRAPHS, "second_connection", WIRE + "/to$"),
    _one("a connection joins what does not fit", 422, "invalid", GRAPHS, "type_mismatch", WIRE + "$"),
    _one("nodes feed each other in a circle", 422, "invalid", GRAPHS, "cycle", NODE + "$"),
    # A graph that is not finished, or nothing to run.
    _one("a node that is to run lacks something", 422, "invalid", RUNS, "unfinished", NODE + "(/params/(text|prompt|video_id|image_id))?$"),
    _one("a node that is to run is of a newer version's type", 422, "invalid", RUNS, "unknown_type", NODE + "$"),
    _one("there is nothing to run", 422, "invalid", RUNS, "nothing_to_run", "^/definition/nodes$"),
    _one("the out point is not after the in point", 422, "invalid", RUNS, "invalid", NODE + "/params/out_seconds$"),
    # The rules of a model, which settings may add to.
    _one(
        "the chosen model makes no such clip",
        422,
        "invalid",
        RUNS,
        "invalid",
        NODE + "/params/(provider|model|seconds|size|aspect|resolution)$",
    ),
    _one(
        "the provider's chosen model makes no such clip",
        422,
        "invalid",
        {"generate_video"},
        "invalid",
        "^/params/(seconds|size|aspect|resolution)$",
    ),
]


def named(operation, status, problem):
    """The exceptions that a refusal is made of; empty where a part of it is none of them."""
    of_kind = [
        one
        for one in EXCEPTIONS
        if one.status == status and one.type == problem.get("type") and (one.operations is None or operation in one.operations)
    ]
    errors = problem.get("errors")
    if not isinstance(errors, list):
        return []
    if not errors:
        return [one for one in of_kind if one.kind is None][:1]
    found = []
    for error in errors:
        fitting = [one for one in of_kind if one.kind == error["kind"] and one.pointer and re.search(one.pointer, error["pointer"])]
        if not fitting:
            return []
        found.append(fitting[0])
    return found
