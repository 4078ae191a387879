"""Numbers on what the server does, in the format of Prometheus. None of them contains text of a user."""

from collections import defaultdict
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ontarget.checked.verdict import Checked
from ontarget.languages import Direction


class ServerMetrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "ontarget_http_requests", "Answered requests.", ["route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "ontarget_http_request_seconds", "Time to the response.", ["route"], registry=registry
        )
        self.in_progress = Gauge(
            "ontarget_requests_in_progress", "Requests that are being translated.", registry=registry
        )
        self.model_restarts = Counter(
            "ontarget_model_restarts", "Restarts of a worker of the model that had ended.", registry=registry
        )
        self._tokens = Counter("ontarget_generated_tokens", "Tokens of translations.", registry=registry)
        self._characters = Counter("ontarget_characters", "Characters of sources.", registry=registry)
        of_direction = ["source", "target"]
        self._segments = Counter("ontarget_segments", "Translated segments.", of_direction, registry=registry)
        self._before = Counter(
            "ontarget_off_target_before_repair",
            "Segments that were off-target at first.",
            of_direction,
            registry=registry,
        )
        self._after = Counter(
            "ontarget_off_target", "Segments that stayed off-target.", of_direction, registry=registry
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def translated(self, characters: int, segments: Iterable[Checked]) -> None:
        """Counts the segments of a request."""
        self._characters.inc(characters)
        by_direction = defaultdict[Direction, list[Checked]](list)
        for one in segments:
            by_direction[one.direction].append(one)
        for direction, some in by_direction.items():
            # Variants of a language count as the language, so that clients cannot make any number of labels.
            sides = [side.primary for side in direction.sides]
            self._segments.labels(*sides).inc(len(some))
            repaired = sum(one.verdict.off or one.verdict.action != "none" for one in some)
            self._before.labels(*sides).inc(repaired)
            self._after.labels(*sides).inc(sum(one.verdict.off for one in some))
            self._tokens.inc(sum(one.hypothesis.tokens for one in some))

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
