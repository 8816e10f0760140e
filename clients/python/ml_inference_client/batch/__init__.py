"""Batch scoring of files in S3 by the deployed state machine: start, follow, redrive, fetch.

run = BatchRun.start(settings, "s3://rows/2026/in.csv", "s3://answers/2026/", keep=["id"])
run.wait()
print(run.fetch(Path("predictions.csv")))
"""

from ml_inference_client.batch.join import Joined
from ml_inference_client.batch.run import BatchRun, Progress

__all__ = ["BatchRun", "Joined", "Progress"]
