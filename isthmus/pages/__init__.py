"""The status pages: HTML from status documents. Pure; the standard library alone; every value escaped.

environment.py  the page of one environment
overview.py     the page of all environments
parts.py        heading, facts, trouble, actions, proof
picture.py      the environment as a picture: land, water, and the neck between
corp_map.py     one corp's steps as marks on tracks
layout.py       where the marks stand: columns by needs, lanes like tracks
steps.py        the steps in words, with their bars against the critical path
timing.py       begins, ends and plans as seconds on one axis
drifting.py     what is not as planned any more
marks.py        how a state looks: shape, sign, colour, word
words.py        times and durations in words
shell.py        what stands around every page
style.py        CSS, the script, and the headers that allow these two and nothing else
markup.py       elements from values; text is always escaped
"""

from isthmus.pages.environment import environment_page
from isthmus.pages.overview import overview_page
from isthmus.pages.style import HEADERS

__all__ = ["HEADERS", "environment_page", "overview_page"]
