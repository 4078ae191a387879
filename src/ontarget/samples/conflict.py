"""Instruction-conflicting samples: same input, same output, another instruction.

Zan et al. 2025, section 3.2. Or the same instruction, and the input in the place of the output.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.confusion import Counts, times
from ontarget.samples.sample import Sample
from ontarget.samples.weighting import Weighting

Policy = Literal["any-instruction", "wrong-target", "reversed", "confusion", "source-copy"]
Named = Literal["seen", "any"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """How conflicting samples are made.

    Attributes:
        policy: `any-instruction` is the paper's: any other instruction of the pool, also one that asks for
            the right target from another source. `wrong-target` always asks for another target language.
            `confusion` does so as often as a model was seen to answer in this language when it was asked for
            that one. `reversed` asks for the way back. `source-copy` leaves the instruction as it is, and
            unlearns the source as the answer to it.
        directions: the pool of the first three. `seen` holds the supervised directions alone; `any` names
            unseen ones too.
        weighting: which response tokens are unlearnt, and how much.
        eos: whether the end token is unlearnt with them (the paper's code does: the model is taught not to
            stop).
        redraw: a new instruction in every pass, or the first pass's again.
        counts: what `confusion` draws by.
    """

    policy: Policy = "wrong-target"
    directions: Named = "any"
    weighting: Weighting = Weighting("first")  # noqa: RUF009  (frozen)
    eos: bool = False
    redraw: bool = True
    counts: Counts | None = None


def conflicting_sample(
    translation: Translation,
    instruction: Direction,
    conflict: Conflict,
    template: PromptTemplate,
    worded: str | None = None,
    *,
    post_instruction: bool = False,
) -> Sample:
    """The sample that unlearns `translation`, or its source, as the answer to an instruction."""
    copied = conflict.policy == "source-copy"
    right = translation.direction
    return Sample(
        prompt=template.render(
            translation.source, instruction, worded=worded, post_instruction=post_instruction
        ),
        response=translation.source if copied else translation.target,
        sign=-1,
        weighting=conflict.weighting,
        eos=conflict.eos,
        asked=instruction.target,
        produced=right.source if copied else right.target,
        # From which words may come as they are. A copy has all words of the source; those that stand in the
        # right answer, too, are no sign of it.
        source=translation.target if copied else translation.source,
    )


def conflicting_instructions(
    directions: Sequence[Direction],
    conflict: Conflict,
    languages: Sequence[Language],
    supervised: Sequence[Direction],
    seed: int,
    pass_number: int,
) -> list[Direction | None]:
    """Draws one instruction for each translation from those that its policy allows, alike or by counts.

    `directions` are those of the translations. None stands where `confusion` has counted no way to come to
    this language: there is nothing to unlearn.

    Raises:
        UserError: some direction has no other instruction to conflict with.
    """
    rng = random.Random(f"{seed} conflict {pass_number if conflict.redraw else 0}")
    # Made once a direction: never changed while it is drawn from.
    pools: dict[Direction, list[Direction]] = {}
    drawn: list[Direction | None] = []
    for right in directions:
        if right not in pools:
            pools[right] = _pool(right, conflict, languages, supervised)
        if conflict.policy == "confusion":
            weights = _weights(right, pools[right], conflict)
            drawn.append(rng.choices(pools[right], weights)[0] if any(weights) else None)
        else:
            drawn.append(rng.choice(pools[right]))
    return drawn


def check_conflicts(
    conflict: Conflict, languages: Sequence[Language], supervised: Sequence[Direction]
) -> None:
    """Finds before training what `conflicting_instructions` could not draw from.

    Raises:
        UserError: a direction has no instruction to conflict with, or the counts know of no confusion.
    """
    pools = {right: _pool(right, conflict, languages, supervised) for right in supervised}
    if conflict.policy == "confusion" and not any(
        any(_weights(right, pool, conflict)) for right, pool in pools.items()
    ):
        raise UserError(
            "the counts of the policy 'confusion' hold no answer in another language than the one asked for, "
            f"among {', '.join(map(str, languages))}; use the policy 'wrong-target'"
        )


def right_targets(directions: Sequence[Direction], drawn: Sequence[Direction | None]) -> float:
    """Share of conflicting samples whose instruction asks for the right target language."""
    asked = Counter(
        (wrong, right) for wrong, right in zip(drawn, directions, strict=True) if wrong is not None
    )
    same = sum(count for (wrong, right), count in asked.items() if wrong.target == right.target)
    return same / max(asked.total(), 1)


def _pool(
    right: Direction, conflict: Conflict, languages: Sequence[Language], supervised: Sequence[Direction]
) -> list[Direction]:
    if conflict.policy == "source-copy":
        return [right]
    if conflict.policy == "reversed":
        return [right.reverse]
    if conflict.directions == "seen":
        pool = [direction for direction in supervised if direction != right]
    else:
        pool = [Direction(right.source, target) for target in languages if target != right.source]
        pool = [direction for direction in pool if direction != right]
    if (
        conflict.policy != "any-instruction"
    ):  # another target, and not the language that the text is in already
        pool = [direction for direction in pool if direction.target not in right.sides]
    if not pool:
        raise UserError(
            f"no instruction conflicts with {right} under the policy '{conflict.policy}' "
            f"over {conflict.directions} directions; add a language to `languages`, use directions: any, or "
            "the policy 'reversed' or 'source-copy', which need no third language"
        )
    return pool


def _weights(right: Direction, pool: Sequence[Direction], conflict: Conflict) -> list[int]:
    """How often the language of the response was produced where that of each instruction was asked for."""
    return [times(conflict.counts or {}, wrong.target, right.target) for wrong in pool]
