"""An engine for many threads: one thread owns the model, and decodes the prompts of all callers together."""

import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence

from ontarget.prompts.segment import Prompt
from ontarget.settings.decoding import Decoding
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.engines.generation import Generation
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.engines.running_batch import RunningBatch
from ontarget.translation.engines.steps import Steps
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.hypothesis import Hypothesis

_REPORT = 0.5  # seconds; each waiting thread wakes up as often
_GATHER = 0.05  # seconds; to read the prompts of several calls takes little more than to read those of one


class SharedEngine:
    """A model whose `generate` may be called from many threads at once. See `TokenEngine`.

    Calls with the same decoding and end of text share a running batch, so a short one does not wait for a
    long one. Those that come while others run join it together, every 50 ms. Batches of different decoding
    take turns. Sampling needs a batch of its own: such calls come one after the other, but take turns with
    the running batches, too.

    Args:
        engine: the engine of the model, which must not be used otherwise until `close`.
    """

    def __init__(self, engine: TransformersEngine) -> None:
        self._engine = engine
        self.name, self.capabilities, self.context = engine.name, engine.capabilities, engine.context
        self.tokenizer, self.vocabulary, self.encode = engine.tokenizer, engine.vocabulary, engine.encode
        self._changed = threading.Condition()
        self._arrived: list[_Call] = []
        self._closed = False
        self._began: float | None = None
        # Of the owner's thread alone:
        self._calls: dict[object, _Call] = {}
        self._batches: dict[Hashable, RunningBatch] = {}
        self._alone: deque[tuple[_Call, Steps[None]]] = deque()
        self._thread = threading.Thread(target=self._run, name="decoding", daemon=True)
        self._thread.start()

    def generate(
        self,
        prompts: Sequence[Prompt],
        decoding: Decoding,
        *,
        count: int = 1,
        stop: Sequence[str] = (),
        end: str = "",
        one_line: bool = True,
        adjusters: Sequence[Adjuster] = (),
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        """See `TransformersEngine.generate`.

        `progress` is called in the thread of the caller, at least every 0.5 seconds, also if no prompt has
        ended since. If it raises an exception, the prompts leave the batch, and the exception goes on.

        Raises:
            UserError: a prompt has a token without an embedding, or the model's scores are NaN.
            RuntimeError: the engine is closed.
        """
        call = _Call(
            self._engine.begin(
                prompts,
                decoding,
                count=count,
                stop=stop,
                end=end,
                one_line=one_line,
                adjusters=adjusters,
            )
        )
        generation = call.generation
        if generation.done == len(prompts):
            return generation.hypotheses
        with self._changed:
            if self._closed:
                raise RuntimeError("the engine is closed")
            self._arrived.append(call)
            self._changed.notify_all()
        try:
            while not call.ended:
                call.news.wait(None if progress is None else _REPORT)
                call.news.clear()
                if progress is not None and call.error is None:
                    progress(generation.done, len(prompts))
        except BaseException:
            call.cancelled = True
            raise
        if call.error is not None:
            raise call.error
        return generation.hypotheses

    @property
    def stalled(self) -> float:
        """Seconds that the current step takes so far; 0 if no call waits. It grows if the model hangs."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def close(self) -> None:
        """Takes no more calls, and returns when the running ones have ended."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._calls and not self._arrived:
                    self._began = None
                self._changed.wait_for(lambda: self._closed or self._arrived or self._calls)
                if not self._arrived and not self._calls:
                    return
                self._began = time.monotonic()
                gathering = self._arrived and self._began - self._arrived[0].since < _GATHER
                arrived = list[_Call]()
                if not (self._calls and gathering):
                    arrived, self._arrived = self._arrived, arrived
            for call in arrived:
                self._calls[call.generation] = call
                try:
                    self._admit(call)
                except Exception as error:
                    self._end(call, error)
            for call in [call for call in self._calls.values() if call.cancelled]:
                self._end(call)
            for key in list(self._batches):
                self._step_batch(key)
            if self._alone:
                self._step_alone(*self._alone[0])

    def _admit(self, call: "_Call") -> None:
        generation = call.generation
        if generation.alone:
            self._alone.append((call, self._engine.apart(generation)))
            return
        if generation.key not in self._batches:
            self._batches[generation.key] = self._engine.running_batch(generation, shared=True)
        self._batches[generation.key].add(self._engine.rows(generation))

    def _step_batch(self, key: Hashable) -> None:
        batch = self._batches[key]
        try:
            ended = batch.step()
        except Exception as error:  # such as a lack of memory: all callers of this batch get it
            for caller in batch.callers():
                self._end(self._calls[caller], error)
            del self._batches[key]
            return
        for row, found in ended:
            call = self._calls.get(row.caller)
            if call is None:  # another prompt of this caller has failed in this step
                continue
            try:
                call.generation.finish(row.place, found)
            except Exception as error:
                self._end(call, error)
            else:
                self._tell(call)
        if not batch.busy:
            del self._batches[key]

    def _step_alone(self, call: "_Call", steps: Steps[None]) -> None:
        try:
            next(steps)
        except StopIteration:
            self._end(call)
        except Exception as error:
            self._end(call, error)

    def _tell(self, call: "_Call") -> None:
        if call.generation.done == len(call.generation.ids):
            self._end(call)
        else:
            call.news.set()

    def _end(self, call: "_Call", error: Exception | None = None) -> None:
        """Forgets a call, which has its hypotheses or an error, or was cancelled."""
        del self._calls[call.generation]
        for batch in self._batches.values():
            batch.drop(call.generation)
        self._alone = deque(one for one in self._alone if one[0] is not call)
        call.error, call.ended = error, True
        call.news.set()


class _Call:
    """A call that waits in its own thread."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.since = time.monotonic()
        self.news = threading.Event()
        self.cancelled = False
        self.ended = False
        self.error: Exception | None = None
