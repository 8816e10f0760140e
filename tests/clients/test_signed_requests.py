"""A signed request goes to the endpoint and nowhere else: one table of cases, run through all clients.

Nothing is deployed here. Each client calls a server of this test, which answers in the endpoint's place.
"""

import contextlib
import functools
import io
import json
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from unittest import mock

import pytest
from ml_inference_client import Settings, doctor
from ml_inference_client.__main__ import main

from tests.clients import fault_proxy
from tests.clients.callers import PYTHON_COMMAND, Run
from tests.clients.conftest import GOLDEN, REPOSITORY
from tests.clients.fault_proxy import FaultProxy, answered

CLIENTS = REPOSITORY / "clients"
SECRET, TOKEN = "secret-that-nobody-may-see", "token-that-nobody-may-see"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
RIGHT = answered(200, [1.0, 2.0], {"x-model-version": "0123456789ab"})
REGION = "eu-central-1"


@dataclass
class Client:
    """A client that asks for two predictions.

    Attributes:
        name: Its folder below clients/.
        certificates: The variable that names further certificates to trust.
        ask: Asks, given endpoint, region and a file of records, with further environment variables.
    """

    name: str
    certificates: str
    ask: Callable[[str, str, Path, dict[str, str]], Run]


def run(command: list[str], variables: dict[str, str]) -> Run:
    environment = {**os.environ, **CREDENTIALS, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return Run(done.returncode, done.stdout, done.stderr)


def python(endpoint: str, region: str, records: Path, variables: dict[str, str]) -> Run:
    out, err = io.StringIO(), io.StringIO()
    given = ["--endpoint", endpoint, "--region", region, "--role-arn", ""]
    with (
        mock.patch.dict(os.environ, {**CREDENTIALS, **variables}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        status = main(["predict", str(records), *given, *attempts(variables)])
    return Run(status, out.getvalue(), err.getvalue())


def attempts(variables: dict[str, str]) -> list[str]:
    return ["--attempts", variables["ATTEMPTS"]] if "ATTEMPTS" in variables else []


def node(folder: Path) -> Callable[[str, str, Path, dict[str, str]], Run]:
    def ask(endpoint: str, region: str, records: Path, variables: dict[str, str]) -> Run:
        given = ["--endpoint", endpoint, "--region", region, "--role-arn", "", *attempts(variables)]
        return run(["node", str(folder / "command.js"), str(records), *given], variables)

    return ask


def postman(folder: Path) -> Callable[[str, str, Path, dict[str, str]], Run]:
    def ask(endpoint: str, region: str, _records: Path, variables: dict[str, str]) -> Run:
        done = run(["node", str(folder / "run.js"), "--endpoint", endpoint, "--region", region], variables)
        # newman breaks its lines where the terminal would end.
        return Run(done.status, done.out, " ".join((done.out + done.err).split()))

    return ask


def curl(endpoint: str, region: str, records: Path, variables: dict[str, str]) -> Run:
    command = ["sh", str(CLIENTS / "curl" / "predict.sh"), str(records)]
    return run(command, {"ENDPOINT": endpoint, "REGION": region, **variables})


@pytest.fixture(
    params=[
        "python",
        "curl",
        pytest.param("node", marks=pytest.mark.slow),
        pytest.param("postman", marks=pytest.mark.slow),
    ]
)
def client(request: pytest.FixtureRequest) -> Client:
    """Each of the clients."""
    match request.param:
        case "python":
            return Client("python", "SSL_CERT_FILE", python)
        case "node":
            return Client("node", "NODE_EXTRA_CA_CERTS", node(request.getfixturevalue("node_client")))
        case "postman":
            return Client("postman", "NODE_EXTRA_CA_CERTS", postman(request.getfixturevalue("postman")))
    if shutil.which("curl") is None or shutil.which("sh") is None:
        pytest.skip("curl and sh are not on PATH")
    return Client("curl", "CURL_CA_BUNDLE", curl)


@pytest.fixture
def records_file(tmp_path: Path) -> Path:
    file = tmp_path / "records.json"
    file.write_text(json.dumps(GOLDEN["records"][:2]))
    return file


@pytest.fixture
def server() -> Iterator[FaultProxy]:
    """What stands at the endpoint's address."""
    with fault_proxy.before("127.0.0.1", 1) as server:
        yield server


@pytest.fixture
def stranger() -> Iterator[FaultProxy]:
    """Somebody whom no request may reach."""
    with fault_proxy.before("127.0.0.1", 1) as stranger:
        stranger.faults.extend([RIGHT] * 20)
        yield stranger
        assert not stranger.seen, "a signed request went to somebody else"


@dataclass(frozen=True)
class Case:
    """What stands in the way, and what every client says of it.

    Attributes:
        name: Of the case.
        says: What is printed, by all but curl where it differs.
        endpoint: The address that is given; the server's if empty. `{stranger}` is the stranger's host and port.
        region: The region that is given.
        answer: The server's, to the first request; `{stranger}` as above.
        variables: Environment variables, `{stranger}` as above.
        curl_says: What curl's sample says, which shows AWS's own words.
        sent: How many requests the server sees.
    """

    name: str
    says: str
    endpoint: str = ""
    region: str = REGION
    answer: tuple[int, object, dict[str, str]] | None = None
    variables: dict[str, str] = field(default_factory=dict)
    curl_says: str = ""
    sent: int = 1


HERE_ONLY = (
    "which is not followed: a signed request goes to the endpoint and nowhere else; check the endpoint's address"
)
PLAIN = "the endpoint must begin with https://; plain http is only for an emulator on this machine"
USER = "the endpoint must not hold a user name or password; credentials come from AWS's own chain"
EXPIRED = {"message": "Signature expired: 20261101T120000Z is now earlier than 20261101T122500Z"}
SCOPE = {"message": "Credential should be scoped to a valid region. "}
INVALID = {"x-amzn-errortype": "InvalidSignatureException"}


def redirect(status: int, location: str, to: str) -> Case:
    headers = {"location": location} if location else {}
    return Case(
        f"{status} to {to}", f"{status}: the answer is a redirect to {to}, {HERE_ONLY}", answer=(status, {}, headers)
    )


CASES = [
    *(redirect(status, "http://{stranger}/", "127.0.0.1") for status in (301, 302, 303, 307, 308)),
    redirect(307, "//user@wine.example.com:8443/path?token=1", "wine.example.com"),
    redirect(308, "/other", "another path"),
    redirect(302, "", "elsewhere"),
    redirect(307, "https://wine;[31m/", "elsewhere"),
    Case("plain http", PLAIN, endpoint="http://wine.example.com/", sent=0),
    Case("plain http to a name like this machine's", PLAIN, endpoint="http://127.0.0.1.example.com/", sent=0),
    Case("a user name that looks like this machine", USER, endpoint="http://127.0.0.1:80@{stranger}/", sent=0),
    Case(
        "a wrong region",
        "wrong region: the endpoint is in eu-central-1, requests would be signed for us-east-1 and refused; "
        "leave the region out, it stands in the endpoint's name",
        endpoint="https://abc.lambda-url.eu-central-1.on.aws/",
        region="us-east-1",
        sent=0,
    ),
    Case(
        "a wrong region that only AWS knows",
        "403 Forbidden: the request was signed for eu-central-1, and the endpoint is in another region",
        answer=(403, SCOPE, INVALID),
        curl_says="Credential should be scoped to a valid region.",
    ),
    Case(
        "a wrong clock",
        "403 Forbidden: this machine's clock is 30 minutes behind, AWS accepts 5: set the clock",
        answer=(403, EXPIRED, {**INVALID, "date": "{in half an hour}"}),
        curl_says="Signature expired",
    ),
]


def filled(value: object, stranger: FaultProxy) -> object:
    if isinstance(value, dict):
        return {key: filled(one, stranger) for key, one in value.items()}
    if isinstance(value, str):
        date = formatdate(time.time() + 1800, usegmt=True)
        return value.replace("{stranger}", stranger.url.partition("//")[2]).replace("{in half an hour}", date)
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_a_request_that_must_not_go_on_ends_with_the_same_words(
    client: Client, server: FaultProxy, stranger: FaultProxy, records_file: Path, case: Case
) -> None:
    if client.name in ("node", "postman") and case.name.startswith(("301", "302 to 127", "308 to 127")):
        pytest.skip("a redirect like the others, and starting Node takes seconds")
    if case.answer:
        status, document, headers = case.answer
        server.faults.extend([answered(status, document, filled(headers, stranger))] * 5)  # type: ignore[arg-type]
    endpoint = str(filled(case.endpoint, stranger)) or server.url
    done = client.ask(endpoint, case.region, records_file, {})
    assert done.status == 1, done.err
    assert ((client.name == "curl" and case.curl_says) or case.says) in done.err
    assert SECRET not in done.out + done.err
    assert TOKEN not in done.out + done.err
    # Postman's collection goes on after a 403, which its later requests then meet as well.
    assert len(server.seen) == case.sent or (client.name == "postman" and case.sent)


@pytest.mark.parametrize(
    "proxy", [{"HTTP_PROXY": "{}", "http_proxy": "{}"}, {"ALL_PROXY": "{}", "all_proxy": "{}"}], ids=["HTTP", "ALL"]
)
def test_plain_http_on_this_machine_passes_no_proxy(
    client: Client, server: FaultProxy, stranger: FaultProxy, records_file: Path, proxy: dict[str, str]
) -> None:
    server.faults.extend([RIGHT] * 20)
    variables = {**dict.fromkeys(proxy, stranger.url), "NODE_USE_ENV_PROXY": "1"}
    client.ask(server.url, REGION, records_file, variables)
    assert server.seen


def node_can_use_proxies() -> bool:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = (int(number) for number in version.strip("v\n").split(".")[:2])
    return (major, minor) >= (24, 5) or (major == 22 and minor >= 21)


def test_a_proxy_sees_no_more_than_the_endpoints_name(client: Client, server: FaultProxy, records_file: Path) -> None:
    if client.name == "node" and not node_can_use_proxies():
        pytest.skip("fetch of this Node uses no proxy")
    server.faults.extend([answered(407)] * 20)
    variables = {"HTTPS_PROXY": server.url, "https_proxy": server.url, "NODE_USE_ENV_PROXY": "1", "ATTEMPTS": "1"}
    done = client.ask("https://abc.lambda-url.eu-central-1.on.aws/", REGION, records_file, variables)
    assert done.status == 1
    assert {(seen.method, seen.path) for seen in server.seen} == {("CONNECT", "abc.lambda-url.eu-central-1.on.aws:443")}
    assert TOKEN not in str(server.seen)
    assert "authorization" not in server.seen[0].headers


@pytest.mark.parametrize("proxy", ["ftp://user:hunter2@wine:1", "http://user:hunter2/3@wine:1", "socks5://wine:1"])
def test_a_proxy_that_is_none_is_told_without_its_password(records_file: Path, proxy: str) -> None:
    done = python("https://abc.lambda-url.eu-central-1.on.aws/", REGION, records_file, {"HTTPS_PROXY": proxy})
    assert done.status == 1
    assert done.err.startswith(
        "error: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not" if "2" in proxy else "error: a SOCKS"
    )
    assert "hunter" not in done.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"alcohol": NaN}]', "is not JSON|cannot be sent as JSON"),
        ("[" * 100_000, "is not JSON|is nested too deeply"),
        ("{}", "must hold a JSON array of records"),
        ("nothing", "is not JSON"),
    ],
    ids=["NaN", "deep", "object", "text"],
)
def test_records_that_cannot_be_sent_are_refused_in_one_line(
    client: Client, server: FaultProxy, records_file: Path, content: str, says: str
) -> None:
    if client.name in ("curl", "postman"):
        pytest.skip("it sends what it is given, and the endpoint refuses it")
    records_file.write_text(content)
    done = client.ask(server.url, REGION, records_file, {})
    assert done.status == 1
    assert re.search(says, done.err)
    assert done.err.count("\n") == 1
    assert not server.seen


@pytest.mark.slow
@pytest.mark.parametrize("content", ["null", "[]", "{", ""])
@pytest.mark.parametrize("program", ["node/command.js", "postman/run.js"])
@pytest.mark.usefixtures("node_client", "postman")
def test_outputs_that_are_none_are_refused_in_one_line(
    records_file: Path, tmp_path: Path, program: str, content: str
) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(content)
    records = [str(records_file)] if "node" in program else []
    done = run(["node", str(CLIENTS / program), *records, "--stack-outputs", str(outputs)], {})
    says = f"error: {outputs} is not the JSON object that `pulumi stack output --json` prints\n"
    assert (done.status, done.err) == (1, says)


def test_predictions_that_cannot_be_printed_are_told(server: FaultProxy, records_file: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    server.faults.append(RIGHT)
    given = ["--endpoint", server.url, "--region", REGION, "--role-arn", ""]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PYTHON_COMMAND, "predict", str(records_file), *given],
            env={**os.environ, **CREDENTIALS, "PYTHONPATH": str(CLIENTS / "python")},
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "error: the predictions cannot be printed: No space left on device\n")


@pytest.mark.parametrize(("asked", "variables", "least"), [("1", {}, 0.95), ("3600", {"LONGEST_WAIT": "0"}, 0.0)])
def test_what_the_endpoint_asks_for_is_waited(
    client: Client, server: FaultProxy, records_file: Path, asked: str, variables: dict[str, str], least: float
) -> None:
    if variables and client.name != "curl":
        pytest.skip("its cap is tested with its function")
    server.faults.extend([answered(503, headers={"retry-after": asked}), *[RIGHT] * 20])
    client.ask(server.url, REGION, records_file, variables)
    first, second, *_ = server.seen
    assert second.at - first.at >= least


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes certificates that nobody trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on PATH")
    folder = tmp_path_factory.mktemp("certificates")

    @functools.cache
    def certificate(name: str) -> Path:
        file = folder / f"{name}.pem"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        subject = ["-subj", f"/CN={name[:60]}", "-addext", f"subjectAltName=DNS:{name}"]
        subprocess.run(
            ["openssl", "req", "-x509", *kind, *subject, "-keyout", str(file), "-out", str(file.with_suffix(".crt"))],
            check=True, capture_output=True,
        )  # fmt: skip
        return file

    return certificate


@contextlib.contextmanager
def tls_server(certificate: Path) -> Iterator[FaultProxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_suffix(".crt"), certificate)
    with fault_proxy.before("127.0.0.1", 1, tls=context) as server:
        server.faults.extend([RIGHT] * 20)
        yield server


@pytest.mark.parametrize("trusted", [False, True], ids=["of nobody", "of somebody else"])
def test_nothing_is_sent_to_whoever_has_another_certificate(
    client: Client, certificates: Callable[[str], Path], records_file: Path, trusted: bool
) -> None:
    certificate = certificates("wine.example.com" if trusted else "localhost")
    with tls_server(certificate) as server:
        host = f"localhost:{server.url.rpartition(':')[2]}"
        variables = {client.certificates: str(certificate.with_suffix(".crt"))} if trusted else {"ATTEMPTS": "2"}
        done = client.ask(f"https://{host}/", REGION, records_file, variables)
    assert done.status == 1
    assert not server.seen
    if client.name == "postman":  # which tells scripts no reason
        assert "no answer at all" in done.err
        return
    assert f"error: the certificate of {host} is not trusted (" in done.err
    assert "so nothing was sent; if a proxy on the way opens TLS, name its certificate in" in done.err
    assert client.certificates in done.err


@pytest.mark.parametrize("name", ["abc.lambda-url.eu-central-1.on.aws", "localhost"])
def test_a_detour_must_end_at_the_endpoint(certificates: Callable[[str], Path], records_file: Path, name: str) -> None:
    """Python alone can connect elsewhere; with TLS only whoever has the endpoint's certificate is talked to."""
    certificate = certificates(name)
    with tls_server(certificate) as server:
        variables = {
            "SSL_CERT_FILE": str(certificate.with_suffix(".crt")),
            "INFERENCE_CONNECT_TO": server.url.replace("127.0.0.1", "localhost"),
        }
        done = python("https://abc.lambda-url.eu-central-1.on.aws/", REGION, records_file, variables)
    assert (done.status, len(server.seen)) == ((1, 0) if name == "localhost" else (0, 1)), done.err


def test_doctor_says_the_same_of_a_certificate(certificates: Callable[[str], Path]) -> None:
    with tls_server(certificates("localhost")) as server:
        (finding,) = doctor.examine(Settings(server.url.replace("127.0.0.1", "localhost"), REGION))
    assert not finding.good
    assert finding.sentence.startswith("the certificate of localhost:")


@pytest.mark.slow
def test_the_node_client_waits_as_the_python_one_does(node_client: Path) -> None:
    cases = [("", ""), ("3", ""), ("3600", ""), ("-3", ""), ("soon", ""), ("9" * 400, "")]
    noon = "Sun, 01 Nov 2026 12:00:00 GMT"
    cases += [("Sun, 01 Nov 2026 12:00:02 GMT", noon), ("Sun, 01 Nov 2026 11:00:00 GMT", noon)]
    program = """
        import { waitMs } from "./retry.js";
        const cases = JSON.parse(process.argv[1]);
        const known = { attempt: 1, capMs: 5000, chance: 0 };
        console.log(JSON.stringify(cases.map(([retryAfter, date]) => waitMs({ ...known, retryAfter, date }))));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program, json.dumps(cases)],
        cwd=node_client, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [0, 3000, 5000, 0, 0, 0, 2000, 0]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["https://wine.example.com/", "//wine.example.com/", "/", "../"])
def test_a_path_of_the_node_client_cannot_lead_elsewhere(node_client: Path, path: str) -> None:
    program = """
        import { Client } from "./client.js";
        await new Client({ endpoint: "http://127.0.0.1:1/below", region: "eu-central-1" }).send("GET", process.argv[1]);
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program, path],
        cwd=node_client, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "must not lead out of it" in done.stderr
