"""The training room: from UCI's two wine files to the model that the endpoint serves.

Each file answers one question:

- data: where the raw files come from (`sources`), what their columns may hold (`schema`), which table they become
  (`prepare`), which rows train and which test (`split`), whether an answer slips through (`leakage`);
- parameters: how training rows are cut for cross-validation (`folds`), which parameters suit the data (`tune`), what a
  search finds (`candidates`), which of it becomes the model (`choose`), what remains of a search (`record`);
- the lesson: who teaches the model (`teacher`), what it is fitted on (`lesson`);
- the model: how it is fitted (`fit`), how its leaves are weighed together in the end (`refit`), how good it is
  (`evaluate`), what others would achieve (`baselines`), whether that is the luck of one split (`stability`), what the
  deployment needs to know (`golden`, `card`).

`train` and `report` are the scripts; they read from top to bottom. Nothing here is imported by the Lambda function.
"""
