"""Close relatives: pairs of languages that identifiers confuse even on human text.

Pairs with human text for both languages are included by measurement, all other pairs by relation.

- By measurement: lid.176.ftz or lingua takes at least 0.5 % of the NTREX lines in one language for the other;
  below that, only a handful of very short lines is affected. Both languages belong to one branch (Slavic,
  Romance, Germanic ...) and share a script. English is excluded, because off-target systems often produce it.
  FLORES-200 was not used for the choice. `benchmarks/confusion_table.py` prints these pairs.
- By relation: linguists classify the two languages as dialects, standards or nearest neighbours, they share a
  script, and an identifier has a label for each. Most of them are not among the 33 measured languages.

The relation is symmetric.
"""

from typing import TYPE_CHECKING

from ontarget.languages import Language
from ontarget.scoring.interval import wilson
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.score import Score

if TYPE_CHECKING:
    from ontarget.scoring.off_target import OffTarget

_PAIRS = (
    "bg-ru bs-hr bs-sl ca-es ca-it ca-pt cs-sk da-nb da-sv es-pt hi-mr hr-pl hr-sh hr-sl hr-sr id-ms nb-nn "
    "nb-sv pl-sk pl-sl ru-uk sh-sl sl-sr"
)
MEASURED = frozenset(frozenset(pair.split("-")) for pair in _PAIRS.split())

# Each language of a group is a close relative of the others. The codes are labels of identifiers.
_BY_RELATION = (
    {"cs", "sk"},
    {"pl", "szl", "csb"},
    {"hsb", "dsb"},
    {"ru", "uk", "be", "rue"},
    {"bg", "mk"},
    {"sl", "hr", "sr", "bs", "sh", "cnr"},
    {"es", "it", "pt"},
    {"es", "pt", "gl", "ca", "an", "ast", "mwl"},
    {"es", "cbk"},
    {"ca", "oc"},
    {"it", "co", "eml", "fur", "lij", "lmo", "nap", "pms", "sc", "scn", "vec"},
    {"nl", "af", "fy", "li", "nds", "vls"},
    {"de", "als", "bar", "gsw", "lb", "nds", "pfl"},
    {"no", "nb", "nn", "da", "sv"},
    {"is", "fo"},
    {"en", "sco"},
    {"ga", "gd", "gv"},
    {"lv", "ltg"},
    {"fi", "et"},
    {"tr", "az", "tk", "crh"},
    {"tt", "ba"},
    {"kk", "ky"},
    {"id", "ms", "min", "jv", "su", "bjn"},
    {"tl", "fil", "ceb", "war", "ilo", "bcl", "pam"},
    {"zh", "yue", "wuu"},
    {"ar", "arz", "apc", "ars", "ary", "acm", "acq", "aeb", "ajp"},
    {"fa", "prs", "mzn", "lrc", "glk"},
    {"ckb", "sdh"},
    {"ku", "diq"},
    {"ur", "pnb", "skr"},
    {"hi", "mr", "ne", "mai", "bh", "bho", "awa", "mag", "hne"},
    {"mr", "gom"},
    {"ne", "dty"},
    {"bn", "as", "bpy"},
    {"xh", "zu", "ss"},
    {"st", "tn", "nso"},
    {"rw", "rn"},
)


_GROUPS = (*MEASURED, *_BY_RELATION)


def close_relatives(language: Language) -> frozenset[str]:
    """The codes of the languages for which identifiers mistake `language`: `sk` for `cs`."""
    codes = frozenset().union(*_GROUPS)
    own = labels_of(Language(language.primary), codes)
    return frozenset().union(*(group for group in _GROUPS if own & group)) - own


def close_off_target(count: "OffTarget") -> Score:
    """The share of all hypotheses that are in a close relative of the target language, in percent.

    This part of the off-target ratio may be the identifier's error rather than the system's. Compare it with
    the floor, the ratio of human text.

    Raises:
        UserError: nothing was counted.
    """
    whole = count.score
    relatives = close_relatives(count.language)
    close = sum(n for label, n in count.produced_off.items() if label.split("-")[0] in relatives)
    signature = f"close:{'+'.join(sorted(relatives)) or 'none'}|{whole.signature}"
    return Score("otr_close", 100.0 * close / count.n, count.n, signature, wilson(close, count.n))
