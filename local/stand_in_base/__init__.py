"""A stand-in for AWS's Lambda base image, for networks from which AWS's registry cannot be reached.

It is built from Debian packages and three locked Python packages, and has the paths, variables, commands and
entrypoint that a function's Dockerfile and the interface emulator rely on. It serves trying out and testing;
a real deployment is always built on AWS's own image.

``python -m local.stand_in_base`` builds it and prints its name. Files: ``image/`` is the recipe, ``build.py``
runs it, ``host_settings.py`` reads what a build needs to know of this machine's network, and ``choice.py``
decides between AWS's image and this one.
"""

from local.stand_in_base.build import StandInBaseError, build_stand_in
from local.stand_in_base.choice import BaseImage, base_image

__all__ = ["BaseImage", "StandInBaseError", "base_image", "build_stand_in"]
