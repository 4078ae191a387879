"""Tables, figures and the report page, made from the score files of runs; never computes a score.

Begin with `table.py`, then `report.py`, the page of one run. `comparison_page.py` compares several runs.
"""
