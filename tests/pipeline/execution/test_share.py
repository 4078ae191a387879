import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.pipeline.execution.share import PointShare


@given(st.integers(1, 300), st.data())
def test_shares_have_each_point_once_in_order_and_are_of_one_size(points: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, points))
    shares = [PointShare.parse(f"{number}/{count}").of(points) for number in range(1, count + 1)]
    assert [point for share in shares for point in share] == list(range(points))
    sizes = {len(share) for share in shares}
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 1


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/4/2", "1.5/2", "٣/٤"])
def test_anything_else_is_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match="is not valid; write I/N"):
        PointShare.parse(text)
