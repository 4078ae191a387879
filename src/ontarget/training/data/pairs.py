"""Pairs of a sample and its conflicting twin, kept together in a micro-batch for pairwise objectives."""

from collections.abc import Callable, Sequence

from ontarget.training.data.batches import MicroBatch, Weighed
from ontarget.training.data.encode import Encoded


def together(batch: Sequence[Weighed]) -> list[list[Weighed]]:
    """Divides a batch into units that must stay together: a sample and its twin, if it has one."""
    units: list[list[Weighed]] = []
    for weighed in batch:
        if weighed[0].sign > 0:
            units.append([weighed])
        else:
            units[-1].append(weighed)
    return units


def collate(lay_out: Callable[[Sequence[Weighed]], MicroBatch], part: Sequence[Weighed]) -> MicroBatch:
    """A micro-batch by `lay_out`, with the shares and sequences that `pairwise_loss` needs.

    Args:
        lay_out: makes a micro-batch: padded, packed or with a shared prefix. Shares and sequences go where it
            puts the weights of tokens.
        part: samples, each twin directly after the sample that it belongs to.
    """
    micro_batch = lay_out(part)
    shares = [[0.0] * len(encoded.shares) for encoded, _ in part]
    numbers, pairs = [-1] * len(part), 0
    for n in range(1, len(part)):
        chosen, twin = part[n - 1][0], part[n][0]
        if twin.sign < 0 and any((of_both := shares_of(chosen, twin))[1]):
            shares[n - 1], shares[n] = of_both
            numbers[n - 1], numbers[n] = 2 * pairs, 2 * pairs + 1
            pairs += 1
    encoded = [encoded for encoded, _ in part]
    # 0 for padding.
    of_tokens = [[number + 1.0] * len(e.shares) for number, e in zip(numbers, encoded, strict=True)]
    sequences = lay_out(list(zip(encoded, of_tokens, strict=True)))["weights"].long() - 1
    laid_out = lay_out(list(zip(encoded, shares, strict=True)))["weights"]
    return {**micro_batch, "shares": laid_out, "sequences": sequences}


def shares_of(chosen: Encoded, twin: Encoded) -> tuple[list[float], list[float]]:
    """The shares of both samples' tokens in the scores of a pair.

    Both have the same response, and the shares are those of the twin; if one response was cut, those of the
    common tokens. If the twin has the same prompt and another response (the source), each keeps its shares.
    """
    if twin.ids[: twin.response] == chosen.ids[: chosen.response]:
        return chosen.shares, twin.shares
    ours, theirs = chosen.ids[chosen.response :], twin.ids[twin.response :]
    same = [share if a == b else 0.0 for share, a, b in zip(twin.shares, ours, theirs, strict=False)]
    return same + [0.0] * (len(ours) - len(same)), same + [0.0] * (len(theirs) - len(same))
