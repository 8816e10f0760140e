"""What does a program catch? One type for everything that the component refuses."""

import pulumi


class RefusedError(pulumi.RunError):
    """The component refuses, in one line that says what was given, what is allowed and what to do.

    The reason may be an argument, a setting of the stack, the model, the golden file or the build context; then nothing
    was registered. Or it is a new version that does not predict what its golden file says; then the previous one keeps
    serving. Pulumi shows the message without a traceback.
    """
