"""Reads YAML safely: without Python objects, duplicate keys, deep nesting, and aliases that expand a lot."""

from itertools import chain
from typing import Any

import yaml

_MOST_VALUES = 100_000
_MOST_LEVELS = 100


class ShallowLoader(yaml.SafeLoader):
    """Safe YAML of at most 100 levels: PyYAML looks at each open level again for each word of a text.

    It is refused where it becomes too deep, before the rest is read.
    """

    def fetch_flow_collection_start(self, token: Any) -> None:
        """Enters `[` or `{`."""
        super().fetch_flow_collection_start(token)
        self._check_depth()

    def add_indent(self, column: int) -> bool:
        """Enters a block if a line is indented further."""
        added = bool(super().add_indent(column))
        self._check_depth()
        return added

    def _check_depth(self) -> None:
        if len(self.indents) + self.flow_level > _MOST_LEVELS:
            problem = "it is nested too deeply"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark())


class _Loader(ShallowLoader):
    """YAML without duplicate keys, of which YAML itself would keep the second.

    As in YAML 1.2, `no`, `yes`, `on` and `off` are words: `no` is Norwegian. For boolean settings, pydantic
    converts them.
    """

    def compose_mapping_node(self, anchor: Any) -> Any:
        node: Any = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if key.value in seen:
                problem = f"the key '{key.value}' occurs twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if not (tag.endswith(":bool") and first in "yYnNoO")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Any:
    """The value of a YAML text.

    Raises:
        YAMLError: the text is not YAML, has a key twice, or has aliases that expand to a huge value.
    """
    try:
        node = yaml.compose(text, _Loader)
        if node is not None and _values(node, {}) > _MOST_VALUES:
            raise yaml.YAMLError(f"its aliases expand to more than {_MOST_VALUES:,} values")
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # an invalid number or date
        raise yaml.YAMLError(str(error)) from None


def problem_in(error: yaml.YAMLError) -> str:
    """What is wrong and in which line, without the text, which may have a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"{problem} (line {mark.line + 1})" if mark else problem


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """The number of values that a node expands to, with aliases; a node within itself exceeds the limit."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1  # preliminary: if the node occurs again, it is within itself
        inside = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_values(inner, known) for inner in inside)
    return known[id(node)]
