"""The image that is deployed: built here as `pulumi up` would build it, and tried as Lambda would run it.

`python -m image build` and `python -m image test` are `make image` and `make image-test`. Start reading at `checks.py`,
the list of everything that is checked; each other file answers one question of it. Leaves out the image's recipe,
which is `function/Dockerfile`, and talking to the Docker engine, which is `local/docker/`.
"""
