"""How good the fills are, beside what else there is.

In come cases (photograph, hole) and names of methods and peers; out come a JSON file and one HTML page.
Cases are cut, filled and measured one by one and kept, so that a run that was cut short goes on. Open
``evaluate.py`` first, then ``run.py``.
"""
