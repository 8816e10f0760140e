"""The report of the trained model: `python -m model.study.report` writes one page that a person wants to read.

The figures of each chapter stand in a file of their own; `style` says how all of them look, `page` puts them together.
Nothing here changes the model.
"""
