"""The status page: what it says (plain tests) and how it is in a headless Chromium.

samples.py          status documents of every state, at a fixed moment
site.py             the pages on loopback, with the app's addresses and headers
browser.py          finds a Chromium and starts it
checks.py           names, contrast, collisions: what a page is looked over for in the browser
screenshots.py      `make screenshots`
test_browser.py     every state in the browser: readable, reachable, live, alone with its host
test_content.py     what the page says, and what never gets into it
test_trigger.py     whose forms are taken, and what a button does
test_layout.py      where the marks of the picture stand
test_timing.py      bars and the critical path on one axis
test_palette.py     contrast of the colours themselves
test_markup.py      text is escaped
test_words.py       times and durations
"""
