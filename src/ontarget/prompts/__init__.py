"""Prompts: templates, their wording in each language, and how text becomes ids.

Begin with `template.py` (a request becomes segments), then `encode.py` (segments become ids; text of users
cannot become a control token).
"""
