"""Dutch grammar: de and het, adjective endings, separable verbs. Word order is in the templates."""

from ontarget.corpora.phrasebook.words import MISSING, Agreement, Word, agreement
from ontarget.errors import UserError

CASES = ()
_AUXILIARY = {
    "hebben": {"1s": "heb", "2s": "heb", "3s": "heeft", "1p": "hebben", "3p": "hebben"},
    "zijn": {"1s": "ben", "2s": "ben", "3s": "is", "1p": "zijn", "3p": "zijn"},
}
_POSSESSIVE = {"1s": "mijn", "2s": "je", "3p": "hun"}


def noun(word: Word, determiner: str, case: str, adjective: Word | None, owner: Word | None) -> str:
    """A noun phrase: `het oude huis`, `een oud huis`, `onze fietsen`; `some` has no article of its own."""
    plural = word.plural("nl")
    neuter = word.lexeme.form("nl", "gender") == "het" and not plural
    head = word.lexeme.form("nl", "plural" if plural else "singular")
    if adjective:
        bare = neuter and determiner in ("a", "some", "bare")
        head = f"{adjective.lexeme.form('nl', 'base' if bare else 'inflected')} {head}"
    if determiner == "the":
        return f"{'het' if neuter else 'de'} {head}"
    if determiner == "this":
        return f"{'dit' if neuter else 'deze'} {head}"
    if determiner == "a":
        return f"een {head}"
    if determiner == "my":
        return f"mijn {head}"
    if determiner == "own":
        assert owner is not None
        return f"{possessive(agreement(owner, 'nl'), neuter)} {head}"
    return head


def possessive(owner: Agreement, neuter: bool) -> str:
    """`mijn`, `je`, `zijn`, `haar`, `ons`, `onze` or `hun`."""
    if owner.slot == "1p":
        return "ons" if neuter else "onze"
    return _POSSESSIVE.get(owner.slot) or ("haar" if owner.feminine else "zijn")


def pronoun(subject: Agreement) -> str:
    """The subject pronoun that refers to an earlier noun."""
    return {"1s": "ik", "2s": "je", "1p": "we", "3p": "ze"}.get(subject.slot) or (
        "ze" if subject.feminine else "hij"
    )


def adjective(word: Word, controller: Word | None) -> str:
    """The form without an ending, since predicates have none."""
    return word.lexeme.form("nl", "base")


def verb(word: Word, form: str, subject: Word | None) -> str:
    """Verb forms.

    `present` and `auxiliary` are the finite verbs of main clauses. `particle` is the part of a separable verb
    at the end of the clause, or empty. `final` is the finite verb of a subordinate clause (opbelt). Without a
    subject: `infinitive`, `participle`, `te` (te kopen, op te bellen).
    """
    lexeme = word.lexeme
    particle = lexeme.forms["nl"]["particle"].replace(MISSING, "")
    if form == "particle":
        return particle
    if form == "te":
        return f"{particle} te {lexeme.form('nl', 'infinitive').removeprefix(particle)}".strip()
    if subject is None:
        return lexeme.form("nl", form)
    slot = agreement(subject, "nl").slot
    if form == "auxiliary":
        return _AUXILIARY[lexeme.form("nl", "auxiliary")][slot]
    if form in ("present", "final"):
        if slot.endswith("p"):
            finite = lexeme.form("nl", "infinitive").removeprefix(particle)
        else:  # in every pattern "you" follows its verb (koop je), which then has no -t
            finite = lexeme.form("nl", "hij" if slot == "3s" else "ik")
        return particle + finite if form == "final" else finite
    raise UserError(
        f"phrasebook: Dutch has no verb form '{form}' that agrees; it has present, final and auxiliary"
    )
