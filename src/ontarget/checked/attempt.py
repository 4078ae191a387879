"""Attempts: the first one translates all lines, and each other one those that are still off-target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Literal, get_args

from ontarget.checked.verdict import Action
from ontarget.errors import UserError, nearest
from ontarget.languages import Language
from ontarget.settings.decoding import Sampling
from ontarget.translation.engines.protocol import Engine, decoding_for
from ontarget.translation.system import System

SAMPLES = 4
"""Number of translations that the retry `sampling` draws for each line."""
Retry = Literal["rerank", "sampling", "pivot"]
RETRIES: tuple[Retry, ...] = get_args(Retry)
OTHER_MODEL = "model:"
"""Before the name of another model, in a list of retries."""


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """A way to translate.

    Attributes:
        system: prompt and decoding.
        engine: generates the text.
        count: number of hypotheses for each line. If the first one is off-target, the best other one is
            kept. Above 1, the system's pivot and re-ranking are ignored.
        action: what the verdict says of a line whose translation comes from this attempt.
    """

    system: System
    engine: Engine
    count: int = 1
    action: Action = "none"


class Later:
    """An attempt with another model, which is loaded when the first text needs it, once for all threads.

    Args:
        load: loads the model.
    """

    def __init__(self, load: Callable[[], Attempt]) -> None:
        self._load, self._lock = load, Lock()
        self._attempt: Attempt | None = None

    def attempt(self) -> Attempt:
        """The attempt.

        Raises:
            UserError: the model cannot be loaded.
        """
        with self._lock:
            if self._attempt is None:
                self._attempt = self._load()
            return self._attempt


def check_retry(name: str) -> None:
    """Rejects a name that is not in `RETRIES`.

    Raises:
        UserError: it is not; the message has the nearest names.
    """
    if name not in RETRIES:
        hint = nearest(name, RETRIES) or f"; known retries are {', '.join(RETRIES)} and model:NAME"
        raise UserError(f"there is no retry '{name}'{hint}")


def attempts_of(
    system: System, engine: Engine, retries: Sequence[str | Attempt | Later] = (), *, seed: int = 0
) -> list[Attempt | Later]:
    """The attempts with one model: the system itself, then its retries in their order.

    `rerank` looks at all hypotheses of the beam, so it takes no time and is part of the first attempt.
    `sampling` draws four translations of each line. `pivot` translates into English and from there.

    Args:
        system: prompt and decoding of the first attempt; the others have the same, except as their names say.
        engine: generates the text.
        retries: names from `RETRIES`, or attempts with another model, now or later.
        seed: of `sampling`.
    Raises:
        UserError: there is no such retry, or the system cannot have it.
    """
    for name in retries:
        if isinstance(name, str):
            check_retry(name)
    count = 1
    if "rerank" in retries:
        if system.pivot or system.rerank:
            raise UserError(
                f"the system '{system.id}' makes several passes itself; omit the retry 'rerank' or the system"
            )
        count = system.decoding.num_beams
        if count == 1:
            raise UserError(
                "the retry 'rerank' chooses among the hypotheses of a beam, but a beam of 1 has only one "
                "hypothesis; give more beams, such as 4"
            )
    plain = replace(system, pivot=None, rerank=None)
    decoding = replace(system.decoding, num_beams=1, sampling=Sampling(seed=seed))
    ways = {
        "sampling": Attempt(replace(plain, decoding=decoding), engine, SAMPLES, "retried"),
        "pivot": Attempt(
            replace(plain, pivot=Language("en"), decoding=decoding_for(engine, plain.decoding)),
            engine,
            1,
            "pivoted",
        ),
    }
    others = [ways[one] if isinstance(one, str) else one for one in retries if one != "rerank"]
    return [Attempt(system, engine, count), *others]
