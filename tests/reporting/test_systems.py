from ontarget.reporting.systems import in_table_order


def test_own_systems_follow_those_of_the_table_and_references_come_last() -> None:
    assert in_table_order(["mine", "reference", "pivot", "mt", "also-mine", "mt"]) == (
        "mt",
        "pivot",
        "mine",
        "also-mine",
        "reference",
    )
