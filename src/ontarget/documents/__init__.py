"""Documents: a file's text is translated, and everything else in it stays byte for byte.

Begin with `document.py`. A reader (one module a format) finds the positions of the text in a file,
`segments.py` cuts the text into sentences, and `translating.py` translates them with a function that it is
given. The translated file is the source file with new text at these positions. No file is written anew from a
parsed form, because this would change more than the text.
"""
