"""A list of names as options take it: `bleu,chrf`."""

from ontarget.errors import UserError


def names_of(text: str) -> list[str]:
    """The names in `bleu,chrf`.

    Raises:
        UserError: there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UserError("a list of names is empty; write them with commas: bleu,chrf")
    return list(dict.fromkeys(names))
