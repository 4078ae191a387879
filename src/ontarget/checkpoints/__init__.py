"""Model directories: checked before they are loaded, then tokenizer, configuration and model.

Begin with `load.py`, then `files.py`: damage that can be seen without torch.
"""
