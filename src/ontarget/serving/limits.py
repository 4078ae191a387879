"""Limits of a server, so that no client can use up its memory or time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits of requests.

    Attributes:
        requests: number of requests in progress; more are refused with status 429.
        texts: number of texts of a request.
        characters: number of characters of a request, all texts together.
        body_bytes: size of the body of a request.
        seconds: time for the translation of a request, waiting included.
        document_bytes: size of a file to translate.
        document_characters: number of characters of text in it.
        documents: number of files that wait or are translated in the background; more are refused with 429.
        alternatives: number of alternatives of a text.
    """

    requests: int = 128
    texts: int = 128
    characters: int = 50_000
    body_bytes: int = 1 << 20
    seconds: float = 300.0
    document_bytes: int = 10 << 20
    document_characters: int = 1_000_000
    documents: int = 32
    alternatives: int = 10
