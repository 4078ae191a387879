"""Merges the signatures of related scores."""

from collections.abc import Sequence


def merged(signatures: Sequence[str]) -> str:
    """Merges signatures with the same fields; a field in which they differ lists all values: `tok:13a,zh`.

    Raises:
        ValueError: the signatures have different fields.
    """
    fields = []
    for values in zip(*(signature.split("|") for signature in signatures), strict=True):
        keys = {value.partition(":")[0] for value in values}
        if len(keys) > 1:
            raise ValueError(f"signatures differ in their fields: {', '.join(sorted(keys))}")
        fields.append(f"{keys.pop()}:{','.join(dict.fromkeys(v.partition(':')[2] for v in values))}")
    return "|".join(fields)


def shape(signature: str) -> tuple[str, ...]:
    """The fields of a signature without their values; signatures of the same shape can be merged."""
    return tuple(field.partition(":")[0] for field in signature.split("|"))
