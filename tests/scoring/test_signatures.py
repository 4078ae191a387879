import pytest

from ontarget.scoring.signatures import merged, shape


def test_fields_that_differ_list_each_value_once() -> None:
    several = ["nrefs:1|tok:13a|n:3", "nrefs:1|tok:zh|n:3", "nrefs:2|tok:13a|n:3"]
    assert merged(several) == "nrefs:1,2|tok:13a,zh|n:3"
    assert merged(several[:1] * 2) == several[0]
    assert {shape(one) for one in several} == {("nrefs", "tok", "n")}


def test_signatures_of_different_things_are_not_merged() -> None:
    with pytest.raises(ValueError, match="lid, tok"):
        merged(["tok:13a", "lid:script"])
