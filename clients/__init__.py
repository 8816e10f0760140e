"""What people copy to call the endpoint, and the command that keeps its samples true to the model (derive.py)."""
