"""The list of everything that is checked: what `make image` and `make image-test` do, in their order.

Contexts and the bill of materials are written below the working directory, into `.build/`.
"""

import tempfile
from pathlib import Path

from image import behaviour, contents, events, libraries, manifest, rebuilding, scanners
from image.build import PROJECT, Image, Wanted, build, choose_base, layers
from image.contents import Contents
from image.lambda_container import LambdaContainer
from local import report
from local.docker import images
from local.docker.command import Builder

BILL_OF_MATERIALS = Path(".build") / "sbom.spdx.json"
"""Beside the staged contexts: the list of all packages in the image that was built last."""


def make(want: Wanted, builder: Builder) -> Image:
    """Lint the recipe, build the image, hold it against its budgets and write its bill of materials.

    Raises:
        LocalError: Something is not as it has to be.
    """
    report.heading("Image")
    scanners.lint(PROJECT / "function" / "Dockerfile")
    report.fact("recipe", "hadolint has no remarks")
    image = build(want, choose_base(want, base_note), builder)
    report.fact("model", f"{want.model.name}, version {image.context.model_version}")
    report.fact("built", f"{image.name} for {image.platform} with {builder.name} in {image.seconds:.1f} s")
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "image.tar")
        contents.save(image.name, archive)
        added = contents.above_base(archive, layers(image.base.name))
        report.fact("above the base", contents.check_budget(added))
        contents.check_files(added, staged(image))
        report.fact("files", "nothing that is not needed; all readable, none writable, by Lambda's user")
        name, _, tag = image.name.rpartition(":")
        listed = scanners.list_packages(archive, name, tag, BILL_OF_MATERIALS)
    report.fact("packages", f"{len(listed)}, listed in {BILL_OF_MATERIALS}")
    return image


def test(want: Wanted, builder: Builder) -> None:
    """Build the image and try everything that can be tried without AWS.

    Raises:
        LocalError: Something is not as it has to be.
    """
    image = make(want, builder)
    run_as_lambda(image, want)
    push(image)
    build_again(image, want, builder)
    report.console.print("\nThe image is what Lambda takes, and does what it has to.")


def run_as_lambda(image: Image, want: Wanted) -> None:
    """Run the image and let it answer."""
    report.heading(f"As Lambda runs it: read-only, unprivileged, no network, {want.memory_mb} MB")
    known = behaviour.expected(want.model)
    cases = events.cases(known.records[0])
    with LambdaContainer(
        image.name, platform=image.platform, memory_mb=want.memory_mb, timeout_seconds=want.timeout_seconds
    ) as container:
        times = behaviour.check_golden(container, known)
        report.fact("predictions", f"{len(known.records)} records within {known.tolerance}, all at once and each alone")
        report.fact("cold start", f"{times.cold:.0f} ms to the first answer, {times.warm:.1f} ms for a later one")
        behaviour.check_statuses(container, cases)
        report.fact("statuses", f"{behaviour.statuses(cases)}, as {len(cases)} requests must be answered")
        behaviour.check_direct_failure(container)
        report.fact("errors", "a bad direct invocation fails as a function, which goes on serving")
        report.fact("libraries", libraries.summary(libraries.libraries(container)))
        peak = container.peak_memory_mb()
        report.fact("memory", f"{peak:.0f} MB at most" if peak else "cannot be told here")


def push(image: Image) -> None:
    """Push the image and see what arrives."""
    report.heading("In a registry")
    reason = images.why_not()
    if reason:
        report.fact("not pushed", reason)
        return
    with manifest.registry("image-test") as repository:
        pushed = manifest.push(image.name, repository)
    manifest.check(pushed, image.platform)
    report.fact("manifest", f"{pushed.media_type}: no index, no attestations")
    report.fact("size", f"{pushed.size:,} bytes packed, base included")


def build_again(image: Image, want: Wanted, builder: Builder) -> None:
    """Build without a change, and with another model."""
    report.heading("Built again")
    rebuilding.check_again(image, want, builder)
    report.fact("no change", f"no layer was made again; hash of the context {image.context.content_hash[:12]}")
    with tempfile.TemporaryDirectory() as folder:
        rebuilding.check_changed_model(image, want, builder, Path(folder))
    report.fact("another model", "exactly one layer was made again")


def read(image: Image) -> Contents:
    """What an image adds to its base."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "image.tar")
        contents.save(image.name, archive)
        return contents.above_base(archive, layers(image.base.name))


def staged(image: Image) -> list[str]:
    """Names of the files of an image's build context."""
    return [path.name for path in image.context.path.iterdir()]


def base_note(line: str) -> None:
    """Show what became of the base image."""
    report.fact("base image", line.removeprefix("base image: "))
