"""Is what the scanners say understood?"""

from image import scanners


def test_packages_are_listed_without_the_image_itself() -> None:
    document = {
        "packages": [
            {"name": "xgboost-cpu", "versionInfo": "3.2.0"},
            {"name": "wine-quality", "versionInfo": "0a26", "primaryPackagePurpose": "CONTAINER"},
            {"name": "bash"},
        ]
    }
    assert scanners.packages(document) == ["bash", "xgboost-cpu 3.2.0"]
