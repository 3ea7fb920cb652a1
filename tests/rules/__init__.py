"""The house's rules, checked: who imports whom, what is pure, what is complete, what is pinned and up to date.

source.py  the project's own modules, parsed once
"""
