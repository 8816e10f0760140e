"""The training room: from UCI's two wine files to the model that the endpoint serves.

Each file answers one question: where the raw files come from (`sources`), what their columns may hold (`schema`),
which table they become (`prepare`), which rows train and which test (`split`), how a booster is fitted (`fit`), how
good it is (`evaluate`), what the deployment needs to know (`golden`, `card`). `train` is the script that reads from
top to bottom. Nothing here is imported by the Lambda function.
"""
