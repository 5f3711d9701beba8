"""What Schemathesis has to be told of our API: how two text formats are written, that pictures and archives need no
reading, and that nobody gets anything without signing in."""

import json
import os
import zlib

import schemathesis

ANONYMOUS = os.environ.get("SYMBIOSE_ANONYMOUS") == "1"
# Ids that exist, by the beginning of their paths.
THINGS = json.loads(os.environ.get("SYMBIOSE_THINGS", "{}"))


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Half of the requests go to what exists, so that they get further than 404."""
    path = ctx.operation.path
    found = next((id for start, id in THINGS.items() if path.startswith(start + "{id}")), None)
    if found and path_parameters and zlib.crc32(repr(path_parameters).encode("utf-8", "replace")) % 2:
        return {**path_parameters, "id": found}
    return path_parameters


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.serializer("application/toml")
def toml(ctx, value):
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.check
def nothing_without_signing_in(ctx, response, case):
    """Without token and session every route that needs one says 401, whatever else is wrong with the request."""
    if not ANONYMOUS:
        return
    ways = case.operation.definition.raw.get("security")
    is_open = ways is not None and all(way == {} for way in ways)
    if not is_open and response.status_code not in (400, 401, 405, 421, 431):
        raise AssertionError(f"{response.status_code} for a stranger, expected 401")
