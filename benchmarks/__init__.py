"""The handler side by side with what others deploy: `make bench`.

Every figure is measured in one run on one core: same Python, same model, same rows, all sides taking turns. What counts
are the ratios; absolute times belong to the machine. Instructions (instructions.py) are the same on a busy one.
"""
