"""The command line: each command parses its options, calls one function and prints.

Begin with `app.py`, the list of commands; each command is a file of its name.
"""
