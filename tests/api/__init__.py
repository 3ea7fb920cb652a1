"""The API's real handlers, asked everything that their OpenAPI document allows, and much that it does not.

served.py          the app's HTTP functions in this process, over an engine on virtual time
secrecy.py         secrets that must never come back, and the search for them
test_served.py     an environment's life over that API
test_fuzzing.py    property-based: single requests and whole stories, by schemathesis
"""
