"""The human text that identifiers are measured on: FLORES-200 devtest and NTREX, in 33 languages."""

import gzip
from pathlib import Path

from ontarget.languages import Language

SETS = {"flores200": "devtest", "ntrex": "newstest2019"}
NAMES = {"flores200": "FLORES-200", "ntrex": "NTREX"}

Texts = dict[str, dict[Language, list[str]]]


def read(data: Path, every: int = 1) -> Texts:
    """Set -> language -> its lines, or every n-th of them."""
    texts: Texts = {}
    for name, stem in SETS.items():
        files = sorted((data / name).glob(f"{stem}.*.gz"))
        if not files:
            raise SystemExit(
                f"there is no {name}/{stem}.LANGUAGE.gz in {data}; give --data, or ONTARGET_DATA"
            )
        texts[name] = {
            Language(file.name.split(".")[1]): gzip.decompress(file.read_bytes())
            .decode("utf-8")
            .removesuffix("\n")
            .split("\n")[::every]
            for file in files
        }
    return texts
