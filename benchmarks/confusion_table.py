"""What identifiers take each of 33 languages for, on human text, and which pairs are close relatives.

    ONTARGET_DATA=... OMP_NUM_THREADS=1 python benchmarks/confusion_table.py [--model lid.176.bin ...]

Prints for each identifier a Markdown table of the pairs (language written, language guessed) that make up at
least `--share` percent of the lines of NTREX or FLORES-200, and the share of wrong guesses that is a close
relative. The last lines have the pairs that `MEASURED` in `ontarget/scoring/close.py` should hold: those of
one branch, without English, that reach 0.5 % on NTREX by lid.176.ftz or by lingua. FLORES-200 has no say in
that. All pairs are written as JSON.

Identifiers are asked as they are: whole lines as they are written, among all their languages, top-1.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from human_text import NAMES, Texts, read

from ontarget.languages import Language
from ontarget.scoring.language_id.close_relatives import MEASURED, close_relatives
from ontarget.scoring.language_id.identifier import Identifier, known_labels
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named

CHOSEN_ON = "ntrex"
SHOWN, ENTERS = 0.2, 0.5  # percent of the lines
# Labels of lid.176 and lingua, by branch and script. Serbian is in both of its scripts.
BRANCHES = {
    "Slavic, Latin": "bs cs dsb hr hsb pl sh sk sl sr",
    "Slavic, Cyrillic": "be bg mk ru rue sr uk",
    "Romance": "an ast ca cbk co eml es fr gl it lmo mwl nap oc pms pt rm ro sc scn vec wa",
    "Germanic": "af als bar da de en frr fy is lb li nb nds nl nn no pfl sco sv vls",
    "Indo-Aryan, Devanagari": "bh dty gom hi mai mr ne new sa",
    "Semitic, Arabic": "ar arz",
    "Malayic and neighbours": "id jv min ms su",
    "Sinitic": "wuu yue zh",
    "Finnic": "et fi vep",
    "Turkic, Latin": "az tk tr",
}
SYSTEMS_GO_ASTRAY_INTO = "en"

Table = dict[str, Counter[str]]  # language written -> language guessed -> lines


def tables(identifier: Identifier, texts: Texts) -> dict[str, Table]:
    """Of each set, how many lines of each language were taken for which."""
    return {
        name: {language.code: Counter(guesses(identifier, language, lines)) for language, lines in of.items()}
        for name, of in texts.items()
    }


def guesses(identifier: Identifier, language: Language, lines: list[str]) -> Iterable[str]:
    """The language of each guess; the language written itself, under whichever of its labels."""
    own = known_labels(language, identifier)
    for guess in identifier.identify(lines):
        yield language.code if guess.label in own else named(guess.label)


def named(label: str) -> str:
    """lid.176 calls Bokmål `no`."""
    return "nb" if label == "no" else label


def wrong(table: Table) -> dict[tuple[str, str], float]:
    """(language written, language guessed) -> percent of the lines, the most frequent first."""
    shares = {
        (written, guessed): 100 * n / row.total()
        for written, row in table.items()
        for guessed, n in row.items()
        if guessed != written
    }
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def covered(table: Table) -> tuple[int, int]:
    """How many guesses are wrong, and how many of these are a close relative."""
    counts = [
        (n, guessed in close_relatives(Language(written)))
        for written, row in table.items()
        for guessed, n in row.items()
        if guessed != written
    ]
    return sum(n for n, _ in counts), sum(n for n, is_close in counts if is_close)


def measured(table: Table, share: float = ENTERS) -> frozenset[frozenset[str]]:
    """The pairs of one branch, without English, of which one is taken for the other in `share` percent."""
    return frozenset(
        frozenset((Language(written).primary, guessed))
        for (written, guessed), percent in wrong(table).items()
        if percent >= share and related(Language(written).primary, guessed)
    )


def related(one: str, other: str) -> bool:
    if SYSTEMS_GO_ASTRAY_INTO in (one, other):
        return False
    return any({one, other} <= set(codes.split()) for codes in BRANCHES.values())


def markdown(by_set: dict[str, Table], share: float) -> str:
    """A row a pair; a pair stands in it where it has the share on any of the sets."""
    shares = {name: wrong(table) for name, table in by_set.items()}
    pairs = {pair for of in shares.values() for pair, percent in of.items() if percent >= share}
    head = " | ".join(f"{NAMES[name]}, %" for name in shares)
    rows = [f"| written | taken for | {head} | close relatives |", f"|---|---|{'---:|' * len(shares)}---|"]
    for written, guessed in sorted(pairs, key=lambda pair: -max(of.get(pair, 0) for of in shares.values())):
        cells = " | ".join(f"{of.get((written, guessed), 0):.2f}" for of in shares.values())
        is_close = "yes" if guessed in close_relatives(Language(written)) else ""
        rows.append(f"| {written} | {guessed} | {cells} | {is_close} |")
    return "\n".join(rows)


def as_json(by_set: dict[str, Table]) -> dict[str, Any]:
    return {
        name: {
            "lines_a_language": next(iter(table.values())).total(),
            "lines": {written: dict(row.most_common()) for written, row in table.items()},
        }
        for name, table in by_set.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("ONTARGET_DATA"))
    parser.add_argument("--model", action="append", default=[], help="a fastText model, lid.176.bin say")
    parser.add_argument("--share", type=float, default=SHOWN, help="show pairs with this percentage of lines")
    parser.add_argument("--every", type=int, default=1, help="every n-th line alone")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "confusion.json")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data, or ONTARGET_DATA: a folder with flores200/ and ntrex/")
    texts = read(options.data, options.every)
    shipped = [DEFAULT, *(["lingua"] if find_spec("lingua") else [])]
    result, chosen = {}, frozenset[frozenset[str]]()
    for name in [*shipped, *options.model]:
        identifier = identifier_named(name)
        by_set = tables(identifier, texts)
        result[identifier.signature] = as_json(by_set)
        print(f"### {identifier.signature}\n\n{markdown(by_set, options.share)}\n")
        for of, table in by_set.items():
            every, close = covered(table)
            print(f"{NAMES[of]}: {every} wrong guesses, {100 * close / max(every, 1):.1f} % a close relative")
        print(flush=True)
        if name in shipped:
            chosen |= measured(by_set[CHOSEN_ON])
    print("MEASURED =", " ".join(sorted("-".join(sorted(pair)) for pair in chosen)))
    print("as in close.py" if chosen == MEASURED else "close.py has other pairs")
    settings = {"share": options.share, "every": options.every, "ontarget": version("ontarget")}
    options.output.write_text(
        json.dumps({"settings": settings, "identifiers": result}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
