"""How Lambda confines a function, as far as a Docker engine can: one list for its command and for its Python SDK.

As on Lambda: the file system is read-only but for /tmp, the user has no rights, there is no shared memory; memory, the
number of processes and of open files are limited. Leaves out the network, which the callers decide, and Lambda's share
of a processor.
"""

from typing import Any

#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
TEMPORARY_MB = 512
PROCESSES = 1024
OPEN_FILES = 1024
#: What `id` prints in a function on AWS. An image must not depend on the number, only on not being root.
USER = "993:990"


def options(memory_mb: int) -> list[str]:
    """The options of `docker run`.

    Args:
        memory_mb: As much memory as the function may use; there is no swap.
    """
    return [
        "--read-only",
        f"--tmpfs=/tmp:size={TEMPORARY_MB}m",
        "--ipc=none",
        f"--user={USER}",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        f"--memory={memory_mb}m",
        f"--memory-swap={memory_mb}m",
        f"--pids-limit={PROCESSES}",
        f"--ulimit=nofile={OPEN_FILES}",
    ]


def arguments(memory_mb: int) -> dict[str, Any]:
    """The same as arguments of the SDK's `containers.run`."""
    return {
        "read_only": True,
        "tmpfs": {"/tmp": f"size={TEMPORARY_MB}m"},  # noqa: S108 - within the container
        "ipc_mode": "none",
        "user": USER,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": f"{memory_mb}m",
        "memswap_limit": f"{memory_mb}m",
        "pids_limit": PROCESSES,
        "ulimits": [{"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES}],
    }
