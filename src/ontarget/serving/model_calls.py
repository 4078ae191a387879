"""What the server and a process of its model say to each other: plain data, as JSON, so that nothing in a
text can become code."""

import errno
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any, Self

from ontarget.checked.verdict import Checked, Verdict
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.openai_api import NoReply, ServerFailed
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request


class ModelBug(Exception):
    """A mistake in our own code in the process of the model; its log has the place."""


class ModelEnded(Exception):
    """The process of the model has ended before it answered."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """Requests to translate.

    Attributes:
        requests: texts with their directions, in any mix.
        count: number of different translations of each, see `CheckedTranslator.alternatives`.
    """

    requests: Sequence[Request]
    count: int = 1

    @property
    def characters(self) -> int:
        """Number of characters of all texts, which is about the work that they are."""
        return sum(len(one.source) for one in self.requests)

    def to_dict(self) -> dict[str, Any]:
        """The call as plain data."""
        requests = [
            {
                "source": one.source,
                "direction": [str(side) for side in one.direction.sides],
                "terms": [list(pair) for pair in one.terms],
            }
            for one in self.requests
        ]
        return {"requests": requests, "count": self.count}

    @classmethod
    def of_dict(cls, data: Mapping[str, Any]) -> Self:
        """The call that `to_dict` wrote."""
        directions = {
            sides: Direction(*map(Language, sides))
            for sides in {tuple(one["direction"]) for one in data["requests"]}
        }
        requests = [
            Request(
                one["source"],
                directions[tuple(one["direction"])],
                tuple((term, translation) for term, translation in one["terms"]),
            )
            for one in data["requests"]
        ]
        return cls(requests, data["count"])


Results = list[list[Checked]]
"""The translations of each request of a call, best first; at least one."""


def results_to_list(results: Results) -> list[list[dict[str, Any]]]:
    """Translations as plain data, without their sources."""
    return [
        [{"hypothesis": asdict(one.hypothesis), "verdict": asdict(one.verdict)} for one in of_request]
        for of_request in results
    ]


def results_of_list(data: Sequence[Sequence[Mapping[str, Any]]], call: ModelCall) -> Results:
    """The translations that `results_to_list` wrote.

    Raises:
        ValueError: they are not one list for each request of the call.
    """
    return [
        [_checked(one, request) for one in of_request]
        for request, of_request in zip(call.requests, data, strict=True)
    ]


def _checked(data: Mapping[str, Any], request: Request) -> Checked:
    verdict = dict(data["verdict"])
    details = {flag: tuple(evidence) for flag, evidence in verdict.pop("details").items()}
    return Checked(
        request.source,
        request.direction,
        Hypothesis(**data["hypothesis"]),
        Verdict(**verdict, details=details),
    )


def error_to_dict(error: BaseException) -> dict[str, Any]:
    """An error as plain data, without text of users that its message may have."""
    if isinstance(error, ServerFailed):
        return {"kind": "no_reply" if isinstance(error, NoReply) else "user", "message": error.cause}
    if isinstance(error, UserError):
        return {"kind": "user", "message": str(error)}
    if isinstance(error, ModuleNotFoundError):
        return {"kind": "module", "message": str(error), "name": error.name}
    if isinstance(error, OSError) and error.errno and isinstance(error.filename, str):
        return {"kind": "file", "errno": error.errno, "message": error.strerror, "name": error.filename}
    return {"kind": "bug", "message": type(error).__name__}


def error_of_dict(data: Mapping[str, Any]) -> Exception:
    """The error that `error_to_dict` wrote."""
    message = data["message"]
    match data["kind"]:
        case "no_reply":
            return NoReply(message)
        case "user":
            return UserError(message)
        case "module":
            return ModuleNotFoundError(message, name=data["name"])
        case "file":
            return OSError(data["errno"] or errno.EIO, message, data["name"])
    return ModelBug(message)


def send(connection: Connection, message: Mapping[str, Any]) -> None:
    """Sends a message.

    Raises:
        OSError: the other side has ended.
    """
    connection.send_bytes(json.dumps(message).encode("ascii"))


def receive(connection: Connection) -> dict[str, Any] | None:
    """The next message; None if the other side has ended."""
    try:
        message: dict[str, Any] = json.loads(connection.recv_bytes())
    except (EOFError, OSError):
        return None
    return message
