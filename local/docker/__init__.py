"""Everything that talks to a Docker engine: one place for the local deployment and for `make image` alike.

`command.py` runs the engine's own command, `build.py` builds an image with it, `images.py` is what the emulator runs.
`base_image.py` says what an image is built on: AWS's base or, where that cannot be pulled, the one of `stand_in/`.
Leaves out what an image must be like, which is `image/`.
"""
