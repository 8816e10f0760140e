"""Structural mutations of model files, and what becomes of each in preview, handler and XGBoost itself.

    PYTHONPATH=.:function python -m tests.function.mutants 3.2 0 250

A file is taken apart as far as its format goes, one to three things in it are changed, and it is put together again:
every length and every bracket is right, and only what the file says is not. The library may crash on such a file, so a
process of its own judges many of them, and prints what it is at. The change depends on version, format and number
alone.
"""

from __future__ import annotations

import functools
import json
import math
import os
import random
import resource
import struct
import sys
import tempfile
import types
from itertools import product
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tests.function import saved_models

REPOSITORY = Path(__file__).parents[2]

KINDS = (
    *("regression", "quantile", "binary", "classes", "class", "count", "aft", "pairwise", "dart", "dart-classes"),
    *("forest", "forest-classes", "pruned", "continued", "missing", "unnamed", "one-hot", "partitioned", "colours"),
    *("years", "targets", "vectors", "linear"),
)
"""The kinds of `saved_models.make.KINDS` whose files differ in their structure."""

FORMS = ("ubj", "json")

MEMORY_MB = 64
"""What judging a file of some 20 KB may add to a process, in preview, handler and XGBoost together."""

ADDRESSES = 6 * 2**30
"""A mutation that asks for more ends its process, and not the machine."""

Place = tuple[Any, ...]
"""The keys and indices on the way from the root to something in a tree of objects."""


# --- UBJSON with the type of everything kept, so that a file without a change comes out as it was ---

_FORMATS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}


class Number(NamedTuple):
    """A number of UBJSON and its marker."""

    marker: str
    value: float


class Numbers(NamedTuple):
    """An array of numbers of one kind."""

    marker: str
    values: list[float]


def decoded(data: bytes) -> Any:
    """The tree of a UBJSON file."""
    value, end = _decoded(data, 0)
    assert end == len(data)
    return value


def _decoded(data: bytes, at: int) -> tuple[Any, int]:
    marker, at = chr(data[at]), at + 1
    if marker in _FORMATS:
        form = ">" + _FORMATS[marker]
        return Number(marker, struct.unpack_from(form, data, at)[0]), at + struct.calcsize(form)
    if marker == "S":
        return _text(data, at)
    if marker == "{":
        pairs = {}
        while data[at : at + 1] != b"}":
            key, at = _text(data, at)
            pairs[key], at = _decoded(data, at)
        return pairs, at + 1
    if marker == "[" and data[at : at + 1] == b"$":
        kind, count = chr(data[at + 1]), struct.unpack_from(">q", data, at + 4)[0]
        form = f">{count}{_FORMATS[kind]}"
        return Numbers(kind, list(struct.unpack_from(form, data, at + 12))), at + 12 + struct.calcsize(form)
    if marker == "[":
        count, at = struct.unpack_from(">q", data, at + 2)[0], at + 10
        values = []
        for _ in range(count):
            value, at = _decoded(data, at)
            values.append(value)
        return values, at
    return {"Z": None, "T": True, "F": False}[marker], at


def _text(data: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from(">q", data, at + 1)[0]
    return data[at + 9 : at + 9 + length].decode(), at + 9 + length


def encoded(value: Any) -> bytes:
    """The UBJSON file of a tree, as XGBoost writes it."""
    if isinstance(value, Number):
        return value.marker.encode() + _packed(value.marker, [value.value])
    if isinstance(value, Numbers):
        return b"[$" + value.marker.encode() + b"#" + _length(len(value.values)) + _packed(*value)
    if isinstance(value, str):
        return b"S" + _named(value)
    if isinstance(value, dict):
        return b"{" + b"".join(_named(key) + encoded(each) for key, each in value.items()) + b"}"
    if isinstance(value, list):
        return b"[#" + _length(len(value)) + b"".join(map(encoded, value))
    if type(value) in (int, float):
        return encoded(Number("L" if isinstance(value, int) else "d", value))
    return {None: b"Z", True: b"T", False: b"F"}[value]


def _length(length: int) -> bytes:
    return b"L" + struct.pack(">q", length)


def _named(text: str) -> bytes:
    return _length(len(text.encode())) + text.encode()


def _packed(marker: str, values: list[float]) -> bytes:
    """Numbers of a kind; whole ones that are too large for it wrap around."""
    form = _FORMATS[marker]
    if form == "f":
        values = [value if abs(value) < 3e38 or not math.isfinite(value) else math.inf for value in values]
    elif form != "d":
        size = 2 ** (8 * struct.calcsize(form))
        low = 0 if form == "B" else -size // 2
        values = [(int(value) - low) % size + low if math.isfinite(value) else low for value in values]
    return struct.pack(f">{len(values)}{form}", *values)


# --- changes ---

WHOLE = [0, 1, -1, 2, 3, 4, 7, 127, 255, 256, 1000, 2**15, 2**24, 10**8, 2**31 - 1, 2**31, 2**32, 2**63 - 1, -(2**31)]
REAL = [0.0, -0.0, 0.5, -1.5, 1e-45, 1e30, -1e30, 3e38, math.inf, -math.inf, math.nan]
TEXTS = [
    *("", "0", "1", "-1", "2", "3", "4", "12", "100", "10000000", "2147483647", "4294967297", "0.5", "1E0", "5E-1"),
    *("[5E-1]", "[1E0,2E0]", "[1,2,3]", "[", "nan", "inf", "1e39", "1e-50", "x", "gbtree", "dart", "gblinear", "true"),
    *("reg:squarederror", "binary:logistic", "multi:softprob", "multi:softmax", "rank:ndcg", "survival:aft"),
    *("reg:quantileerror", "count:poisson", "reg:linear", "c", "int", "float", "i", "q", "length", "é", "a b"),
]
OTHER_KINDS: list[Any] = [None, True, False, 1, 0.5, "0", []]


class Found(NamedTuple):
    """Something in a tree, where it stands, and where by names alone: all elements of an array have the same."""

    at: Place
    named: Place
    value: Any


def places(tree: Any) -> list[Found]:
    """Everything in a tree."""
    found = [Found((), (), tree)]
    _add_places(found, found[0])
    return found


def _add_places(found: list[Found], parent: Found) -> None:
    at, named, value = parent
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inside:
        child = Found((*at, key), (*named, key) if isinstance(key, str) else named, each)
        found.append(child)
        if type(each) in (dict, list):
            _add_places(found, child)


def mutated(tree: Any, others: list[Any], chance: random.Random) -> tuple[Any, str]:
    """A copy of a tree with one to three changes, and what they are; other trees are where pieces are taken from."""
    tree, said = _copy(tree), []
    for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
        by_name: dict[Place, list[Place]] = {}
        for at, named, _value in places(tree)[1:]:
            # A tree's hundred numbers count as often as the one number of features.
            by_name.setdefault(named, []).append(at)
        at = chance.choice(by_name[chance.choice(list(by_name))])
        said.append(f"{'.'.join(map(str, at))} {_change(tree, at, others, chance)}")
    return tree, ", ".join(said)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return list(map(_copy, value)) if type(value) is list else value


def _in(tree: Any, at: Place) -> Any:
    for key in at:
        tree = tree[key]
    return tree


def _change(tree: Any, at: Place, others: list[Any], chance: random.Random) -> str:
    """Change what stands somewhere, and say how."""
    parent, key, value = _in(tree, at[:-1]), at[-1], _in(tree, at)
    match chance.choice(["value", "value", "value", "value", "value", "delete", "splice", "move", "kind"]):
        case "delete":
            del parent[key]
            return "deleted"
        case "splice":
            with_it = [other for other in others if any(at == found.at for found in places(other))]
            parent[key] = _copy(_in(chance.choice(with_it), at)) if with_it else None
            return "of another model"
        case "move":
            elsewhere = [found for found in places(tree) if found.at != at[: len(found.at)]]
            source, _, moved = chance.choice(elsewhere or [Found((), (), None)])
            parent[key] = _copy(moved)
            return f"as {'.'.join(map(str, source))}"
        case "kind":
            as_another = (
                [value._replace(marker=marker) for marker in _FORMATS]
                if isinstance(value, (Number, Numbers))
                else OTHER_KINDS
            )
            parent[key] = chance.choice(as_another)
        case _:
            parent[key] = _valued(value, chance)
    return f"= {str(parent[key])[:60]}"


def _valued(value: Any, chance: random.Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, str):
        return chance.choice(TEXTS)
    if isinstance(value, Number):
        return value._replace(value=chance.choice(REAL if value.marker in "dD" else WHOLE))
    if isinstance(value, Numbers):
        return value._replace(values=_rearranged(value.values, chance, REAL if value.marker in "dD" else WHOLE))
    if isinstance(value, float):
        return chance.choice([*REAL, -value])
    if type(value) is int:
        return chance.choice([*WHOLE, value + 1, value - 1])
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: value[key] for key in keys[chance.randrange(2) :]}
    if isinstance(value, list):
        return _rearranged(value, chance)
    return not value


def _rearranged(values: list[Any], chance: random.Random, numbers: list[Any] | None = None) -> list[Any]:
    """An array with one element changed, or as a whole."""
    values = list(map(_copy, values))
    if not values:
        return [chance.choice(WHOLE)]
    at = chance.randrange(len(values))
    match chance.choice(["one", "one", "one", "near", "near", "near", "swap", "shorter", "longer", "empty", "shuffle"]):
        case "one":
            values[at] = chance.choice(numbers) if numbers else _valued(values[at], chance)
        case "near" if type(values[at]) in (int, float):
            values[at] += chance.choice((-1, 1))
        case "shorter":
            del values[at:]
        case "longer":
            values.append(_copy(values[at]))
        case "empty":
            values = []
        case "shuffle":
            chance.shuffle(values)
        case _:
            other = chance.randrange(len(values))
            values[at], values[other] = values[other], values[at]
    return values


def mutation(version: str, form: str, number: int) -> tuple[bytes, str]:
    """The file that a number stands for, and what was changed in which model."""
    chance = random.Random(f"{version} {form} {number}")
    files = saved_models.archive(version)
    kinds = [kind for kind in KINDS if f"{kind}.{form}" in files]
    kind = kinds[number % len(kinds)]
    tree, *others = (saved(version, f"{each}.{form}") for each in (kind, *chance.sample(kinds, 2)))
    changed, change = mutated(tree, others, chance)
    while changed == tree:
        changed, change = mutated(tree, others, chance)
    return written(changed, form), f"{kind}.{form} of {version}: {change}"


@functools.cache
def saved(version: str, name: str) -> Any:
    """The tree of a file of either format, of which changes make a copy."""
    content = saved_models.archive(version)[name]
    return decoded(content) if content.startswith(b"{L") else json.loads(content)


def written(tree: Any, form: str) -> bytes:
    """The file of a tree."""
    return encoded(tree) if form == "ubj" else json.dumps(tree, separators=(",", ":")).encode()


# --- what becomes of a file ---

REFUSED, PREDICTED = "refused", "predicted"


def judged(content: bytes, file: BinaryIO) -> str:
    """Whether a file of this content is refused everywhere alike or predicts as in XGBoost; else what is wrong."""
    import booster
    from endpoint import Endpoint

    from components.bundled_handler import model_reader

    file.seek(0)
    file.truncate()
    file.write(content)
    endpoint = Endpoint({"MODEL_PATH": str(file.name), "METRICS_NAMESPACE": "", "ALLOW_MISSING": "true"})
    try:
        found = model_reader.read(content)
    except model_reader.UnreadableModelError as error:
        alike = endpoint.failure == f"the model file {error}" and "\n" not in str(error)
        return REFUSED if alike else f"preview says: {error}; the handler: {endpoint.failure}"
    if found.saved_by > booster.library_version():  # which is the image's in its own Python, and may be older here
        return REFUSED if "newer than" in str(endpoint.failure) else "newer than the library, and served"
    if endpoint.failure:
        return f"the preview takes it, the handler says: {endpoint.failure}"
    return _compared(endpoint, content, found)


def _compared(endpoint: Any, content: bytes, found: Any) -> str:
    """Whether the endpoint answers what XGBoost's own package predicts."""
    import numpy as np
    import xgboost

    from components import golden
    from tests.function.saved_models import make

    loaded = xgboost.Booster({"nthread": 1})
    loaded.load_model(bytearray(content))
    config = json.loads(loaded.save_config())["learner"]
    told = loaded.num_features(), loaded.num_boosted_rounds(), config["objective"]["name"]
    # A name that no version saves, but all read.
    objective = found.objective.replace("reg:linear", "reg:squarederror")
    if told != (len(found.features), found.rounds, objective):
        return f"features, rounds and objective are {told}"

    table = np.resize(make.rows(40), (40, len(found.features)))
    for index in found.categories:
        table[:, index] = np.abs(table[:, index]) // 1 % len(found.categories[index] or range(4))
    # Without names: XGBoost's Python package refuses brackets in them, which its library does not.
    loaded.feature_names = None
    matrix = xgboost.DMatrix(table, feature_types=loaded.feature_types, nthread=1)
    best = loaded.attr("best_iteration")
    expected = loaded.predict(
        matrix,
        iteration_range=(0, 0 if best is None else int(best) + 1),
        output_margin=objective == "reg:quantileerror" and found.saved_by < (3, 4, 0),
        validate_features=False,
    )

    sent = [
        {name: (found.categories.get(at) or {int(value): value})[int(value)] for at, (name, value) in enumerate(row)}
        for row in (list(zip(found.features, values, strict=True)) for values in table.tolist())
    ]
    if endpoint(_event("/explain", sent[:2]), None)["statusCode"] not in (200, 422):
        return "it cannot be explained"
    answer = endpoint(_event("/", sent), None)
    if not np.isfinite(expected).all():
        return PREDICTED if answer["statusCode"] == 422 else f"{answer['statusCode']} where XGBoost predicts infinity"
    if answer["statusCode"] != 200:
        return f"{answer['statusCode']}: {answer['body'][:200]}"
    got = np.array(json.loads(answer["body"]), dtype=np.float32)
    if got.tobytes() != expected.astype(np.float32).tobytes():
        return f"predicts {got.ravel()[:3]}, XGBoost {expected.ravel()[:3]}"
    golden.MadeUp(found.example(), found.outputs).check(endpoint([found.example()], None))
    return PREDICTED


def _event(path: str, sent: list[Any]) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "requestContext": {"http": {"method": "POST"}, "requestId": "1"},
        "headers": {"content-type": "application/json"},
        "body": json.dumps(sent),
        "isBase64Encoded": False,
    }


def main() -> None:
    """Judge some mutations in each format; print what each changes before, and what became of it afterwards."""
    version, first, last = sys.argv[1:]
    verdicts = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the handler logs
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    # What XGBoost and the component would load beside what is asked here takes longer than all mutations.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    package = sys.modules["components"] = types.ModuleType("components")
    package.__path__ = [str(REPOSITORY / "components")]
    # Opened once, which takes as long as writing it.
    with tempfile.TemporaryDirectory() as folder, Path(folder, "model").open("wb", buffering=0) as file:
        judged(saved_models.archive(version)["regression.ubj"], file)  # loads the libraries
        before = _peak_mb()
        for form, number in product(FORMS, range(int(first), int(last))):
            content, change = mutation(version, form, number)
            print(json.dumps([form, change]), file=verdicts)
            try:
                outcome = judged(content, file)
            except Exception as error:  # noqa: BLE001 - nothing that a file holds may raise anything
                outcome = f"{type(error).__name__}: {error}"
            if _peak_mb() - before > MEMORY_MB:
                outcome += f", with {_peak_mb() - before} MB"
                before = _peak_mb()
            print(json.dumps(outcome[:500]), file=verdicts)


def _peak_mb() -> int:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
