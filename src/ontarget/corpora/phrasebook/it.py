"""Italian grammar: articles by the following sound, articulated prepositions, agreement, auxiliaries."""

from ontarget.corpora.phrasebook.words import Agreement, Word, agreement
from ontarget.errors import UserError

CASES = ("di", "ad", "da", "in", "su", "con")  # `ad` is a, which in templates is the indefinite article
_CONTRACTED = {"di": "de", "a": "a", "da": "da", "in": "ne", "su": "su"}
_AFTER_CONTRACTED = {"il": "l", "lo": "llo", "la": "lla", "l'": "ll'", "i": "i", "gli": "gli", "le": "lle"}
_OWN = {"1s": "mi", "2s": "tu", "3s": "su", "1p": "nostr"}
_PRESENT = {"1s": "io", "2s": "tu", "3s": "lui", "1p": "noi", "3p": "loro"}
_AUXILIARY = {
    "avere": {"1s": "ho", "2s": "hai", "3s": "ha", "1p": "abbiamo", "3p": "hanno"},
    "essere": {"1s": "sono", "2s": "sei", "3s": "è", "1p": "siamo", "3p": "sono"},
}
_FUTURE = {"1s": "ò", "2s": "ai", "3s": "à", "1p": "emo", "3p": "anno"}
_VOWELS = "aeiouàèéìòù"


def noun(word: Word, determiner: str, case: str, adjective: Word | None, owner: Word | None) -> str:
    """A noun phrase with the adjective last; a preposition (`case`) is contracted with the article."""
    case = "a" if case == "ad" else case
    own = agreement(word, "it")
    head = word.lexeme.form("it", "plural" if own.plural else "singular")
    if adjective:
        head += f" {adjective.lexeme.form('it', own.form)}"
    if determiner in ("my", "own"):
        possessor = agreement(owner, "it") if owner else Agreement(1, plural=False, feminine=False)
        head = f"{possessive(possessor, own)} {head}"
        # Family in the singular goes without the article (mia madre), except with loro (la loro madre).
        if "family" in word.lexeme.classes and not own.plural and possessor.slot != "3p":
            determiner = "bare"
        else:
            determiner = "the"
    if determiner == "some":
        assert not case
        determiner, case = "the", "di"
    if determiner == "the":
        return _join(_contract(case, _definite(own, head)), head)
    if determiner == "a":
        return _join(case, _join(_indefinite(own, head), head))
    if determiner == "this":
        return _join(case, f"{_ending('quest', own)} {head}")
    if case == "di" and head[0] in _VOWELS:
        return f"d'{head}"
    return _join(case, head)


def possessive(owner: Agreement, owned: Agreement) -> str:
    """`mio`, `tua`, `suoi`, `nostre`, `loro`."""
    if owner.slot == "3p":
        return "loro"
    if owner.slot != "1p" and owned.plural and not owned.feminine:
        return {"1s": "miei", "2s": "tuoi", "3s": "suoi"}[owner.slot]
    return _ending(_OWN[owner.slot], owned)


def pronoun(subject: Agreement) -> str:
    """Empty: the verb form shows the subject."""
    return ""


def adjective(word: Word, controller: Word | None) -> str:
    """The form that agrees with `controller`, or the masculine singular without one."""
    agrees = agreement(controller, "it") if controller else Agreement(3, plural=False, feminine=False)
    return word.lexeme.form("it", agrees.form)


def verb(word: Word, form: str, subject: Word | None) -> str:
    """`present`, `perfect` (è andata), `future`; alone, `infinitive` and `ad` (a pulire, ad arredare)."""
    lexeme = word.lexeme
    if form == "ad":
        infinitive = lexeme.form("it", "infinitive")
        return f"{'ad' if infinitive.startswith('a') else 'a'} {infinitive}"
    if subject is None:
        return lexeme.form("it", form)
    agrees = agreement(subject, "it")
    if form == "present":
        return lexeme.form("it", _PRESENT[agrees.slot])
    if form == "future":
        return lexeme.form("it", "future") + _FUTURE[agrees.slot]
    if form == "perfect":
        auxiliary, participle = lexeme.form("it", "auxiliary"), lexeme.form("it", "participle")
        if auxiliary == "essere":
            participle = _ending(participle.removesuffix("o"), agrees)
        return f"{_AUXILIARY[auxiliary][agrees.slot]} {participle}"
    raise UserError(
        f"phrasebook: Italian has no verb form '{form}' that agrees; it has present, perfect and future"
    )


def _ending(stem: str, agrees: Agreement) -> str:
    return (
        stem
        + {(False, False): "o", (False, True): "a", (True, False): "i", (True, True): "e"}[
            agrees.plural, agrees.feminine
        ]
    )


def _hard(word: str) -> bool:
    """Whether the word takes lo, gli, uno: s + consonant, z, gn, ps, x, y."""
    return word.startswith(("z", "gn", "ps", "pn", "x", "y")) or (word[0] == "s" and word[1] not in _VOWELS)


def _definite(agrees: Agreement, following: str) -> str:
    vowel = following[0] in _VOWELS
    if agrees.feminine:
        return "le" if agrees.plural else "l'" if vowel else "la"
    if agrees.plural:
        return "gli" if vowel or _hard(following) else "i"
    return "l'" if vowel else "lo" if _hard(following) else "il"


def _indefinite(agrees: Agreement, following: str) -> str:
    if agrees.feminine:
        return "un'" if following[0] in _VOWELS else "una"
    return "uno" if _hard(following) else "un"


def _contract(preposition: str, article: str) -> str:
    if preposition in _CONTRACTED:
        return _CONTRACTED[preposition] + _AFTER_CONTRACTED[article]
    return f"{preposition} {article}".strip()


def _join(first: str, second: str) -> str:
    return f"{first}{second}" if first.endswith("'") else f"{first} {second}".strip()
