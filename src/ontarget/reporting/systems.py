"""The systems of the paper's table and ours: their order and the names that they are printed under."""

from collections.abc import Iterable

REFERENCE = "reference"
"""The system id of the human references: their off-target ratio is the floor of any system's."""
OURS = ("ontarget", "ontarget-any")
"""What is not the paper's; printed in bold, or on a ground of its own."""

_NAMES = {
    "llama": "LLaMA",
    "mt": "MT",
    "post-ins": "Post-ins",
    "ptl": "PTL",
    "1-shot": "1-shot",
    "5-shot": "5-shot",
    "contrastive": "C_src+lang",
    "first-token-contrast": "first-token contrast",
    "language-prior": "language prior",
    "token-boosting": "LATB",
    "adaptive-boosting": "Adaptive-LATB",
    "anti-lm": "Anti-LM",
    "reranked": "re-ranked",
    "retried": "re-ranked, retried",
    "lat": "LAT",
    "ontarget": "ontarget",
    "ontarget-any": "ontarget-any",
    "pivot": "Pivot",
    REFERENCE: "reference (floor)",
}


def display_name(system: str) -> str:
    """The name that is printed: `display_name("contrastive") == "C_src+lang"`; a user's own id stays."""
    return _NAMES.get(system, system)


def in_table_order(systems: Iterable[str]) -> tuple[str, ...]:
    """The distinct systems as the table lists them; the user's own follow as given, references are last."""
    order = {system: place for place, system in enumerate(_NAMES)}
    return tuple(sorted(dict.fromkeys(systems), key=lambda s: (s == REFERENCE, order.get(s, len(order)))))
