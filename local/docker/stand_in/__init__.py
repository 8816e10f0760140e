"""A stand-in for AWS's Lambda base image, for networks from which AWS's registry cannot be reached.

It is built from Debian packages and three locked Python packages, and has the paths, variables, commands and
entrypoint that a function's Dockerfile and the interface emulator rely on. It serves trying out and testing;
a real deployment is always built on AWS's own image.

``python -m local.docker.stand_in`` builds it and prints its name. ``image/`` is the recipe, ``build.py`` runs it.
"""

from local.docker.stand_in.build import Say, StandInBaseError, build_stand_in

__all__ = ["Say", "StandInBaseError", "build_stand_in"]
