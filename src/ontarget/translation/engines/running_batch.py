"""Prompts that a model decodes together: a row that ends makes room for a waiting one (continuous batching).

A step of a small batch takes little less time than one of a large batch, so that rows which end should be
replaced. To read prompts one by one costs as much as a step for each of them, so they join in groups, unless
nobody else waits, or a caller has no row in the batch yet.
"""

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count

from transformers import PreTrainedModel

from ontarget.hardware import return_freed_memory
from ontarget.settings.decoding import Decoding
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.engines.adjusted import AdjustedAlike, AdjustedContinuations
from ontarget.translation.engines.beam import BeamSearch, Ends, Found


@dataclass(frozen=True, slots=True, eq=False)
class DecodedRow:
    """A prompt to decode.

    Attributes:
        caller: to whom it belongs. Rows of all callers begin in turn.
        place: its place among the prompts of its caller.
        ids: token ids.
        room: maximum number of tokens of the output.
        beside: the prompts that each adjuster reads beside it.
        adjusters: change the scores of tokens; the same for all rows of a caller.
    """

    caller: object
    place: int
    ids: list[int]
    room: int
    beside: Sequence[Sequence[list[int]]] = ()
    adjusters: Sequence[Adjuster] = ()

    @property
    def prompts(self) -> int:
        """The number of prompts that are read for it."""
        return 1 + sum(map(len, self.beside))

    @property
    def length(self) -> int:
        """The number of tokens of its longest prompt."""
        return max(map(len, chain([self.ids], *self.beside)))


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much is decoded together.

    Attributes:
        rows: maximum number of rows.
        tokens: maximum number of tokens whose keys and values are in memory; one row always begins.
        prefill: maximum number of tokens of the prompts that are read before the next step, since rows that
            run wait for it; one prompt is always read.
        shared: whether a quarter of the rows is left to callers that have none in the batch.
    """

    rows: int
    tokens: int
    prefill: int
    shared: bool = False


class RunningBatch:
    """Rows of the same decoding, some running and some waiting.

    Args:
        model: a causal LM.
        decoding: the search. Each row has its own maximum number of tokens.
        ends: end tokens and stop sequences.
        limits: how much is decoded together.
    """

    def __init__(self, model: PreTrainedModel, decoding: Decoding, ends: Ends, limits: BatchLimits) -> None:
        self._model, self._decoding, self._ends, self._limits = model, decoding, ends, limits
        self._search = BeamSearch(decoding, ends)
        self._waiting = deque[deque[DecodedRow]]()  # a queue for each caller
        self._running = dict[int, DecodedRow]()
        self._numbers = count()

    @property
    def busy(self) -> bool:
        """Whether a row runs or waits."""
        return bool(self._running or self._waiting)

    def callers(self) -> set[object]:
        """All whose rows run or wait."""
        return {row.caller for row in (*self._running.values(), *(queue[0] for queue in self._waiting))}

    def add(self, rows: Iterable[DecodedRow]) -> None:
        """Lets the rows of one caller wait, in this order."""
        if queue := deque(rows):
            self._waiting.append(queue)

    def drop(self, caller: object) -> None:
        """Gives up the rows of a caller."""
        self._waiting = deque(queue for queue in self._waiting if queue[0].caller is not caller)
        for number in [number for number, row in self._running.items() if row.caller is caller]:
            self._search.drop(number)
            del self._running[number]
        self._release()

    def step(self) -> list[tuple[DecodedRow, list[Found]]]:
        """Lets waiting rows join, and adds a token to each running one.

        Returns:
            The rows that end now, each with its hypotheses, best first. A row without any got scores that are
            not numbers.
        """
        if group := self._joining():
            parts = _adjusted_alike(group)
            numbered = {next(self._numbers): row for row in chain(*parts)}
            self._running |= numbered
            continuations = AdjustedContinuations.of(self._model, [self._part(rows) for rows in parts])
            self._search.join(continuations, {number: row.room for number, row in numbered.items()})
        if not self._running:
            return []
        ended = [(self._running.pop(number), found) for number, found in self._search.step().items()]
        self._release()
        return ended

    def _part(self, rows: Sequence[DecodedRow]) -> AdjustedAlike:
        places = [row.place for row in rows]
        return AdjustedAlike(
            [row.ids for row in rows],
            [row.beside for row in rows],
            [adjuster.of(places, self._ends.ids) for adjuster in rows[0].adjusters],
        )

    def _release(self) -> None:
        if (
            not self._running
        ):  # frees the memory of keys and values, whose holes would never fit the next ones
            self._search = BeamSearch(self._decoding, self._ends)
            return_freed_memory()

    def _joining(self) -> list[DecodedRow]:
        """The waiting rows that begin now, one of each caller in turn."""
        if not self._waiting:
            return []
        present = {id(row.caller) for row in self._running.values()}
        capacity = self._capacity(self._waiting[0][0])
        reserved = capacity // 4 if self._limits.shared else 0
        free = capacity - reserved - len(self._running)
        newcomers = any(id(queue[0].caller) not in present for queue in self._waiting)
        if not newcomers and free < min(sum(map(len, self._waiting)), max(capacity // 4, 1)):
            return []
        group, later = list[DecodedRow](), deque[deque[DecodedRow]]()
        while self._waiting:
            queue = self._waiting[0]
            row = queue[0]
            rows = len(self._running) + len(group)
            if rows >= self._capacity(row, group) or not self._readable(row, group):
                break  # those behind it wait, too, so that a long one has its turn
            self._waiting.popleft()
            if id(row.caller) in present and rows >= capacity - reserved:
                later.append(queue)
                continue
            group.append(queue.popleft())
            present.add(id(row.caller))
            if queue:
                self._waiting.append(queue)
        self._waiting += later
        return group

    def _capacity(self, row: DecodedRow, group: Sequence[DecodedRow] = ()) -> int:
        """The number of rows that can run if this one is among them; all take the memory of the largest."""
        rows = (row, *group, *self._running.values())
        longest = max(one.length + self._decoding.num_beams * one.room for one in rows)
        most = max(one.prompts for one in rows)
        return max(1, min(self._limits.rows, self._limits.tokens // (most * longest)))

    def _readable(self, row: DecodedRow, group: Sequence[DecodedRow]) -> bool:
        """Whether a prompt can be read in one pass with others."""
        longest = max(one.length for one in (row, *group))
        prompts = sum(one.prompts for one in (row, *group))
        return not group or prompts * longest <= self._limits.prefill


def _adjusted_alike(rows: Iterable[DecodedRow]) -> list[list[DecodedRow]]:
    """The rows without adjusters, and those of each caller with adjusters."""
    parts = defaultdict[Hashable, list[DecodedRow]](list)
    for row in rows:
        parts[id(row.caller) if row.adjusters else None].append(row)
    return list(parts.values())
