"""The same Pulumi program, deployed to an AWS emulator on this machine: for trying out and for tests, never for use.

`python -m local` deploys, calls the endpoint and tears everything down; `python -m local serve` keeps it up.
"""
