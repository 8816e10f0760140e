"""The Node client beyond what every client does: its types, its command, its module."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.callers import NodeCaller
from tests.clients.local_endpoint import Identity, LocalEndpoint


@pytest.mark.slow
def test_the_types_hold(node_client: Path) -> None:
    compiler = node_client / "node_modules" / "typescript" / "bin" / "tsc"
    run = subprocess.run(
        ["node", str(compiler), "--project", str(node_client)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--help"], "usage: ml-inference [FILE] [options]"),
        (["--no-such-option"], "Unknown option '--no-such-option'"),
        (["--endpoint", "wine"], "the endpoint must be an address such as https"),
        (["--endpoint", "http://wine.example.com"], "the endpoint must begin with https"),
        (
            ["--endpoint", "https://a.lambda-url.eu-central-1.on.aws", "--region", "us-east-1"],
            "wrong region: the endpoint is in eu-central-1",
        ),
        (["--endpoint", "https://wine.example.com"], "the region is not known"),
        (["--attempts", "0"], "--attempts must be a whole number"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_the_command_explains_itself(node_client: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    records = tmp_path / "records.json"
    records.write_text("[]")
    run = subprocess.run(
        ["node", str(node_client / "command.js"), str(records), *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert says in run.stdout + run.stderr
    assert (run.returncode == 0) == (arguments == ["--help"])


@pytest.mark.slow
def test_the_role_is_assumed_once_for_many_requests(
    endpoint: LocalEndpoint, invoker: Identity, node_client: Path, tmp_path: Path, records: list[Any]
) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "command.js").write_text(
        f"""
        import {{ Client }} from {json.dumps((node_client / "client.js").as_uri())};
        const client = new Client({{ stackOutputs: process.argv[3] }});
        const tokens = new Set();
        const sign = client.signer.sign.bind(client.signer);
        client.signer.sign = async (request) => {{
          const signed = await sign(request);
          tokens.add(signed.headers["x-amz-security-token"]);
          return signed;
        }};
        const records = {json.dumps(records)};
        for (let i = 0; i < 3; i++) await client.predict(records);
        console.log(tokens.size);
        """
    )
    caller = NodeCaller(endpoint, tmp_path, tmp_path)
    run = caller.run(["predict", *caller.options(invoker, None)], invoker)
    assert run.out.strip() == "1", run.err


@pytest.mark.slow
def test_a_number_that_json_cannot_hold_is_not_sent(node_client: Path) -> None:
    program = """
        import { Client } from "./client.js";
        const client = new Client({ endpoint: "https://a.lambda-url.eu-central-1.on.aws" });
        await client.predict([{ alcohol: NaN }]);
    """
    run = subprocess.run(
        ["node", "--input-type=module", "--eval", program],
        cwd=node_client, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "record 0 holds NaN or Infinity, which JSON cannot" in run.stderr
