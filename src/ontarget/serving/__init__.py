"""An HTTP server that translates, with a verdict on each text, by its own API and those of known services.

Begin with `app.py`. `batcher.py` owns the model and batches the texts of many clients, `service.py` is what
all APIs call, and each API has a module: `own_api.py`, `libretranslate.py`, `deepl.py` and `openai_chat.py`.
"""
