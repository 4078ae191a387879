"""Romanian grammar: articles as noun endings, agreement, genitive, verb forms."""

from ontarget.corpora.phrasebook.words import Agreement, Word, agreement
from ontarget.errors import UserError

CASES = ("of", "after", "in")
_PRESENT = {"1s": "eu", "2s": "tu", "3s": "el", "1p": "noi", "3p": "ei"}
_PERFECT = {"1s": "am", "2s": "ai", "3s": "a", "1p": "am", "3p": "au"}
_CLITICS = {
    "perfect-reflexive": {"1s": "mi-", "2s": "ți-", "3s": "și-", "1p": "ne-", "3p": "și-"},
    "perfect-dative": dict.fromkeys(_PERFECT, "i-"),
}
_FUTURE = {"1s": "voi", "2s": "vei", "3s": "va", "1p": "vom", "3p": "vor"}
# Possessives by what is owned: masculine, feminine, masculine plural, feminine plural.
_OWN = {
    "1s": ("meu", "mea", "mei", "mele"),
    "2s": ("tău", "ta", "tăi", "tale"),
    "1p": ("nostru", "noastră", "noștri", "noastre"),
}


def noun(word: Word, determiner: str, case: str, adjective: Word | None, owner: Word | None) -> str:
    """A noun phrase: `o casă veche`, `casa veche`, `fratele meu`.

    The case `of` is the genitive (`fratelui meu`). The case `after` is the form after a preposition: without
    an article if nothing follows (`în casă`), with it before an adjective (`în casa veche`). `in` is this
    form with its preposition (`într-o casă`). If an adjective separates a genitive from its noun, the noun is
    given as `owner`, and the genitive takes `al`, `a`, `ai` or `ale` (`casa veche a fratelui meu`).
    """
    if case == "in":
        return ("într-" if determiner == "a" else "în ") + noun(word, determiner, "after", adjective, owner)
    own = agreement(word, "ro")
    lexeme = word.lexeme
    if case == "of" and owner:
        owned = agreement(owner, "ro")
        article = ("al", "a", "ai", "ale")[2 * owned.plural + owned.feminine]
        return f"{article} {noun(word, determiner, case, adjective, None)}"
    if case == "of":
        head = f"{lexeme.form('ro', 'plural')}lor" if own.plural else lexeme.form("ro", "genitive")
    elif determiner in ("my", "own") or (determiner == "the" and not (case == "after" and adjective is None)):
        head = lexeme.form("ro", "definites" if own.plural else "definite")
    else:
        head = lexeme.form("ro", "plural" if own.plural else "singular")
    # The genitive of a feminine adjective or possessive in the singular has the form of the plural.
    agrees = Agreement(3, plural=True, feminine=True) if case == "of" and own.feminine else own
    if determiner in ("my", "own"):
        possessor = agreement(owner, "ro") if owner else Agreement(1, plural=False, feminine=False)
        head += f" {possessive(possessor, agrees)}"
    if adjective:
        head += f" {adjective.lexeme.form('ro', agrees.form)}"
    if determiner == "a":
        return f"{'o' if own.feminine else 'un'} {head}"
    if determiner == "some":
        return f"niște {head}"
    if determiner == "this":
        this = ("acest", "această", "acești", "aceste")
        return f"{this[2 * own.plural + own.feminine]} {head}"
    return head


def possessive(owner: Agreement, owned: Agreement) -> str:
    """`meu`, `ta`, `noștri`; `lui`, `ei` and `lor` for a third person."""
    if owner.slot == "3p":
        return "lor"
    if owner.slot == "3s":
        return "ei" if owner.feminine else "lui"
    return _OWN[owner.slot][2 * owned.plural + owned.feminine]


def pronoun(subject: Agreement) -> str:
    """Empty: the verb form shows the subject."""
    return ""


def adjective(word: Word, controller: Word | None) -> str:
    """The form that agrees with `controller`, or the masculine singular without one."""
    agrees = agreement(controller, "ro") if controller else Agreement(3, plural=False, feminine=False)
    return word.lexeme.form("ro", agrees.form)


def verb(word: Word, form: str, subject: Word | None) -> str:
    """`present`, `perfect` (a mers), `future` (va merge), `subjunctive` (să meargă), `infinitive` (merge).

    `perfect-reflexive` marks an object as the subject's own (și-a pierdut umbrela). `perfect-dative` refers
    to one recipient (i-a dăruit).
    """
    lexeme = word.lexeme
    if subject is None:
        return lexeme.form("ro", form)
    slot = agreement(subject, "ro").slot
    if form == "present":
        return lexeme.form("ro", _PRESENT[slot])
    if form == "perfect":
        return f"{_PERFECT[slot]} {lexeme.form('ro', 'participle')}"
    if form in _CLITICS:
        return f"{_CLITICS[form][slot]}{_PERFECT[slot]} {lexeme.form('ro', 'participle')}"
    if form == "future":
        return f"{_FUTURE[slot]} {lexeme.form('ro', 'infinitive')}"
    if form == "subjunctive":
        return f"să {lexeme.form('ro', 'să' if slot[0] == '3' else _PRESENT[slot])}"
    raise UserError(
        f"phrasebook: Romanian has no verb form '{form}' that agrees; it has present, perfect, "
        "perfect-reflexive, perfect-dative, future and subjunctive"
    )
