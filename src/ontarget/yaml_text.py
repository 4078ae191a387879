"""YAML as it is safe to read: no objects, each key once, and no small text that stands for a huge one."""

from itertools import chain
from typing import Any

import yaml

_MOST_VALUES = 100_000


class _Loader(yaml.SafeLoader):
    """YAML as it is safe to read, each key once: of a key that is there twice YAML itself keeps the second.

    As in YAML 1.2, `no`, `yes`, `on` and `off` are words: `no` is Norwegian. Where a setting is true or
    false, pydantic understands them as that.
    """

    def compose_mapping_node(self, anchor: Any) -> Any:
        node: Any = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if key.value in seen:
                said = f"'{key.value}' is there twice"
                raise yaml.MarkedYAMLError(problem=said, problem_mark=key.start_mark)
            seen.add(key.value)
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if not (tag.endswith(":bool") and first in "yYnNoO")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Any:
    """What a text in YAML says.

    Raises:
        YAMLError: it is none, has a key twice, or is a small text that stands for a huge one.
    """
    try:
        node = yaml.compose(text, _Loader)
        if node is not None and _values(node, {}) > _MOST_VALUES:
            raise yaml.YAMLError(f"its aliases stand for more than {_MOST_VALUES:,} values")
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # a number or date that is none
        raise yaml.YAMLError(str(error)) from None


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, aliases included; one within itself has no end."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1  # until it is known: where it is met again, it is within itself
        inside = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_values(inner, known) for inner in inside)
    return known[id(node)]
