"""English grammar: articles, plural, possessive, verb forms."""

from ontarget.corpora.phrasebook.words import Agreement, Word, agreement
from ontarget.errors import UserError

CASES = ("possessive",)
_POSSESSIVE = {"1s": "my", "2s": "your", "1p": "our", "3p": "their"}
_BE = {"1s": "am", "2s": "are", "3s": "is", "1p": "are", "3p": "are"}


def noun(word: Word, determiner: str, case: str, adjective: Word | None, owner: Word | None) -> str:
    """A noun phrase: `the red cars`, `an apple`, `my sister's`."""
    plural = word.plural("en")
    head = word.lexeme.form("en", "plural" if plural else "singular")
    if adjective:
        head = f"{adjective.lexeme.form('en', 'form')} {head}"
    if case == "possessive":
        head += "'" if plural and head.endswith("s") else "'s"
    if determiner == "own":
        assert owner is not None
        return f"{possessive(agreement(owner, 'en'))} {head}"
    if determiner == "this":
        return f"{'these' if plural else 'this'} {head}"
    if determiner == "a":
        return f"{'an' if head[0] in 'aeiou' else 'a'} {head}"
    return head if determiner == "bare" else f"{determiner} {head}"


def possessive(owner: Agreement) -> str:
    """`my`, `your`, `his`, `her`, `our` or `their`."""
    return _POSSESSIVE.get(owner.slot) or ("her" if owner.feminine else "his")


def pronoun(subject: Agreement) -> str:
    """The subject pronoun that refers to an earlier noun."""
    return {"1s": "I", "2s": "you", "1p": "we", "3p": "they"}.get(subject.slot) or (
        "she" if subject.feminine else "he"
    )


def adjective(word: Word, controller: Word | None) -> str:
    """English adjectives do not agree."""
    return word.lexeme.form("en", "form")


def verb(word: Word, form: str, subject: Word | None) -> str:
    """`present` (buys), `perfect` (has bought), or a stored form: `base`, `past`, `participle`, `ing`."""
    if subject is None:
        return word.lexeme.form("en", form)
    slot = agreement(subject, "en").slot
    if form == "present":
        if word.lexeme.lemma == "be":
            return _BE[slot]
        return word.lexeme.form("en", "s" if slot == "3s" else "base")
    if form == "perfect":
        return f"{'has' if slot == '3s' else 'have'} {word.lexeme.form('en', 'participle')}"
    raise UserError(f"phrasebook: English has no verb form '{form}' that agrees; it has present and perfect")
