"""The web page at `/`: two panes, with a verdict on each sentence. It works with and without JavaScript.

Begin with `routes.py`. `sentences.py` cuts a translation into sentences beside their sources, and `badges.py`
puts verdicts into words. `page.html.j2` renders both; the script in `static` gets the same as JSON.
"""
