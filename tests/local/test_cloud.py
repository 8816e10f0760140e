"""The AWS clients reach the emulator, whatever the user's own AWS settings say."""

import pytest

from local.cloud import Cloud


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "no-such-profile"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_ACCESS_KEY_ID", "someone-else"),
    ],
)
def test_a_setting_of_the_users_changes_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert Cloud(cloud.url, cloud.region).account_id == "000000000000"
