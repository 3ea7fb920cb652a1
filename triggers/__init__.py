"""What wakes the app.

environments.py   POST, GET and DELETE of environments
pages.py          the status pages, for people
cleanup.py        the timer that ends what has expired
answers.py        how answers and problems look
"""
