"""What an image build must know of this machine's network: certificates, package index, mirrors, proxies.

Everything is read from the machine when it is needed; the project itself names no mirror, index or proxy.
Left out: local wheel folders (``find-links``), because a build cannot see the machine's files.
"""

import configparser
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local.errors import LocalError

CERTIFICATES_IN_IMAGE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian's OpenSSL looks for the bundle of trusted certificates."""

CERTIFICATE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Variables by which people point Python's tools at a bundle of their own, the most specific first."""

PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout")
"""pip's settings that say where packages come from and how long to wait for them."""

PIP_SECTIONS = ("global", "install", "download")
"""The sections of a pip configuration file that concern us; a later one overrides an earlier one."""

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""Docker hands these to a build without declaration and keeps them out of the image and its history."""


class HostSettingsError(LocalError):
    """This machine's settings cannot be taken over into an image; the message is one line and says why."""


def certificates(environ: Mapping[str, str] = os.environ, system: Path = Path(CERTIFICATES_IN_IMAGE)) -> bytes:
    """Return the machine's trusted certificates (PEM), which may include those of its own network.

    Raises:
        HostSettingsError: there is no bundle where the environment or Debian says it is.
    """
    named = next((name for name in CERTIFICATE_VARIABLES if environ.get(name)), None)
    bundle = Path(environ[named]) if named else system
    try:
        return bundle.read_bytes()
    except OSError as error:
        remedy = f"correct or unset {named}" if named else "apt-get install ca-certificates"
        raise HostSettingsError(f"no trusted certificates at {bundle} ({error.strerror}): {remedy}") from error


def pip_configuration_files(environ: Mapping[str, str] = os.environ, home: Path | None = None) -> list[Path]:
    """Return where pip on Linux looks for its configuration, the one that counts most last."""
    home = home or Path.home()
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:  # pip's own way to switch every file off
        return []
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", user]
    return [*files, Path(named)] if named else files


def pip_configuration(files: Iterable[Path], environ: Mapping[str, str] = os.environ) -> str:
    """Return a pip configuration file for the image: the machine's package index and our certificate bundle.

    Args:
        files: pip's configuration files; what a later one says overrides an earlier one.
        environ: ``PIP_INDEX_URL`` and its like override the files, as they do for pip.

    Raises:
        HostSettingsError: an address carries a password, which an image would give away.
    """
    parser = configparser.RawConfigParser(strict=False)
    parser.read(files, encoding="utf-8")
    taken = {"cert": CERTIFICATES_IN_IMAGE}
    for option in PIP_OPTIONS:
        in_files = [parser.get(section, option) for section in PIP_SECTIONS if parser.has_option(section, option)]
        value = environ.get(f"PIP_{option.upper().replace('-', '_')}") or (in_files[-1] if in_files else "")
        if value:
            taken[option] = " ".join(value.split())
            _refuse_password(option, taken[option])
    return "[global]\n" + "".join(f"{option} = {value}\n" for option, value in taken.items())


def _refuse_password(option: str, value: str) -> None:
    if any("@" in urlsplit(address).netloc for address in value.split()):
        raise HostSettingsError(
            f"pip's {option} carries a user name or password, which would be readable in the image: "
            "name an index or proxy without one, for example through PIP_INDEX_URL"
        )


def debian_mirrors() -> tuple[str | None, str | None]:
    """Return the addresses of the mirror and the security mirror that this machine's apt uses.

    Either is None where apt is absent, has not been updated yet, or serves another distribution.
    """
    return _apt_address("Debian"), _apt_address("Debian-Security")


def _apt_address(label: str) -> str | None:
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Label: {label}"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    addresses = listed.split()
    return addresses[0] if addresses else None


def apt_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a program that downloads Debian packages: apt's own proxy made visible to it."""
    settings = dict(environ)
    for variable, option in (("http_proxy", "Acquire::http::Proxy"), ("https_proxy", "Acquire::https::Proxy")):
        try:
            shown = subprocess.run(
                ["apt-config", "--format", "%v%n", "dump", option],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        except (OSError, subprocess.SubprocessError):
            return settings
        proxy = shown.stdout.strip()
        if proxy and proxy != "DIRECT":
            settings[variable] = proxy
    return settings


def docker_build_options(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the options of ``docker build`` that let a build reach the package index as this machine does.

    The machine's own network, because an index or a proxy may listen where only this machine sees it; and the
    names of its proxy variables, whose values Docker takes from the environment.
    """
    proxies = [option for name in PROXY_VARIABLES if environ.get(name) for option in ("--build-arg", name)]
    return ["--network", "host", *proxies]
