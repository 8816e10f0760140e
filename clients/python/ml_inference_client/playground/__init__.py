"""A page on this machine to try the model: a form, what made the prediction, and tables scored.

Needs the extra `playground`. Leaves out signing and retrying (client.py) and reading tables (score/).
"""
