import gc
import json
import shutil

import pytest

torch = pytest.importorskip("torch")

from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

from ontarget.corpora.corpus import Translation  # noqa: E402
from ontarget.errors import UserError  # noqa: E402
from ontarget.hardware import release_memory  # noqa: E402
from ontarget.languages import Direction, Language  # noqa: E402
from ontarget.prompts.template import PromptTemplate  # noqa: E402
from ontarget.samples.conflict import Conflict  # noqa: E402
from ontarget.samples.groups import document_groups, language_aware_groups, translation_groups  # noqa: E402
from ontarget.settings.model_shape import ModelShape  # noqa: E402
from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.new_model import NewModel  # noqa: E402
from ontarget.training.saving import last_checkpoint  # noqa: E402
from ontarget.training.stage import StageData, train_stage  # noqa: E402
from ontarget.training.trainer import SignedTrainer  # noqa: E402

PLAIN = PromptTemplate.load("plain")
LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [Translation(f"casa {n}", f"house {n}", SUPERVISED[1]) for n in range(12)]
DOCUMENTS = [f"Italian: casa {n}\nEnglish: house {n}" for n in range(40)]
SHAPE = ModelShape(vocabulary=400, hidden=16, layers=1, heads=2, intermediate=32)
DATA = StageData(translation_groups(TRANSLATIONS, PLAIN), " ", {})


@pytest.fixture
def base(tmp_path):
    """A model made from nothing, on disk."""
    folder = tmp_path / "base"
    folder.mkdir()
    tuning = Tuning(learning_rate=1e-2, max_steps=20, global_batch_size=8, precision="fp32")
    data = StageData(document_groups(lambda _: DOCUMENTS), "", {})
    result = train_stage(NewModel(SHAPE, DOCUMENTS), data, tuning, output=folder, work=tmp_path / "work")
    assert result.steps == 20
    return folder


def tuned(start, tmp_path, name="out", data=DATA, tuning=None, **options):
    folder = tmp_path / name
    folder.mkdir()
    tuning = tuning or Tuning(learning_rate=1e-3, max_steps=6, global_batch_size=4, precision="fp32")
    result = train_stage(start, data, tuning, output=folder, work=tmp_path / f"{name}.work", **options)
    return AutoModelForCausalLM.from_pretrained(folder).state_dict(), result


def same(left, right):
    return all(torch.equal(left[name], right[name]) for name in left)


def test_a_new_model_learns_and_loads_like_any_other(base):
    records = [json.loads(line) for line in (base / "log.jsonl").read_text().splitlines()]
    assert records[-1]["step"] == records[-1]["steps"] == 20
    assert records[-1]["likelihood"] < records[0]["likelihood"] - 1
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    assert model.get_input_embeddings().num_embeddings == len(tokenizer) <= 400
    assert not list(base.glob("*.bin"))


def test_fault_9_tuning_grows_no_vocabulary(base, tmp_path):
    before = len(AutoTokenizer.from_pretrained(base))
    state, _ = tuned(base, tmp_path)
    assert state["model.embed_tokens.weight"].shape[0] == before
    assert len(AutoTokenizer.from_pretrained(tmp_path / "out")) == before


def test_nothing_holds_a_finished_stage(base):
    release_memory()
    assert not [one for one in gc.get_objects() if isinstance(one, SignedTrainer)]


def test_the_same_seed_gives_the_same_model(base, tmp_path):
    one, _ = tuned(base, tmp_path, "one", seed=3)
    two, _ = tuned(base, tmp_path, "two", seed=3)
    other, _ = tuned(base, tmp_path, "other", seed=4)
    assert same(one, two)
    assert not same(one, other)


def test_unlikelihood_lowers_the_probability_of_the_wrong_language(base, tmp_path):
    draw = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, seed=1)
    tuning = Tuning(learning_rate=5e-3, max_steps=40, global_batch_size=4, precision="fp32")
    tuned(base, tmp_path, "mt", tuning=tuning)
    tuned(tmp_path / "mt", tmp_path, "lat", StageData(draw, " ", {}), tuning)
    records = [json.loads(line) for line in (tmp_path / "lat" / "log.jsonl").read_text().splitlines()]
    assert records[-1]["probability"] < 0.5 * records[0]["probability"]
    assert {"likelihood", "unlikelihood", "tokens_per_second", "learning_rate"} <= records[-1].keys()


def test_a_stage_that_was_cut_off_ends_in_the_same_model(base, tmp_path):
    unbroken, _ = tuned(base, tmp_path, "unbroken")

    class Cut(Exception):
        pass

    def cut(step, steps, record):
        if step == 5:
            raise Cut

    tuning = Tuning(learning_rate=1e-3, max_steps=6, global_batch_size=4, precision="fp32", save_minutes=1e-9)
    (tmp_path / "broken").mkdir()
    with pytest.raises(Cut):
        train_stage(base, DATA, tuning, output=tmp_path / "broken", work=tmp_path / "work2", progress=cut)
    checkpoint = last_checkpoint(tmp_path / "work2")
    assert checkpoint is not None
    assert 0 < int(checkpoint.name.split("-")[1]) < 6
    train_stage(base, DATA, tuning, output=tmp_path / "broken", work=tmp_path / "work2")
    assert same(unbroken, AutoModelForCausalLM.from_pretrained(tmp_path / "broken").state_dict())
    steps = [
        json.loads(line)["step"] for line in (tmp_path / "broken" / "log.jsonl").read_text().splitlines()
    ]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_fault_4_no_room_for_any_response_is_one_sentence_and_never_nan(base, tmp_path):
    with pytest.raises(UserError, match=r"12 prompts are too long for tuning\.max_length=5"):
        tuned(base, tmp_path, tuning=Tuning(max_steps=2, max_length=5))


def test_fault_4_a_loss_that_is_not_finite_stops_the_stage(base, tmp_path, monkeypatch):
    from ontarget.training.loss import linear_loss

    monkeypatch.setattr(linear_loss, "signed_loss", lambda d, w, *q: (d * w).sum() * float("nan"))
    with pytest.raises(UserError, match="the loss is nan at step 1"):
        tuned(base, tmp_path)


def test_a_missing_model_names_the_nearest(base, tmp_path):
    with pytest.raises(UserError, match=r"no model directory .*bose'; did you mean 'base'"):
        tuned(tmp_path / "bose", tmp_path)


def test_bf16_comes_near_fp32(base, tmp_path):
    tuning = Tuning(learning_rate=1e-3, max_steps=6, global_batch_size=4, precision="bf16")
    exact, _ = tuned(base, tmp_path, "exact")
    near, _ = tuned(base, tmp_path, "near", tuning=tuning)
    for name in exact:
        assert near[name].dtype == torch.float32
        torch.testing.assert_close(exact[name], near[name], atol=7e-3, rtol=0)


def test_a_folder_that_is_removed_under_a_stage_is_one_sentence(base, tmp_path):
    def remove(step, steps, record):
        shutil.rmtree(tmp_path / "out.work")

    with pytest.raises(UserError, match=r"out\.work was removed while the stage was running"):
        tuned(base, tmp_path, progress=remove)
