"""Keys and values of rows that decode together: new ones are appended, rows leave, and others join.

The columns of all rows end at the same place, so a step writes one block. A row that joins has its last key
there, too, and zeros before its first one: no value of an earlier row is left where it is only masked.
"""

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer


class AppendingCache(Cache):  # type: ignore[misc]
    """A cache of Transformers with one `AppendingLayer` for each layer of the model."""

    def __init__(self) -> None:
        super().__init__(layer_class_to_replicate=AppendingLayer)

    def drop(self, columns: int) -> None:
        """Drops the first columns of all rows."""
        for layer in self.layers:
            layer.drop(columns)

    def join(self, other: "AppendingCache") -> None:
        """Appends the rows of another cache."""
        for layer, of_other in zip(self.layers, other.layers, strict=True):
            layer.join(of_other)


class AppendingLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values in buffers with spare room, so that appending copies only the new ones.

    Attributes:
        keys: [rows, heads, columns, size].
        values: of the same shape.
    """

    is_initialized: bool
    keys: Tensor
    values: Tensor
    _rows = _start = _end = 0  # the part of the buffers that is in use
    _buffers: list[Tensor]

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Appends columns, [rows, heads, new, size], and returns keys and values of all columns."""
        new = key_states.shape[2]
        if not self.is_initialized:
            self.dtype, self.device, self.is_initialized = key_states.dtype, key_states.device, True
            self._rows = len(key_states)
            self._buffers = [states[:, :, :0] for states in (key_states, value_states)]
        self._reserve(self._rows, after=new)
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            self._used(buffer).narrow(2, self._end, new).copy_(states)
        self._end += new
        self._show()
        return self.keys, self.values

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeats each row."""
        self._buffers = [buffer.repeat_interleave(repeats, dim=0) for buffer in self._buffers]
        self._rows *= repeats
        self._show()

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keeps these rows, in this order. Only those whose place changes are copied."""
        self._rows = len(indices)
        places = torch.arange(self._rows, device=indices.device)
        moved = indices != places
        places, indices = places[moved], indices[moved]
        for buffer in self._buffers:
            used = buffer[:, :, self._start : self._end]
            used[places] = used[indices]
        self._show()

    def drop(self, columns: int) -> None:
        """Drops the first columns of all rows."""
        self._start += columns
        self._show()

    def join(self, other: "AppendingLayer") -> None:
        """Appends the rows of another layer."""
        first, columns = self._rows, other._end - other._start
        self._reserve(first + other._rows, before=columns - (self._end - self._start))
        for buffer, states in zip(self._buffers, (other.keys, other.values), strict=True):
            new = buffer[first : first + other._rows, :, self._start : self._end]
            new[:, :, : new.shape[2] - columns] = 0
            new[:, :, new.shape[2] - columns :] = states
        self._rows += other._rows
        self._show()

    def _reserve(self, rows: int, *, before: int = 0, after: int = 0) -> None:
        """Makes room for a number of rows, and for columns on both sides. Those before belong to all rows."""
        before = max(before, 0)
        capacity = self._buffers[0]
        more_rows = rows > len(capacity)
        if not more_rows and before <= self._start and self._end + after <= capacity.shape[2]:
            self._start -= before
            for buffer in self._buffers if before else ():
                buffer[: self._rows, :, self._start : self._start + before] = 0
            return
        columns = self._end - self._start
        total = before + columns + after + max(columns // 2, 64)
        room = rows + rows // 4 if more_rows else len(capacity)
        for place, buffer in enumerate(self._buffers):
            roomy = buffer.new_zeros(room, buffer.shape[1], total, buffer.shape[3])
            used = buffer[: self._rows, :, self._start : self._end]
            roomy[: self._rows, :, before : before + columns] = used
            self._buffers[place] = roomy
        self._start, self._end = 0, before + columns
        self._show()

    def _show(self) -> None:
        columns = self._end - self._start
        self.keys, self.values = (
            self._used(buffer).narrow(2, self._start, columns) for buffer in self._buffers
        )

    def _used(self, buffer: Tensor) -> Tensor:
        """The rows in use, without a further operation if they are all."""
        return buffer if self._rows == len(buffer) else buffer[: self._rows]
