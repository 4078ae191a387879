"""The token ids of a pass over the samples of a stage: in memory, or in a cache on disk for large passes.

Large passes are encoded by several processes, a block at a time, and cached under a fingerprint of everything
that determines them. Training reads each group from the cache when its step comes, so that memory holds only
a few bytes of each group. The ids do not depend on the number of processes.
"""

import hashlib
import json
import os
from array import array
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from torch.utils.data import DataLoader, Dataset

from ontarget.corpora.store import mapped, numbers
from ontarget.errors import UserError
from ontarget.files import cache_folder, full_disk_said, made_once, whole_folder, write_json
from ontarget.samples.groups import Group
from ontarget.training.data.encode import Encoded, Encoder
from ontarget.training.distributed.processes import cores

MANY = 100_000  # groups; the ids of smaller passes stay in memory

# Raise this number if the same samples give other ids or other files than before.
_FORMAT = 1
_BLOCK = 1000  # groups that a process encodes at a time
_IDS, _ENDS, _COUNTS = "ids", "ends", "counts.json"
_COUNTED = ("dropped", "truncated", "ambiguous")  # attributes of an encoder

Identity = Callable[[int], str]  # number of a pass -> a fingerprint of its groups
Advance = Callable[[int, int], None]  # finished groups, all groups


@dataclass(frozen=True, slots=True)
class Pass:
    """The groups of one pass.

    Attributes:
        learnt: numbers of the groups with samples to learn from, in the order in which they were drawn.
        group: number of a group -> its encoded samples.
    """

    learnt: "array[int]"
    group: Callable[[int], list[Encoded]]


Encode = Callable[[Sequence[Group], Encoder, int], Pass]  # `encode_pass`, and the number of the pass


def encode_pass(
    groups: Sequence[Group],
    encoder: Encoder,
    pass_number: int = 0,
    *,
    identity: Identity | None = None,
    processes: int | None = None,
    progress: Advance | None = None,
) -> Pass:
    """The ids of each group. `encoder` counts the samples left out, even if the ids come from the cache.

    Args:
        groups: the groups of samples.
        encoder: encodes them.
        pass_number: the number of the pass.
        identity: gives the fingerprint of a large pass; None: all passes stay in memory.
        processes: number of processes for encoding; default: one for each core.
        progress: called with the numbers of finished groups and of all groups.

    Raises:
        UserError: the encoder raises it, or the disk is full.
    """
    if identity is None or len(groups) < MANY:
        made = [_left(group, encoder) for group in groups]
        return Pass(array("I", (number for number, group in enumerate(made) if group)), made.__getitem__)
    folder = cache_folder() / "encoded" / _key(identity(pass_number), encoder)
    several = cores() if processes is None else processes
    made_once(folder, lambda: _write(folder, groups, encoder, several, progress))
    for name, count in json.loads((folder / _COUNTS).read_text(encoding="utf-8")).items():
        setattr(encoder, name, getattr(encoder, name) + count)
    return _read(folder)


def _left(group: Group, encoder: Encoder) -> list[Encoded]:
    """The encoded samples of a group; empty if it has no sample to learn."""
    found = [encoded for sample in group if (encoded := encoder.encode(sample))]
    return found if any(encoded.sign > 0 for encoded in found) else []


def _key(identity: str, encoder: Encoder) -> str:
    tokenizer: Any = encoder.tokenizer
    ids = [tokenizer.backend_tokenizer.to_str(), tokenizer.bos_token_id, tokenizer.eos_token_id]
    about = [_FORMAT, identity, *ids, encoder.separator, encoder.end, encoder.max_length]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]


class _EncodedBlock(NamedTuple):
    """Groups in the format of the cache, and the encoder's counts of them."""

    groups: list[bytes]
    counts: list[int]


class _Blocks(Dataset[_EncodedBlock | UserError]):
    """Item n is block n of a pass. Errors are returned, since raised ones would come with a traceback."""

    def __init__(self, groups: Sequence[Group], encoder: Encoder) -> None:
        self._groups, self._encoder = groups, encoder

    def __len__(self) -> int:
        return -(-len(self._groups) // _BLOCK)

    def __getitem__(self, number: int) -> _EncodedBlock | UserError:
        before = [getattr(self._encoder, name) for name in _COUNTED]
        try:
            groups = [
                _packed(_left(self._groups[n], self._encoder))
                for n in range(number * _BLOCK, min((number + 1) * _BLOCK, len(self._groups)))
            ]
        except UserError as error:
            return error
        counts = [getattr(self._encoder, name) - old for name, old in zip(_COUNTED, before, strict=True)]
        return _EncodedBlock(groups, counts)


def _write(
    folder: Path, groups: Sequence[Group], encoder: Encoder, processes: int, progress: Advance | None
) -> None:
    blocks: DataLoader[_EncodedBlock | UserError] = DataLoader(
        _Blocks(groups, copy(encoder)),  # with counts of its own
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=processes if processes > 1 else 0,
        multiprocessing_context="fork"
        if processes > 1
        else None,  # corpus, draw and tokenizer are not copied
        worker_init_fn=_without_threads,
    )
    done, end, counts = 0, 0, [0] * len(_COUNTED)
    with full_disk_said(folder), whole_folder(folder) as temporary:
        with (temporary / _IDS).open("wb") as ids, (temporary / _ENDS).open("wb") as ends:
            for block in blocks:
                if isinstance(block, UserError):
                    raise block
                for packed in block.groups:
                    end += ids.write(packed)
                    ends.write(array("q", [end]))
                done += len(block.groups)
                counts = [a + b for a, b in zip(counts, block.counts, strict=True)]
                if progress:
                    progress(done, len(groups))
        write_json(temporary / _COUNTS, dict(zip(_COUNTED, counts, strict=True)))


def _as_it_is(block: Any) -> Any:
    return block


def _without_threads(_: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # otherwise the tokenizer warns about the fork


def _read(folder: Path) -> Pass:
    ids, ends = memoryview(mapped(folder / _IDS)), numbers(folder / _ENDS)

    def group(number: int) -> list[Encoded]:
        return _unpacked(ids[ends[number - 1] if number else 0 : ends[number]])

    learnt, begin = array("I"), 0
    for number, end in enumerate(ends):
        if end > begin:
            learnt.append(number)
        begin = end
    return Pass(learnt, group)


def _packed(group: list[Encoded]) -> bytes:
    """For each sample: sign, start of the response, length, ids, and shares in fp32."""
    whole = bytearray()
    for encoded in group:
        whole += array("i", [encoded.sign, encoded.response, len(encoded.ids), *encoded.ids])
        whole += array("f", encoded.shares)
    return bytes(whole)


def _unpacked(data: memoryview) -> list[Encoded]:
    integers, fractions = data.cast("i"), data.cast("f")
    group, begin = [], 0
    while begin < len(integers):
        sign, response, length = integers[begin : begin + 3].tolist()
        of_ids = slice(begin + 3, begin + 3 + length)
        begin = of_ids.stop + length - response
        shares: Any = fractions[of_ids.stop : begin].tolist()
        group.append(Encoded(integers[of_ids].tolist(), response, shares, 1 if sign > 0 else -1))
    return group
