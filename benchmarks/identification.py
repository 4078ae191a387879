"""How often human text counts as off-target, whole, cut short or in other letters, in 33 languages.

    ONTARGET_DATA=... OMP_NUM_THREADS=1 python benchmarks/identification.py [--model lid.176.bin ...]

Lines of NTREX and FLORES-200 in their own language should not count as off-target (what does is the floor).
Those in another language should. Prints Markdown tables of both, by the default rules and by the paper's
count: a row a language for lid.176.ftz, means over the languages for every identifier, and lines without
language by kind. lingua is slow and reads every n-th line (`--every-lingua`). The tables of
docs/explanation/identification-tables.md are what this prints; the floors are also written as JSON counts.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, get_args

from human_text import NAMES, Texts, read

from ontarget.languages import Language
from ontarget.scoring.language_id.close_relatives import close_relatives
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.language_id.rules import Rules
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.version import SCORING_VERSION

CUTS = (1, 2, 3, 5)  # words
WITHOUT_BLANKS = {"ja", "zh"}  # two characters are a word there


def first(words: int) -> Callable[[str, Language], str]:
    def cut(text: str, language: Language) -> str:
        if language.primary in WITHOUT_BLANKS:
            return text[: 2 * words]
        return " ".join(text.split()[:words])

    return cut


PLAIN = "plain"
FORMS: dict[str, Callable[[str, Language], str]] = {
    PLAIN: lambda text, _: text,
    "UPPER": lambda text, _: text.upper(),
    "Title Case": lambda text, _: text.title(),
    "lower": lambda text, _: text.lower(),
    **{f"{words} word{'s' * (words > 1)}": first(words) for words in CUTS},
    "with URL": lambda text, _: f"{text} https://www.example.com/news/latest-update.html",
    "with placeholder": lambda text, _: f"{text} {{user_name}}",
}
NEUTRAL = {
    "number": (
        "123",
        "1,234.56",
        "-7",
        "10:30",
        "2019-10-01",
        "50 %",
        "$ 3.50",
        "1.",
        "2 + 2 = 4",
        "१२३",
        "١٢٣",
    ),
    "number and unit": ("42 km", "3.5 kg", "16 GB", "20 °C", "100 km/h", "10 000 €"),
    "URL": ("https://www.example.com/news/today.html", "http://example.org", "www.example.com/a?b=c"),
    "e-mail, @name, #tag": ("jane.doe@example.com", "@jane_doe", "#worldcup2022", "@jane #news"),
    "placeholder": ("{name}", "{0} / {1}", "%s", "%1$s: %2$d", "{{ user.name }}", "${HOME}", "%(count)d"),
    "mark-up": ("<b>", "<br/>", '<a href="index.html">', "&nbsp;", "</div></div>"),
    "code": (
        "`git commit`",
        "SELECT * FROM users WHERE id = 1;",
        "print(x)",
        "x = y + 1;",
        "user_id",
        "config.yaml",
        "/usr/local/bin",
        "--help",
    ),
    "emoji, punctuation": ("👍", "🎉🎉🎉", ":smile:", "...", "---", "—", "?!", "***", ":-)"),
}
ALL_RULES: tuple[Rules, ...] = get_args(Rules)
OURS, PAPER = ALL_RULES


class Counts(NamedTuple):
    """Lines of one language in one form."""

    n: int
    off: int
    unsure: int
    neutral: int

    @classmethod
    def of(cls, lines: list[str], language: Language, identifier: Identifier, rules: Rules) -> "Counts":
        count = OffTarget(language, identifier, rules=rules)
        count.add(lines)
        return cls(count.n, count.off, count.unsure, count.outcomes["neutral"])

    def percent(self, field: str) -> float:
        return 100 * getattr(self, field) / self.n


Measured = dict[Rules, dict[str, dict[str, Counts]]]  # rules -> form -> language


def measure(identifier: Identifier, by_language: dict[Language, list[str]]) -> Measured:
    return {
        rules: {
            form: {
                language.code: Counts.of(
                    [change(line, language) for line in lines], language, identifier, rules
                )
                for language, lines in by_language.items()
            }
            for form, change in FORMS.items()
        }
        for rules in ALL_RULES
    }


def by_language(measured: Measured, rules: Rules) -> str:
    """A row a language: the OTR in percent, behind it that of unsure lines where the rules know them."""
    forms = measured[rules]

    def cell(counts: Counts) -> str:
        off = f"{counts.percent('off'):.1f}"
        return f"{off} ({counts.percent('unsure'):.1f})" if rules == OURS else off

    rows = [
        [language, *(cell(forms[form][language]) for form in forms)]
        for language in next(iter(forms.values()))
    ]
    means = [f"{mean(of, 'off'):.1f}" for of in forms.values()]
    if rules == OURS:
        means = [
            f"{value} ({mean(of, 'unsure'):.1f})" for value, of in zip(means, forms.values(), strict=True)
        ]
    return table(["", *forms], [*rows, ["mean", *means]])


def summary(measured: Measured) -> str:
    """A row a form: means over the languages, and the language that is worst."""
    rows = []
    for form, of in measured[OURS].items():
        worst = max(of, key=lambda language: of[language].percent("off"))
        rows.append(
            [
                form,
                *(f"{mean(of, field):.2f}" for field in ("off", "unsure", "neutral")),
                f"{of[worst].percent('off'):.1f} ({worst})",
                f"{mean(measured[PAPER][form], 'off'):.2f}",
            ]
        )
    head = ["", "OTR", "unsure", "neutral", "highest OTR", "OTR, paper's count"]
    return table(head, rows)


def capitals(measured: Measured) -> str:
    """How far the OTR of a language changes in capitals, at most."""
    plain, upper = measured[OURS][PLAIN], measured[OURS]["UPPER"]
    most = max(abs(upper[code].percent("off") - plain[code].percent("off")) for code in plain)
    return f"In capitals, the OTR of each language is within {most:.2f} points of that of plain lines."


def neutral(identifier: Identifier, languages: Iterable[Language]) -> str:
    """A row a kind of lines without language: shares over all languages that might have been requested."""
    rows = []
    for kind, lines in NEUTRAL.items():
        counts = {
            rules: total(Counts.of(list(lines), language, identifier, rules) for language in languages)
            for rules in ALL_RULES
        }
        ours = (f"{counts[OURS].percent(field):.1f}" for field in ("off", "unsure", "neutral"))
        rows.append([kind, str(len(lines)), *ours, f"{counts[PAPER].percent('off'):.1f}"])
    return table(["", "lines", "OTR", "unsure", "neutral", "OTR, paper's count"], rows)


def written_instead(requested: Language, languages: Iterable[Language]) -> dict[str, list[Language]]:
    """What a system may write where `requested` was asked for: English, close relatives, other languages."""
    relatives = close_relatives(requested)
    kinds: dict[str, list[Language]] = {"English": [], "a close relative": [], "another language": []}
    for language in languages:
        if language.primary == requested.primary:
            continue
        close = "a close relative" if labels_of(language, relatives) else "another language"
        kinds["English" if language.code == "en" else close].append(language)
    return kinds


def astray(identifier: Identifier, by_language: dict[Language, list[str]]) -> str:
    """Rows of lines that are in another language than the requested one: how many count as off-target.

    Each language is requested once; line n is in the n-th language of its kind, in turns.
    """
    forms = [PLAIN, *(form for form in FORMS if "word" in form)]
    counts: dict[tuple[str, str], dict[Rules, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    for requested, own in by_language.items():
        for kind, written in written_instead(requested, by_language).items():
            turns = list(zip(range(len(own) if written else 0), cycle(written), strict=False))
            for form in forms:
                lines = [FORMS[form](by_language[language][n], language) for n, language in turns]
                for rules in ALL_RULES if lines else ():
                    counts[kind, form][rules].append(Counts.of(lines, requested, identifier, rules))
    rows = []
    for (kind, form), of in sorted(counts.items(), key=lambda item: item[0][0]):
        ours, paper = total(of[OURS]), total(of[PAPER])
        shares = (ours.percent("off"), ours.percent("unsure"), paper.percent("off"))
        rows.append([kind, form, *(f"{share:.1f}" for share in shares)])
    return table(["written", "form", "OTR", "unsure", "OTR, paper's count"], rows)


def total(counts: Iterable[Counts]) -> Counts:
    return Counts(*(sum(column) for column in zip(*counts, strict=True)))


def mean(of: dict[str, Counts], field: str) -> float:
    return sum(counts.percent(field) for counts in of.values()) / len(of)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def as_json(measured: Measured) -> dict[str, Any]:
    return {
        rules: {form: {code: list(counts) for code, counts in of.items()} for form, of in forms.items()}
        for rules, forms in measured.items()
    }


def show(identifier: Identifier, texts: Texts, *, languages: bool) -> dict[str, Any]:
    """Prints the tables of an identifier; of each language where that is wanted."""
    name = identifier.signature
    result = {}
    print(f"## {name}\n")
    for of, lines in texts.items():
        measured = measure(identifier, lines)
        result[of] = as_json(measured)
        n = len(next(iter(lines.values())))
        print(f"### {NAMES[of]}, means over {len(lines)} languages, {n:,} lines each ({name})\n")
        print(f"{summary(measured)}\n\n{capitals(measured)}\n")
        print(f"### {NAMES[of]}, lines in another language than the requested one ({name})\n")
        print(f"{astray(identifier, lines)}\n", flush=True)
        if languages:
            print(f"### {NAMES[of]}, OTR, and unsure lines in parentheses ({name})\n")
            print(f"{by_language(measured, OURS)}\n")
            print(f"### {NAMES[of]}, OTR by the paper's count ({name})\n")
            print(f"{by_language(measured, PAPER)}\n", flush=True)
    print(f"### Lines without language ({name})\n\n{neutral(identifier, list(texts['ntrex']))}\n", flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("ONTARGET_DATA"))
    parser.add_argument("--model", action="append", default=[], help="a fastText model, lid.176.bin say")
    parser.add_argument("--every", type=int, default=1, help="every n-th line alone")
    parser.add_argument("--every-lingua", type=int, default=40, help="the same for lingua, 0 leaves it out")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "identification.json"
    )
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data, or ONTARGET_DATA: a folder with flores200/ and ntrex/")
    texts = read(options.data, options.every)
    result = {}
    for name in [DEFAULT, *options.model]:
        identifier = identifier_named(name)
        result[identifier.signature] = show(identifier, texts, languages=name == DEFAULT)
    if options.every_lingua and find_spec("lingua"):
        identifier = identifier_named("lingua")
        sample = read(options.data, options.every_lingua)
        result[identifier.signature] = show(identifier, sample, languages=False)
    settings = {
        "every": options.every,
        "every_lingua": options.every_lingua,
        "scoring_version": SCORING_VERSION,
        "fields": Counts._fields,
    }
    options.output.write_text(
        json.dumps({"settings": settings, "identifiers": result}) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
