"""The models of a server by name; the first one is the default."""

from collections.abc import Callable, Mapping

from ontarget.errors import nearest
from ontarget.serving.failure import wrong
from ontarget.serving.model_owner import ModelOwner, State

DEFAULT_NAME = "ontarget"
"""The name of a model without one, and another name of the default model in requests."""

_WORST_FIRST: tuple[State, ...] = ("lost", "closed", "restarting", "loading", "ready")


class ServedModels:
    """Several models, each in processes of its own.

    Args:
        owners: the models; at least one.

    Attributes:
        default: the name of the model for requests that name none.
    """

    def __init__(self, owners: Mapping[str, ModelOwner]) -> None:
        self._owners = dict(owners)
        self.default = next(iter(self._owners))

    @property
    def names(self) -> list[str]:
        """All names, the default first."""
        return list(self._owners)

    def resolved(self, name: str | None) -> str:
        """The name of a model that a request names, or of the default.

        Raises:
            Failure: there is no such model.
        """
        if name is None or name in self._owners:
            return name or self.default
        if name == DEFAULT_NAME:
            return self.default
        hint = nearest(name, self._owners)
        listed = hint or f"; the models of this server are {', '.join(self._owners)}"
        raise wrong(f"there is no model of this name{listed}", "unknown_model")

    def named(self, name: str | None = None) -> ModelOwner:
        """The model of a name, or the default.

        Raises:
            Failure: there is no such model.
        """
        return self._owners[self.resolved(name)]

    @property
    def state(self) -> State:
        """That of the model which is farthest from being ready."""
        return min((one.state for one in self._owners.values()), key=_WORST_FIRST.index)

    @property
    def ready(self) -> bool:
        """Whether all models answer."""
        return self.state == "ready"

    @property
    def error(self) -> Exception | None:
        """Why a model could not be loaded at first, if one could not."""
        return next((one.error for one in self._owners.values() if one.error is not None), None)

    def start(self, ended: Callable[[], None] = lambda: None) -> None:
        """Begins to load all models.

        Args:
            ended: called in a thread if one cannot be loaded; `error` then has the reason.
        """
        for one in self._owners.values():
            one.start(ended)

    def close(self) -> None:
        """Ends all models."""
        for one in self._owners.values():
            one.close()
