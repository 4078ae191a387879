"""Clients of a server: what each has used, and its limits by minute and in total."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, Field

from ontarget.errors import counted
from ontarget.serving.failure import CLIENT_LEFT, Failure


class ClientLimits(BaseModel):
    """Limits of a client; None: unlimited.

    Attributes:
        requests_per_minute: number of requests.
        characters_per_minute: number of characters of sources.
        character_limit: number of characters of sources since the server has started.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=lambda name: name.replace("_", "-")
    )

    requests_per_minute: int | None = Field(None, ge=1)
    characters_per_minute: int | None = Field(None, ge=1)
    character_limit: int | None = Field(None, ge=1)


_ROUNDING = 1e-9  # of what a minute brings


class _Bucket:
    """A token bucket: it holds what a minute brings, and is full at first."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self.size = per_minute
        self._clock = clock
        self._left, self._at = float(per_minute), clock()

    def missing(self, amount: int) -> float:
        """The seconds until it holds an amount; 0 if it does."""
        now = self._clock()
        self._left = min(self.size, self._left + (now - self._at) * self.size / 60)
        self._at = now
        missing = amount - self._left
        # Waiting as long as told must suffice, whatever the rounding of the clock.
        return 0.0 if missing < _ROUNDING * max(self.size, 100) else missing * 60 / self.size

    def take(self, amount: int) -> None:
        """Takes an amount, or gives back a negative one."""
        self._left -= amount


class Client:
    """Whoever has a key, or all clients of a server without keys. Any thread may use it.

    Args:
        name: its name; not a secret, and the same when the server starts again.
        limits: its limits.
        clock: seconds; for tests.
    Attributes:
        characters: number of characters of sources that were translated, or are being so.
        changed: called after `characters` has changed.
    """

    def __init__(
        self, name: str, limits: ClientLimits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self.limits = name, limits or ClientLimits()
        self.characters = 0
        self.changed: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        requests, characters = self.limits.requests_per_minute, self.limits.characters_per_minute
        self._requests = _Bucket(requests, clock) if requests else None
        self._by_minute = _Bucket(characters, clock) if characters else None

    def count_request(self) -> None:
        """Counts a request.

        Raises:
            Failure: there are too many in this minute.
        """
        if self._requests is None:
            return
        with self._lock:
            self._take(self._requests, 1, "request")

    @contextmanager
    def spending(self, characters: int) -> Iterator[None]:
        """Counts characters for as long as they are translated, and for good unless the server fails.

        A client that leaves has had a part of the translation, so its characters are not given back.

        Raises:
            Failure: there are too many in this minute, or the limit in total is reached.
        """
        self.spend(characters)
        try:
            yield
        except Exception as error:
            if not (isinstance(error, Failure) and error.status == CLIENT_LEFT):
                self.give_back(characters)
            raise

    def spend(self, characters: int) -> None:
        """Counts characters for good.

        Raises:
            Failure: there are too many in this minute, or the limit in total is reached.
        """
        limit = self.limits.character_limit
        with self._lock:
            if limit is not None and self.characters + characters > limit:
                used = (
                    f"the limit of this API key is {counted(limit, 'character')}, {self.characters} are used"
                )
                message = f"{used}; ask the operator of this server for more"
                raise Failure(456, "quota_exceeded", message)
            if self._by_minute is not None:
                self._take(self._by_minute, characters, "character")
            self.characters += characters
        self.changed()

    def give_back(self, characters: int) -> None:
        """Takes characters back that were counted before."""
        with self._lock:
            self.characters -= characters
            if self._by_minute is not None:
                self._by_minute.take(-characters)
        self.changed()

    def _take(self, bucket: _Bucket, amount: int, noun: str) -> None:
        allowed = f"this API key allows {counted(bucket.size, noun)} a minute"
        if amount > bucket.size:
            raise Failure(413, f"too_many_{noun}s", f"{allowed}; send fewer {noun}s in a request")
        if missing := bucket.missing(amount):
            seconds = math.ceil(missing)
            message = f"{allowed}; try again in {counted(seconds, 'second')}"
            raise Failure(429, "rate_limited", message, headers={"Retry-After": str(seconds)})
        bucket.take(amount)
