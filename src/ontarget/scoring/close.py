"""Close relatives: pairs of languages between which identification errs on human text, too."""

from typing import TYPE_CHECKING

from ontarget.languages import Language
from ontarget.scoring.interval import wilson
from ontarget.scoring.labels import labels_of
from ontarget.scoring.score import Score

if TYPE_CHECKING:
    from ontarget.scoring.off_target import OffTarget

# Each language of a group is a close relative of the others. Codes are those of lid.176's labels.
_GROUPS = (
    {"cs", "sk"},
    {"ru", "uk", "be"},
    {"uk", "rue"},
    {"bg", "mk"},
    {"hr", "sr", "bs", "sh", "cnr"},
    {"sl", "hr"},
    {"es", "it", "pt"},
    {"es", "pt", "gl", "ca", "an", "ast"},
    {"ca", "oc"},
    {"it", "lmo", "nap", "pms", "scn", "vec", "eml", "co"},
    {"nl", "af", "fy", "nds", "li", "vls"},
    {"de", "als", "bar", "lb", "nds", "pfl"},
    {"no", "nb", "nn", "da", "sv"},
    {"id", "ms", "min", "jv", "su"},
    {"zh", "yue", "wuu"},
    {"ar", "arz", "apc", "ars", "ary", "acm", "acq", "aeb", "ajp"},
    {"hi", "ur", "mai", "bh", "bho"},
    {"fa", "prs", "tg", "mzn"},
    {"tr", "az"},
    {"en", "sco"},
    {"tl", "fil", "ceb"},
    {"fi", "et"},
)


def close_relatives(language: Language) -> frozenset[str]:
    """The codes of the languages that identification takes `language` for: `sk` of `cs`."""
    codes = frozenset().union(*_GROUPS)
    own = labels_of(Language(language.primary), codes)
    return frozenset().union(*(group for group in _GROUPS if own & group)) - own


def close_off_target(count: "OffTarget") -> Score:
    """The share of all hypotheses that are in a close relative of the language asked for, in percent.

    What of the off-target ratio may be the identifier's error rather than the system's; the floor says how
    much of it human text has.

    Raises:
        UserError: nothing was counted.
    """
    whole = count.score
    relatives = close_relatives(count.language)
    close = sum(n for label, n in count.produced_off.items() if label.split("-")[0] in relatives)
    signature = f"close:{'+'.join(sorted(relatives)) or 'none'}|{whole.signature}"
    return Score("otr_close", 100.0 * close / count.n, count.n, signature, wilson(close, count.n))
