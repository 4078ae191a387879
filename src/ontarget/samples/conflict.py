"""Instruction-conflicting samples: same input, same output, another instruction.

Zan et al. 2025, section 3.2.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.sample import Sample, Tokens

Policy = Literal["any-instruction", "wrong-target"]
Named = Literal["seen", "any"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """How conflicting samples are made.

    Attributes:
        policy: `any-instruction` is the paper's: any other instruction of the pool, also one that asks for
            the right target from another source. `wrong-target` always asks for another target language.
        directions: the pool. `seen` holds the supervised directions alone; `any` names unseen ones too.
        tokens: which response tokens are unlearnt.
        eos: whether the end token is unlearnt with them (the paper's code does: the model is taught not to
            stop).
        redraw: a new instruction in every pass, or the first pass's again.
    """

    policy: Policy = "wrong-target"
    directions: Named = "any"
    tokens: Tokens = "first"
    eos: bool = False
    redraw: bool = True


def conflicting_sample(
    translation: Translation, instruction: Direction, conflict: Conflict, template: PromptTemplate
) -> Sample:
    """The sample that unlearns `translation` as the answer to another instruction."""
    return Sample(
        prompt=template.render(translation.source, instruction),
        response=translation.target,
        sign=-1,
        tokens=conflict.tokens,
        eos=conflict.eos,
        asked=instruction.target,
        produced=translation.direction.target,
        source=translation.source,
    )


def conflicting_instructions(
    translations: Sequence[Translation],
    conflict: Conflict,
    languages: Sequence[Language],
    supervised: Sequence[Direction],
    seed: int,
    pass_number: int,
) -> list[Direction]:
    """Draws one wrong instruction for each translation, uniformly from those that its policy allows.

    Raises:
        UserError: some translation has no other instruction to conflict with.
    """
    rng = random.Random(f"{seed} conflict {pass_number if conflict.redraw else 0}")
    # Made once a direction: never changed while it is drawn from.
    pools: dict[Direction, list[Direction]] = {}
    drawn = []
    for translation in translations:
        right = translation.direction
        if right not in pools:
            pools[right] = _pool(right, conflict, languages, supervised)
        drawn.append(rng.choice(pools[right]))
    return drawn


def _pool(
    right: Direction, conflict: Conflict, languages: Sequence[Language], supervised: Sequence[Direction]
) -> list[Direction]:
    if conflict.directions == "seen":
        pool = [direction for direction in supervised if direction != right]
    else:
        pool = [Direction(right.source, target) for target in languages if target != right.source]
        pool = [direction for direction in pool if direction != right]
    if conflict.policy == "wrong-target":  # another target, and not the language that the text is in already
        pool = [direction for direction in pool if direction.target not in (right.source, right.target)]
    if not pool:
        raise UserError(
            f"no instruction conflicts with {right} under the policy '{conflict.policy}' "
            f"over {conflict.directions} directions; add a language to `languages`, or use directions: any"
        )
    return pool
