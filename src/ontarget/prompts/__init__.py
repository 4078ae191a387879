"""Prompt templates, their wording in each language, and the encoding of prompts as token ids.

Begin with `template.py` (from a request to segments), then `encode.py` (from segments to ids; users' text
cannot become a control token).
"""
