"""The page to try the model, in a real Chromium: does it show what XGBoost itself predicts, and whom does it let in?

With PICTURES=docs/pictures in the environment the pictures of the documentation are taken again.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

import httpx
import numpy as np
import pandas as pd
import pytest
import xgboost
from axe_playwright_python.sync_playwright import Axe
from endpoint import Endpoint
from ml_inference_client.__main__ import main
from ml_inference_client.client import AsyncClient
from ml_inference_client.playground import command, guard
from ml_inference_client.playground.form import Told
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from uvicorn import Server

from tests.clients.conftest import GOLDEN, REPOSITORY
from tests.clients.handler_client import Handler
from tests.clients.local_endpoint import Identity, LocalEndpoint
from tests.needs import BROWSER

MODEL = REPOSITORY / "model"
CARD = json.loads((MODEL / "card.json").read_text())
PICTURES = os.environ.get("PICTURES")
Serve = Callable[..., str]

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

NOTHING = "\N{EN DASH}"
"""What stands in place of a prediction that there is not."""

# Chromium runs as whoever runs the tests, in a container often as root, and talks to nobody but the page.
CHROMIUM = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


@pytest.fixture(scope="module")
def browser(endpoint: LocalEndpoint) -> Iterator[Browser]:  # noqa: ARG001 - Playwright's event loop would be in its way
    found = BROWSER.path()
    if found is None:
        pytest.skip("chromium is not on PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=CHROMIUM)
        yield started
        started.close()


@contextmanager
def running(client: Callable[[], Any], told: Told) -> Iterator[command.Serving]:
    with command.serving(client, told) as served:
        thread = threading.Thread(target=served.run)
        thread.start()
        while not served.server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield served
        finally:
            served.server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Serves the page of a model, whose handler answers in this process; returns the page's address."""
    servers = list[Server]()
    with ExitStack() as open_pages:

        def start(model: Path | xgboost.Booster, told: Told | None = None, **environment: str) -> str:
            if not isinstance(model, Path):
                path = tmp_path_factory.mktemp("model") / "model.ubj"
                model.save_model(path)
                model = path
            endpoint = Endpoint({"MODEL_PATH": str(model), **environment})
            served = open_pages.enter_context(running(lambda: Handler(endpoint), told or Told()))
            servers.append(served.server)
            return served.address

        yield start
        for server in servers:  # each looks ten times a second whether it is to end: all at the same time
            server.should_exit = True


@pytest.fixture(scope="module")
def wines(serve: Serve) -> str:
    return serve(MODEL / "wine_quality.ubj", Told(CARD, records=GOLDEN["records"][:2]))


@pytest.fixture(scope="module")
def window(browser: Browser) -> Page:
    """For one page after the other; a new one would be a new process."""
    return browser.new_page()


@pytest.fixture
def opened(window: Page) -> Iterator[Callable[[str], Page]]:
    """Opens an address from the beginning; nothing that a page asks goes elsewhere, and nothing in it goes wrong."""
    addresses, asked, complaints = list[str](), list[str](), list[str]()

    def open_page(address: str) -> Page:
        addresses.append(address)
        resized(window, 1280)
        window.emulate_media(color_scheme="light")
        window.goto(address)
        expect(window.locator("#prediction")).not_to_have_text(NOTHING)
        return window

    listeners: dict[Any, Callable[[Any], None]] = {
        "request": lambda request: asked.append(request.url),
        "pageerror": lambda error: complaints.append(str(error)),
        "console": lambda said: complaints.append(said.text) if "Failed to load" not in said.text else None,
    }
    for event, listener in listeners.items():
        window.on(event, listener)
    yield open_page
    for event, listener in listeners.items():
        window.remove_listener(event, listener)
    assert complaints == []
    strangers = [url for url in asked if not any(at_home(url, address) for address in addresses)]
    assert strangers == [], "the page asked somebody else"


def at_home(url: str, address: str) -> bool:
    """Whether an address is one below the page's, or of data that the page made."""
    return url.startswith((address, "blob:" + address[: address.index("/", 8)]))


def resized(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 860})


def coloured(page: Page, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")


def field(page: Page, name: str) -> Locator:
    return page.get_by_label(name, exact=True)


def predicted(page: Page) -> Any:
    """The prediction in full, once the page is at rest."""
    page.wait_for_function("!document.body.classList.contains('waiting')")
    return json.loads(page.locator("#prediction").get_attribute("title") or "null")


def bars(page: Page) -> dict[str, tuple[float, float]]:
    """For each bar of the chart the number beside it, and its length in pixels."""
    found = page.locator("#chart tr").evaluate_all(
        """lines => lines.map(line => [
            line.querySelector("th").firstChild.textContent,
            line.querySelector(".value").innerText,
            line.querySelector("i").getBoundingClientRect().width,
        ])"""
    )
    return {name: (float(number.replace("\u2212", "-").replace(",", "")), width) for name, number, width in found}


def wine(record: dict[str, Any]) -> tuple[float, dict[str, float]]:
    """What XGBoost itself predicts for a wine, and its contributions."""
    booster = xgboost.Booster(model_file=MODEL / "wine_quality.ubj")
    names = list(booster.feature_names or ())
    matrix = xgboost.DMatrix(np.array([[record[name] for name in names]], np.float32), feature_names=names)
    contributions = booster.predict(matrix, pred_contribs=True)[0]
    return float(booster.predict(matrix)[0]), dict(zip(names, map(float, contributions), strict=False))


def test_the_prediction_and_its_contributions_follow_the_keyboard(opened: Callable[[str], Page], wines: str) -> None:
    page, record = opened(wines), dict(GOLDEN["records"][0])
    assert predicted(page) == GOLDEN["predictions"][0]
    field(page, "alcohol").fill("13.5")
    expect(page.locator("#chart")).to_contain_text("13.5")
    record["alcohol"] = 13.5
    expected, contributions = wine(record)
    assert predicted(page) == expected
    shown = bars(page)
    assert {name: number for name, (number, _) in shown.items()} == pytest.approx(
        {name: contributions[name] for name in record}, abs=6e-5
    )
    longest = max(contributions[name] for name in record)
    for name, (number, length) in shown.items():
        assert length == pytest.approx(abs(number / longest) * shown["alcohol"][1], abs=2.5), name

    slider = page.get_by_label("alcohol, slider")
    slider.press("ArrowLeft")
    assert field(page, "alcohol").input_value() == "13.49"
    expect(page.locator("#chart")).to_contain_text("13.49")
    assert predicted(page) == wine({**record, "alcohol": 13.49})[0]


def test_sliders_end_where_training_data_did_and_else_where_the_trees_do(
    opened: Callable[[str], Page], wines: str, serve: Serve
) -> None:
    def ends(page: Page) -> list[float]:
        slider = page.get_by_label("alcohol, slider")
        return [float(slider.get_attribute(end) or "nan") for end in ("min", "max")]

    known = opened(wines)
    assert ends(known) == [8.0, 14.9]
    field(known, "alcohol").fill("20")
    expect(known.locator("#form")).to_contain_text("outside what training saw")
    ranges = {"features": {"alcohol": {"lowest": 8.399999618530273, "highest": 14, "missing": 0}}}
    assert ends(opened(serve(MODEL / "wine_quality.ubj", Told(ranges=ranges)))) == [8.4, 14.0]
    unknown = opened(serve(MODEL / "wine_quality.ubj"))
    trees = xgboost.Booster(model_file=MODEL / "wine_quality.ubj").trees_to_dataframe()
    thresholds = trees[trees["Feature"] == "alcohol"]["Split"]
    low, high = ends(unknown)
    assert 8.0 <= low < thresholds.min()
    assert thresholds.max() < high < 15.5


def test_what_the_endpoint_refuses_stands_beside_its_field(opened: Callable[[str], Page], wines: str) -> None:
    page = opened(wines)
    box = field(page, "citric acid")
    for typed, message in (("abc", "must be a number"), ("", "must not be null"), ("1e39", "float32")):
        box.fill(typed)
        expect(box).to_have_attribute("aria-invalid", "true")
        described = [
            page.locator(f"#{part}").inner_text() for part in (box.get_attribute("aria-describedby") or "").split()
        ]
        assert message in described[-1]
        expect(page.locator("#prediction")).to_have_text(NOTHING)
        expect(page.locator("#chart")).to_be_hidden()
        expect(page.locator('[aria-invalid="true"]')).to_have_count(1)
        box.fill("0.28")
        expect(box).to_have_attribute("aria-invalid", "false")
        assert predicted(page) == GOLDEN["predictions"][0]


def dropped(page: Page, name: str, content: str) -> None:
    transfer = page.evaluate_handle(
        "([name, text]) => { const all = new DataTransfer(); all.items.add(new File([text], name)); return all; }",
        [name, content],
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


def test_a_dropped_table_is_scored_and_saved(opened: Callable[[str], Page], wines: str) -> None:
    page = opened(wines)
    table = pd.DataFrame(GOLDEN["records"][:30]).astype(object)
    table.insert(0, "name", [f"=wine {row}" for row in range(30)])
    table.loc[7, "pH"] = "sour"
    dropped(page, "wines.csv", table.to_csv(sep=";", index=False))
    expect(page.locator("#scored tbody tr")).to_have_count(30)
    expect(page.locator("#scored-about")).to_contain_text("wines.csv: 30 rows, 1 without a prediction")
    expect(page.locator("#scored .failed")).to_contain_text("pH: the cell is not a number")
    with page.expect_download() as saving:
        page.get_by_text("Download the result").click()
    assert saving.value.suggested_filename == "wines.predictions.csv"
    saved = pd.read_csv(saving.value.path())
    expected = [None if row == 7 else prediction for row, prediction in enumerate(GOLDEN["predictions"][:30])]
    assert [None if np.isnan(value) else value for value in saved["prediction"]] == expected
    assert saved["name"][3] == "'=wine 3", "no spreadsheet computes what was copied"

    dropped(page, "typo.csv", table.rename(columns={"alcohol": "Alcool"}).to_csv(index=False))
    expect(page.locator("#scored-about")).to_contain_text("typo.csv lacks the model's features")
    expect(page.locator("#scored-about")).to_contain_text("'alcohol' is probably its column 'Alcool'")


def test_a_classifier_names_its_classes_and_explains_each(opened: Callable[[str], Page], serve: Serve) -> None:
    choose = np.random.default_rng(1)
    rows = choose.normal(size=(300, 4)).astype(np.float32)
    label = (rows[:, 0] > 0).astype(int) + (rows[:, 1] > 0.5)
    names = ["length", "width", "height", 'odd "name" & more']
    data = xgboost.DMatrix(rows, label, feature_names=names)
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3, "nthread": 1}, data, 8)
    example = dict(zip(names, map(float, rows[0]), strict=True))
    page = opened(serve(booster, Told(records=[example]), OUTPUT_NAMES='["adelie", "chinstrap", "gentoo"]'))
    one = xgboost.DMatrix(rows[:1], feature_names=names)
    expected = booster.predict(one)[0]
    assert predicted(page) == [float(value) for value in expected]
    best = int(expected.argmax())
    expect(page.locator("#prediction")).to_have_text(("adelie", "chinstrap", "gentoo")[best])
    expect(page.locator("#shares tr")).to_have_count(3)
    expect(page.locator("#shares tr").first).to_contain_text(f"{100 * expected[best]:.1f} %")
    contributions = booster.predict(one, pred_contribs=True)[0]
    for index, name in enumerate(("adelie", "chinstrap", "gentoo")):
        page.get_by_label("Output that is explained").select_option(name)
        found = {feature: number for feature, (number, _) in bars(page).items()}
        assert found == pytest.approx(dict(zip(names, contributions[index], strict=False)), abs=6e-4)
    dropped(page, "birds.csv", pd.DataFrame(rows[:5], columns=names).to_csv(index=False))
    expect(page.locator("#scored thead")).to_contain_text("adeliechinstrapgentoo")


def test_categories_are_choices_and_gaps_are_ticks(opened: Callable[[str], Page], serve: Serve) -> None:
    choose = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "colour": pd.Categorical(np.array(["red", "white", "rose, dry"])[choose.integers(3, size=300)]),
            "old": choose.random(300) < 0.5,
            "size": choose.normal(size=300).round(2),
        }
    )
    label = (frame["colour"] == "red") & frame["old"] | (frame["size"] > 0.3)
    data = xgboost.DMatrix(frame, label, enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 6)
    page = opened(serve(booster, ALLOW_MISSING='["size"]'))
    colour = field(page, "colour")
    assert colour.locator("option").all_inner_texts() == ["red", "rose, dry", "white"]

    def expected(name: str, old: bool, size: float) -> float:
        row = pd.DataFrame(
            {"colour": pd.Categorical([name], frame["colour"].cat.categories), "old": [old], "size": [size]}
        )
        return float(booster.predict(xgboost.DMatrix(row, enable_categorical=True))[0])

    field(page, "size").fill("0.1")
    for name in ("white", "rose, dry", "red"):
        colour.select_option(name)
        expect(page.locator("#chart")).to_contain_text(name)
        assert predicted(page) == expected(name, False, 0.1)
    field(page, "old").check()
    expect(page.locator("#chart")).to_contain_text("true")
    assert predicted(page) == expected("red", True, 0.1)
    expect(page.locator("#prediction")).to_have_text(f"{100 * expected('red', True, 0.1):.1f} %")
    page.get_by_label("size is missing").check()
    expect(field(page, "size")).to_be_disabled()
    expect(field(page, "size")).to_have_value("")
    expect(page.locator("#chart")).to_contain_text("missing")
    assert predicted(page) == expected("red", True, np.nan)


def test_of_many_features_those_that_are_looked_for_are_shown(opened: Callable[[str], Page], serve: Serve) -> None:
    rows = np.random.default_rng(4).normal(size=(200, 230)).astype(np.float32)
    names = [f"reading {index:03}" for index in range(230)]
    label = rows[:, 229] * 3 + rows[:, 0]
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, label, feature_names=names), 5)
    page = opened(serve(booster))
    expect(page.locator(".field")).to_have_count(200)
    expect(page.locator("#more")).to_contain_text("200 of 230 features")
    page.get_by_placeholder("Find a feature").fill("g 229")
    expect(page.locator(".field")).to_have_count(1)
    before = predicted(page)
    field(page, "reading 229").fill("2")
    expect(page.locator("#chart tr").first).to_contain_text("reading 229 2")
    assert predicted(page) > before


def test_a_model_that_cannot_be_explained_is_predicted_all_the_same(
    opened: Callable[[str], Page], serve: Serve
) -> None:
    rows = np.random.default_rng(6).normal(size=(200, 3)).astype(np.float32)
    data = xgboost.DMatrix(rows, rows[:, :2] * 2, feature_names=["a", "b", "c"])
    booster = xgboost.train({"nthread": 1, "multi_strategy": "multi_output_tree"}, data, 5)
    page = opened(serve(booster, Told(records=[{"a": 1, "b": 0, "c": 0}]), OUTPUT_NAMES='["height", "weight"]'))
    one = xgboost.DMatrix(np.array([[1, 0, 0]], np.float32), feature_names=["a", "b", "c"])
    assert predicted(page) == booster.predict(one)[0].astype(float).tolist()
    expect(page.locator("#shares")).to_contain_text("height")
    expect(page.locator("#sum")).to_contain_text("cannot explain this kind of model")
    expect(page.locator("#chart")).to_be_hidden()


def test_axe_finds_no_barrier(opened: Callable[[str], Page], wines: str) -> None:
    page = opened(wines)
    field(page, "citric acid").fill("much")
    expect(page.locator('[aria-invalid="true"]')).to_have_count(1)
    dropped(page, "wines.csv", pd.DataFrame(GOLDEN["records"][:3]).assign(pH=["sour", 3, 3]).to_csv(index=False))
    expect(page.locator("#scored tbody tr")).to_have_count(3)
    axe = Axe()
    for width, scheme in product((1280, 390), SCHEMES):
        resized(page, width)
        coloured(page, scheme)
        found = axe.run(page)
        axe.axe_script = ""  # the page keeps it
        assert found.violations_count == 0, (width, scheme, found.generate_report())
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing is cut off"


def test_the_page_works_by_keyboard_alone(opened: Callable[[str], Page], wines: str) -> None:
    page = opened(wines)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link that skips to the form
    for wanted in ("Next example", "Copy as JSON", "fixed acidity", "fixed acidity, slider", "volatile acidity"):
        page.keyboard.press("Tab")
        named = page.evaluate(
            "document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.innerText || "
            "document.activeElement.innerText"
        )
        assert named == wanted
        if wanted == "Next example":
            page.keyboard.press("Enter")
            expect(page.locator("#prediction")).to_have_text(f"{GOLDEN['predictions'][1]:.4f}")


def test_the_page_is_drawn_in_light_and_dark(opened: Callable[[str], Page], wines: str, tmp_path: Path) -> None:
    table = pd.DataFrame(GOLDEN["records"][:6])
    folder = Path(PICTURES) if PICTURES else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page = opened(wines)
    dropped(page, "wines.csv", table.to_csv(index=False))
    expect(page.locator("#scored tbody tr")).to_have_count(6)
    grounds = {}
    for scheme in SCHEMES:
        coloured(page, scheme)
        page.screenshot(path=folder / f"playground-{scheme}.png", full_page=True, animations="disabled")
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(244, 245, 248)", "dark": "rgb(17, 20, 27)"}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("", {}, 403),
        ("form", {}, 403),
        ("{token}x/form", {}, 403),
        ("{token}/form", {"host": "attacker.example"}, 400),
        ("{token}/form", {}, 200),
        ("{token}/../form", {}, 403),
        ("{token}/%2e%2e/app.py", {}, 404),
    ],
)
def test_only_who_knows_the_token_and_means_this_machine_is_answered(
    wines: str, path: str, headers: dict[str, str], status: int
) -> None:
    token = wines.rstrip("/").rpartition("/")[2]
    answer = httpx.get(wines.replace(f"{token}/", "") + path.format(token=token), headers=headers)
    assert answer.status_code == status
    if status != 400:
        assert guard.HEADERS.items() <= dict(answer.headers).items()


def test_the_command_signs_for_the_person_and_ends_in_order(
    endpoint: LocalEndpoint, invoker: Identity, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {
        "INFERENCE_ENDPOINT": endpoint.url,
        "INFERENCE_CONNECT_TO": endpoint.cloud.url,
        "INFERENCE_ROLE_ARN": invoker.role_arn,
        "AWS_ACCESS_KEY_ID": invoker.user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": invoker.user.secret_access_key,
        "AWS_ENDPOINT_URL": endpoint.cloud.url,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    answers = []

    def visit(served: command.Serving) -> None:
        """Takes the place of a person: looks at the page, then presses Ctrl-C."""
        thread = threading.Thread(target=served.server.run, kwargs={"sockets": [served.own]})
        thread.start()
        while not served.server.started:
            time.sleep(0.01)
        answers.append(httpx.get(served.address + "form").json())
        answers.append(httpx.post(served.address + "explain", json=GOLDEN["records"][:1]).json())
        served.server.should_exit = True
        thread.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(command.Serving, "run", visit)
    assert main(["playground", "--card", str(MODEL / "card.json"), "--no-browser"]) == 0
    described, explained = answers
    assert [each["name"] for each in described["fields"]] == [each["name"] for each in CARD["features"]]
    assert explained["prediction"] == GOLDEN["predictions"][0]
    printed = capsys.readouterr()
    assert printed.out.startswith("http://127.0.0.1:")
    assert not any(secret in printed.out + printed.err for secret in (invoker.user.secret_access_key,))


def test_what_cannot_be_served_is_said_in_one_line(
    endpoint: LocalEndpoint,
    invoker: Identity,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stranger = tmp_path / "card.json"
    stranger.write_text(json.dumps({**CARD, "model": {"sha256": "0" * 64}}))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", invoker.user.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", invoker.user.secret_access_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.cloud.url)
    where = ["playground", "--no-browser", "--endpoint", endpoint.url, "--connect-to", endpoint.cloud.url]
    role = ["--role-arn", invoker.role_arn]
    taken: AbstractContextManager[command.Serving] = command.serving(lambda: AsyncClient, Told())  # type: ignore[arg-type, return-value]
    with taken as other:
        port = other.own.getsockname()[1]
        other.own.listen()
        for arguments, message in (
            ([*where, "--role-arn", ""], "error: 403 Forbidden"),
            ([*where, *role, "--card", str(stranger)], "card.json is of another model; the endpoint serves"),
            ([*where, *role, "--card", str(tmp_path / "none.json")], "cannot be read: No such file"),
            ([*where, *role, "--port", str(port)], f"port {port} cannot be used: Address already in use"),
        ):
            assert main(arguments) == 1
            (line,) = capsys.readouterr().err.splitlines()
            assert message in line
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    assert main([*where, *role]) == 1
    assert 'install "ml-inference-client[playground]"' in capsys.readouterr().err
