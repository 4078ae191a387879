"""An HTTP server that translates, with a verdict on each text, by its own API and those of known services.

Begin with `app.py`. `service.py` is what all APIs call. `model_owner.py` starts the processes of the model,
see `model_process.py`. Each API has a module, such as `own_api.py` and `deepl.py`; `page` is the web page.
"""
