"""The glossary that a user types into the page: a term, a comma and its translation in each line."""

import csv

from ontarget.documents.glossary import Glossary
from ontarget.serving.failure import wrong

_MOST = 1000  # terms


def terms_of(text: str) -> Glossary:
    """The glossary of lines such as `dog,chien`, or with a tab, as spreadsheets copy cells.

    A term with a comma is in quotes: `"dog, old",vieux chien`.

    Raises:
        Failure: a line has other than two columns, or there are too many lines.
    """
    terms = list[tuple[str, str]]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        columns = line.split("\t") if "\t" in line else next(csv.reader([line], skipinitialspace=True))
        columns = [column.strip() for column in columns]
        if len(columns) != 2 or not all(columns):
            message = (
                f"line {number} of the glossary is not a term, a comma and its translation, as in dog,chien"
            )
            raise wrong(message, "invalid_glossary")
        terms.append((columns[0], columns[1]))
    if len(terms) > _MOST:
        raise wrong(f"the glossary has {len(terms)} terms; send at most {_MOST}", "invalid_glossary")
    return Glossary(terms)
