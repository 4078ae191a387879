"""Instruction-conflicting samples: the same input and output with another instruction.

Zan et al. 2025, section 3.2. The policy `source-copy` keeps the instruction and replaces the output by the
input.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """The settings of conflicting samples.

    Attributes:
        policy: `any-instruction`, the paper's, draws any other instruction of the pool, including those with
            the right target but another source. `wrong-target` always draws another target language.
            `confusion` does so in proportion to a model's own confusions: how often it produced the
            response's language when the drawn one was requested. `reversed` uses the opposite direction.
            `source-copy` keeps the instruction and unlearns the source as its response.
        directions: the pool of `any-instruction`, `wrong-target` and `confusion`. `seen` has only the
            supervised directions, `any` also has unseen ones. A policy that defines its own instructions, as
            `reversed` does, ignores this setting.
        weighting: the weights of the response tokens to unlearn.
        eos: also unlearns the end token. The paper's code does this, which teaches the model not to stop.
        redraw: draws new instructions in every pass, instead of repeating those of the first pass.
        counts: the counts for `confusion`.
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
    """The sample that unlearns `translation`, or its source, as the response to an instruction.

    Args:
        translation: the translation.
        instruction: the direction that the conflicting instruction requests.
        conflict: the settings.
        template: the prompt template.
        worded: the instruction in other words than the template's, with {source} and {target}.
        post_instruction: puts the input before the instruction.
    """
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
        # The text from which words may be copied. A copy has all words of the source; the words that also
        # occur in the right translation are not evidence of copying.
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
    """Draws one conflicting instruction for each translation, uniformly or by counts.

    Args:
        directions: the directions of the translations.
        conflict: the settings.
        languages: all languages of the recipe.
        supervised: the supervised directions.
        seed: the random seed.
        pass_number: the number of the pass over the data, from 0.

    Returns:
        An instruction for each translation; None if `confusion` has no counts for its language, so that there
        is nothing to unlearn.

    Raises:
        UserError: some direction has no other instruction to conflict with.
    """
    rng = random.Random(f"{seed} conflict {pass_number if conflict.redraw else 0}")
    # One pool for each direction, with weights for `confusion`; drawing changes neither.
    pools: dict[Direction, tuple[list[Direction], list[int]]] = {}
    drawn: list[Direction | None] = []
    for right in directions:
        if right not in pools:
            pool = _pool(right, conflict, languages, supervised)
            pools[right] = pool, _weights(right, pool, conflict)
        pool, weights = pools[right]
        if conflict.policy == "confusion":
            drawn.append(rng.choices(pool, weights)[0] if any(weights) else None)
        else:
            drawn.append(rng.choice(pool))
    return drawn


def check_conflicts(
    conflict: Conflict, languages: Sequence[Language], supervised: Sequence[Direction]
) -> None:
    """Checks before training that `conflicting_instructions` can draw an instruction for each direction.

    Raises:
        UserError: a direction has no instruction to conflict with, or the counts contain no confusion.
    """
    pools = {right: _pool(right, conflict, languages, supervised) for right in supervised}
    if conflict.policy == "confusion" and not any(
        any(_weights(right, pool, conflict)) for right, pool in pools.items()
    ):
        raise UserError(
            "the counts of the policy 'confusion' contain no outputs in a wrong language among "
            f"{', '.join(map(str, languages))}; use the policy 'wrong-target'"
        )


def right_targets(directions: Sequence[Direction], drawn: Sequence[Direction | None]) -> float:
    """Share of conflicting samples whose instruction requests the right target language, 0 to 1."""
    pairs = Counter(
        (wrong, right) for wrong, right in zip(drawn, directions, strict=True) if wrong is not None
    )
    same = sum(count for (wrong, right), count in pairs.items() if wrong.target == right.target)
    return same / max(pairs.total(), 1)


def _pool(
    right: Direction, conflict: Conflict, languages: Sequence[Language], supervised: Sequence[Direction]
) -> list[Direction]:
    """The instructions for a direction, one of which is drawn for each of its translations."""
    pool = _instructions(right, conflict, languages, supervised)
    if pool:
        return pool
    wider = replace(conflict, directions="any")
    helps = conflict.directions == "seen" and _instructions(right, wider, languages, supervised)
    remedy = "use `directions: any`" if helps else "add a language to `languages`"
    raise UserError(
        f"no instruction conflicts with {right} under the policy '{conflict.policy}'"
        f"{' and `directions: seen`' if helps else ''}; {remedy}, or use the policy 'reversed' or "
        "'source-copy', which need no third language"
    )


def _instructions(
    right: Direction, conflict: Conflict, languages: Sequence[Language], supervised: Sequence[Direction]
) -> list[Direction]:
    """All instructions that the policy allows for a direction, possibly none."""
    if conflict.policy == "source-copy":
        return [right]
    if conflict.policy == "reversed":
        return [right.reverse]
    if conflict.directions == "seen":
        pool = [direction for direction in supervised if direction != right]
    else:
        pool = [Direction(right.source, target) for target in languages if target != right.source]
        pool = [direction for direction in pool if direction != right]
    # Another target, and not the language of the text itself.
    if conflict.policy != "any-instruction":
        pool = [direction for direction in pool if direction.target not in right.sides]
    return pool


def _weights(right: Direction, pool: Sequence[Direction], conflict: Conflict) -> list[int]:
    """How often the language of the response was produced when that of each instruction was requested."""
    return [times(conflict.counts or {}, wrong.target, right.target) for wrong in pool]
