"""The log's specification, read and changed while a peer runs."""

import json
from http import HTTPStatus

from gossip.errors import ConfigurationError
from gossip.node.logs.control import LogControl
from gossip.operations.http_server import Answer, json_answer


def show_log_spec(log: LogControl) -> Answer:
    """The specification in force. Mirrors: common/flogging/httpadmin/spec.go, SpecHandler."""
    return json_answer({"spec": log.spec})


def change_log_spec(log: LogControl, body: bytes) -> Answer:
    """Log by the specification in ``{"spec": "…"}`` from now on; a wrong one changes nothing.

    Mirrors: common/flogging/httpadmin/spec.go, SpecHandler.
    """
    try:
        log.set_spec(_parse_request(body))
    except ConfigurationError as error:
        return json_answer({"error": str(error)}, HTTPStatus.BAD_REQUEST)
    return Answer(HTTPStatus.NO_CONTENT, "application/json", b"")


def _parse_request(body: bytes) -> str:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the body is not JSON: {error}") from error
    match asked:
        case {"spec": str() as spec}:
            return spec
        case _:
            raise ConfigurationError('the body has to be {"spec": "..."}')
