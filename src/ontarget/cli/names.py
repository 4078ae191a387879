"""Options that take a list of names: `bleu,chrf`."""

from ontarget.errors import UserError


def names_of(text: str) -> list[str]:
    """The names in `bleu,chrf`.

    Raises:
        UserError: the list is empty.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UserError("a list of names is empty; separate the names by commas: bleu,chrf")
    return list(dict.fromkeys(names))
