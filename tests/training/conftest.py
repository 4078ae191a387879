import pytest


@pytest.fixture(scope="session")
def tokenizer():
    """A byte-level BPE of 600 pieces, made from a few lines."""
    pytest.importorskip("torch")
    from ontarget.training.new_model import make_tokenizer

    lines = [
        "The cat sleeps in the garden.",
        "Il gatto dorme nel giardino.",
        "De kat slaapt in de tuin.",
        "Translate from Italian to Dutch.\n",
        "Anna reads a book. Anna legge un libro. Anna leest een boek.",
    ]
    return make_tokenizer(lines * 5, 600)


@pytest.fixture
def model(tokenizer):
    """A LLaMA of two layers with random weights."""
    from ontarget.settings.model_shape import ModelShape
    from ontarget.training.new_model import make_model

    shape = ModelShape(vocabulary=600, hidden=32, layers=2, heads=2, intermediate=64)
    return make_model(shape, tokenizer, 128, seed=1)
