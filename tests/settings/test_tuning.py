import pytest
from pydantic import ValidationError

from ontarget.settings.objective import Objective, ObjectiveName
from ontarget.settings.tuning import Lora, Tuning


def test_the_defaults_are_those_of_stage_1_of_the_paper() -> None:
    """Zan et al. 2025, section 4.1."""
    tuning = Tuning(epochs=3)
    assert (tuning.learning_rate, tuning.global_batch_size, tuning.max_length) == (2e-5, 128, 512)
    assert (tuning.lr_scheduler_type, tuning.warmup_ratio, tuning.weight_decay) == ("cosine", 0.03, 0.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "the length of training is missing; give `epochs` or `max_steps`"),
        ({"epochs": 1, "max_steps": 1}, "both `epochs` and `max_steps` are given; keep one"),
        ({"max_steps": 9, "checkpoint_steps": (0, 10)}, "`checkpoint_steps` has 10, but `max_steps` is 9"),
        ({"epochs": 1, "quantization": "4bit"}, "`quantization` needs `lora`"),
        ({"epochs": 1, "steps": 1}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Tuning.model_validate(settings)


def test_quantized_weights_are_held_beside_adapters() -> None:
    assert Tuning(epochs=1, quantization="4bit", lora=Lora()).quantization == "4bit"


@pytest.mark.parametrize(
    ("name", "pairwise"),
    [("unlikelihood", False), ("bounded", False), ("orpo", True), ("cpo", True), ("simpo", True)],
)
def test_objectives_over_pairs(name: ObjectiveName, pairwise: bool) -> None:
    assert Objective(name).pairwise == pairwise
