"""What a step costs by the size of the vocabulary, and by the length of sequences. See growth.py.

The body of the model is that of 58 million parameters (hidden 512), with two layers. A pass trains on a third
of its tokens, as `--plan` tries it.
"""

from collections.abc import Sequence

from growth_table import Row, Table
from machine import Memory

from ontarget.hardware import prefers_bf16
from ontarget.pipeline.planning import probe
from ontarget.pipeline.planning.model_size import ModelSize

HIDDEN, HEADS, INTERMEDIATE, LAYERS = 512, 8, 1408, 2
TOKENS = 2048  # of a pass whose sequences grow


def vocabulary(sizes: Sequence[int]) -> list[Row]:
    """For each number of pieces: a token trained, an optimizer step, a token decoded greedily; by piece."""
    table = Table("vocabulary")
    for pieces in sizes:
        size = ModelSize(LAYERS, HIDDEN, HEADS, HEADS, INTERMEDIATE, pieces)
        table.begin(pieces, pieces)
        memory = Memory()
        with memory:
            table.note("token trained", probe._trained(size, LAYERS, bf16=prefers_bf16()))
        table.add("MiB of a pass", round((memory.peak - memory.before) / 2**20))
        table.note("optimizer", probe._optimizer(size.parameters))
        table.note("token decoded", probe._written(size, LAYERS, 1, "auto")[0])
        table.end()
    return table.rows


def length(sizes: Sequence[int]) -> list[Row]:
    """For each length: a token of a pass with the same number of tokens in all."""
    table = Table("length")
    size = ModelSize(LAYERS, HIDDEN, HEADS, HEADS, INTERMEDIATE, 8_000)
    for tokens in sizes:
        probe._LINE, probe._TRAINED_ROWS = tokens, max(1, TOKENS // tokens)
        table.begin(tokens, 1)
        memory = Memory()
        with memory:
            table.note("token trained", probe._trained(size, LAYERS, bf16=prefers_bf16()))
        table.add("MiB of a pass", round((memory.peak - memory.before) / 2**20))
        table.end()
    return table.rows
