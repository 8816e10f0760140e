"""Training: from UCI's two wine files to the model that the endpoint serves.

Each file answers one question:

- data: where the raw files come from (`sources`), what their columns may hold (`schema`), which table they become
  (`preparation`), which rows train, validate and test (`splits`), whether an answer slips through (`leakage`);
- model: what it learns from (`distillation`), with which parameters (`parameters`), how it is boosted (`fit`), how its
  leaves are weighed together at the end (`refit`), how good it is (`evaluation`);
- what the deployment needs to know of it (`golden`, `card`).

`train` is the script; it reads from top to bottom, and it alone also asks `model.study`, which looks for better
parameters and compares. Nothing here is imported by the Lambda function.
"""
