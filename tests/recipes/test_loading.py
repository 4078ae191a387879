"""Finding a recipe, and changing it on the command line."""

from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.recipes.loading import find, load, override, shipped


def test_a_recipe_is_found_by_name_or_path(tmp_path: Path) -> None:
    assert set(shipped()) >= {"phrasebook-tiny", "multi30k-tiny", "diagnose"}
    mine = tmp_path / "mine.yaml"
    mine.write_text(find("phrasebook-tiny").read_text(encoding="utf-8"), encoding="utf-8")
    assert load(mine) == load(str(mine)) == load("phrasebook-tiny")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("phrasebok-tiny", "unknown recipe 'phrasebok-tiny'; did you mean 'phrasebook-tiny'"),
        ("zzz", "there are diagnose, "),
        ("nowhere/mine.yaml", "there is no recipe file nowhere/mine.yaml"),
    ],
)
def test_one_that_is_not_there_is_named_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(name)


def test_a_file_that_is_no_recipe_is_said_to_be_none(tmp_path: Path) -> None:
    for content, message in (
        (b"a: [", "is not YAML"),
        (b"- a", "not a mapping"),
        (b"\xff", "not UTF-8 at byte 0"),
    ):
        path = tmp_path / "bad.yaml"
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            load(path)


def test_a_directory_is_no_recipe_but_may_have_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is a directory, not a recipe; give a \.yaml file or a name"):
        load(tmp_path)
    (tmp_path / "recipe.yaml").touch()
    with pytest.raises(UserError, match=r"is a directory, not a recipe; give '.*recipe\.yaml'"):
        load(tmp_path)


def test_overrides_are_read_as_yaml() -> None:
    changed = load(
        "phrasebook-tiny",
        [
            *("stages.mt.samples=100", "stages.lat.tuning.learning_rate=2e-6", "systems=[mt, lat]"),
            *(
                "decoding={num_beams: 1, max_new_tokens: 7}",
                "about=a=b",
                "test_lines=all",
                "systems.mt.decoding.num_beams=3",
            ),
        ],
    )
    assert changed.stages["mt"].samples == 100  # type: ignore[union-attr]
    assert changed.stages["lat"].tuning.learning_rate == 2e-6
    assert list(changed.systems) == ["mt", "lat"]
    assert changed.decoding_of("mt").num_beams == 3
    assert changed.decoding_of("lat").max_new_tokens == 7
    assert changed.about == "a=b"
    assert changed.test_lines == "all"


def test_a_mapping_serves_as_well() -> None:
    assert load("phrasebook-tiny", {"stages.mt.samples": 100}) == load(
        "phrasebook-tiny", ["stages.mt.samples=100"]
    )


def test_a_block_that_the_recipe_leaves_out_can_be_set() -> None:
    data: dict[str, object] = {"decoding": None}
    changed = override(data, ["decoding.num_beams=2", "stages.mt={kind: sft}"])
    assert changed["decoding"] == {"num_beams": 2}
    assert changed["stages"] == {"mt": {"kind": "sft"}}
    assert data == {"decoding": None}


def test_changing_where_mt_starts_changes_what_llama_is() -> None:
    changed = load("phrasebook-tiny", ["stages.mt.from=owner/model"])
    assert changed.model_of("base") == "owner/model"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("beam", "'beam' is not a valid override; expected, for example, stages.mt.samples=100"),
        ("=3", "'=3' is not a valid override"),
        ("seed=[", "the value of 'seed' is not YAML"),
        (
            "stages.mtt.samples=1",
            "unknown key 'stages.mtt.samples': there is no 'stages.mtt'; did you mean 'mt'",
        ),
        ("systems.lta.model=mt", "there is no 'systems.lta'; did you mean 'lat'"),
        (
            "systems.mt=null",
            r"'systems\.mt=null' leaves out nothing; name the systems that stay, as in systems='\[base, ",
        ),
        ("seed.x=1", "unknown key 'seed.x': seed is 1 and has no keys"),
        (
            "about.x=1",
            "unknown key 'about.x': about is 'The whole .{46}[.]{3} and has no keys",
        ),
    ],
)
def test_a_wrong_override_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load("phrasebook-tiny", [text])
    assert "\n" not in str(caught.value)


class TestExtending:
    @staticmethod
    def written(folder: Path, **files: str) -> None:
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def test_changes_what_it_says_and_nothing_else(self, tmp_path: Path) -> None:
        self.written(
            tmp_path, mine="{extends: phrasebook-tiny, name: mine, stages.mt.samples: 7, systems: [mt]}"
        )
        overrides = {"name": "mine", "stages.mt.samples": 7, "systems": ["mt"]}
        assert load(tmp_path / "mine.yaml") == load("phrasebook-tiny", overrides)
        assert load(tmp_path / "mine.yaml", ["stages.mt.samples=9"]).stages["mt"].samples == 9  # type: ignore[union-attr]

    def test_finds_a_file_beside_it(self, tmp_path: Path) -> None:
        text = find("phrasebook-tiny").read_text(encoding="utf-8")
        self.written(tmp_path, first=text, second="{extends: first.yaml, seed: 2}")
        assert load(tmp_path / "second.yaml").seed == 2

    @pytest.mark.parametrize(
        "changes",
        ["stages: {lat: {conflict: {policy: reversed}}}", "stages.lat: {conflict: {policy: reversed}}"],
    )
    def test_a_stage_that_is_replaced_by_one_of_its_keys_is_explained(
        self, tmp_path: Path, changes: str
    ) -> None:
        self.written(tmp_path, a=f"{{extends: phrasebook-tiny, name: a, {changes}}}")
        with pytest.raises(
            UserError, match=r"'stages.lat.kind' is missing: a mapping .* use `stages.lat.conflict`$"
        ):
            load(tmp_path / "a.yaml")
        self.written(
            tmp_path, b="{extends: phrasebook-tiny, name: b, stages.lat.conflict: {policy: reversed}}"
        )
        assert load(tmp_path / "b.yaml").stages["lat"].conflict.policy == "reversed"  # type: ignore[union-attr]

    def test_goes_one_level_deep(self, tmp_path: Path) -> None:
        self.written(tmp_path, a="{extends: phrasebook-tiny}", b="{extends: a.yaml}")
        with pytest.raises(UserError, match=r"extends 'a\.yaml', which itself extends another"):
            load(tmp_path / "b.yaml")

    def test_a_recipe_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        self.written(tmp_path, a="{extends: phrasebok-tiny}", b="{extends: nowhere.yaml}")
        with pytest.raises(
            UserError, match="unknown recipe 'phrasebok-tiny'; did you mean 'phrasebook-tiny'"
        ):
            load(tmp_path / "a.yaml")
        with pytest.raises(UserError, match=r"there is no recipe file nowhere.yaml"):
            load(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name: caf\xe9\n", "is not UTF-8 at byte 9"),
        (b"name: " + b"[" * 5000, "is not YAML: it is nested too deeply"),
        (b"seed: " + b"9" * 5000, "is not YAML: Exceeds the limit"),
        (b"extends: phrasebook-tiny\nsystems: {null: null}\n", "unknown system 'systems.None'"),
        (
            b"extends: phrasebook-tiny\n"
            b"stages.st: {kind: self-training, from: mt, rounds: 1000000000000, tuning: {max_steps: 1}}\n",
            "rounds",
        ),
    ],
)
def test_a_file_that_no_recipe_can_be_read_from(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(text)
    with pytest.raises(UserError) as caught:
        load(file)
    assert said in str(caught.value)
