"""What samples cost before training, by their number. See growth.py and data.py."""

import os
import resource
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from data import DE, EN, encoder_of, write
from growth_table import Row, Table

from ontarget.corpora import files
from ontarget.languages import Direction
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.draw import draw_translations
from ontarget.samples.groups import translation_groups
from ontarget.settings.tuning import Tuning
from ontarget.training.data.batches import Steps
from ontarget.training.data.encoded_cache import encode_pass

ENCODED = 1_000_000  # more pairs are read, hashed and drawn only, since encoding takes most of the time


def samples(sizes: Sequence[int]) -> list[Row]:
    """For each number of pairs: read and store, fingerprint, draw as many samples, encode, make a batch."""
    table = Table("pairs")
    for size in sizes:
        table.begin(size, size)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["ONTARGET_CACHE"] = f"{folder}/cache"
            _measure(table, size, Path(folder) / "train.tsv")
        table.end()
    return table.rows


def _measure(table: Table, size: int, file: Path) -> None:
    write(file, range(size))
    corpus = table.timed("read", lambda: files.load("made up", {"train": [str(file)]}, [DE, EN]))
    table.timed("hash", lambda: [text_fingerprint(corpus.lines("train", x)) for x in (DE, EN)])
    directions = [Direction(DE, EN), Direction(EN, DE)]
    drawn = table.timed("draw", lambda: draw_translations(corpus, directions, size, seed=1))
    if size <= ENCODED:
        draw = translation_groups(drawn, PromptTemplate.load("alpaca"))
        encoder, tuning = encoder_of(corpus), Tuning(epochs=1, global_batch_size=128)
        encode = partial(encode_pass, identity=lambda _: f"{size} pairs")  # large passes go to the cache
        steps = table.timed("encode", lambda: Steps(draw, encoder, tuning, 1.0, 1, encode=encode))
        began = time.process_time()
        for number in range(5):
            steps[number % len(steps)]
        table.add("a batch of 128, ms", round(200 * (time.process_time() - began), 1))
    table.add("peak MiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
