"""Which version is this? That of the distribution and of the component package; CHANGELOG.md says what it means."""

VERSION = "0.1.0"
