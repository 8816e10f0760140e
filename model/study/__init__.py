"""The study of the model: which parameters suit the data, and how good the model is among others.

- the search: which parameters are tried (`tuning`), what it finds (`candidates`), which of it becomes the model
  (`selection`), what remains of it (`record`);
- the comparison: what others would achieve (`baselines`), whether a figure is the luck of one split (`stability`);
- `report`: data, search and model on one page.

Everything is fitted with the files of `model`; nothing here changes what they do.
"""
