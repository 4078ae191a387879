"""A progress bar for notebooks and terminals, for those who ask for one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

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
    """What `progress` of a call stands for: a bar (True), a function, or nothing (False)."""
    return progress_bar(name) if progress is True else nullcontext(progress or None)
