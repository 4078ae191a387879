"""A progress bar for notebooks and terminals, for those who ask for one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from ontarget import given
from ontarget.translation.engines.protocol import Progress


@contextmanager
def progress_bar(name: str) -> Iterator[Progress]:
    """Shows a bar, with speed and time left, while the block runs.

    Args:
        name: the text before the bar.
    Returns:
        The function that moves the bar.
    """
    from tqdm.auto import tqdm  # comes with the libraries of models, and knows notebooks

    with tqdm(desc=name, unit=" lines") as bar:

        def update(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield update


def shown(progress: Progress | bool, name: str) -> AbstractContextManager[Progress | None]:
    """What `progress` of a call stands for: a bar (True), a function, or nothing (False).

    Raises:
        UserError: it is something else.
    """
    if progress is True:
        return progress_bar(name)
    hint = "give True for a bar, or a function of two numbers"
    return nullcontext(given.progress(None if progress is False else progress, hint))
