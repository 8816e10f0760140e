"""The handler side by side with what tutorials deploy: `make bench`.

Every figure is a ratio measured in one run on one core: same Python, same model, same rows, the two sides taking
turns. Absolute times belong to the machine that ran it.
"""
