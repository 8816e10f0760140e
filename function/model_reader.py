"""What does a model file say, and can it be served? The one reader that preview, staging, image and handler share.

A machine that deploys needs no XGBoost, so the file is read without it: XGBoost's own JSON, or the same tree of objects
in UBJSON (draft 12, https://ubjson.org) as `save_model` writes it. XGBoost's library trusts what it loads: an index out
of range is read all the same and ends the process at the first prediction. So every index, group and size is held
against the others here, before the library sees the file. Each tree shrinks to a few numbers as soon as it is read.

Imports the standard library alone, and nothing of the handler: a copy of this file serves the component. Leaves out
which file is served (model_file.py) and predicting (booster.py).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

NEWEST = (3, 4, 1)
"""The XGBoost in the image: requirements.in pins it, and a newer one's models would be predicted wrongly by it."""

OLDEST = (1, 6, 0)
"""Files of earlier versions always hold a best iteration, and not how many trees a round has."""

MAX_FEATURES = 500_000
"""A request to Lambda has at most 6 MB, and a record takes at least twelve bytes for each feature that it names."""

MAX_OUTPUTS = 100_000
"""An answer of Lambda has at most 6 MB as well, and a record's prediction is in one."""

MAX_FLOAT = (2 - 2**-23) * 2.0**127
"""The largest float32."""

MAX_DEPTH = 4096
"""XGBoost explains a prediction by recursion, with memory that grows with the square of the depth: 134 MB here."""

MAX_CATEGORY = 2**24
"""Category codes are float32 in a row, which counts without gaps up to here."""

MAX_CATEGORY_BYTES = 2**28
"""The library keeps a bit for each category up to the largest one, for each split by category."""

NON_ASCII_NAMES = (3, 4, 0)
"""Earlier versions counted characters where bytes are meant, and cut category names from pandas short."""

OBJECTIVES = frozenset(
    {
        *("binary:hinge", "binary:logistic", "binary:logitraw", "count:poisson", "multi:softmax", "multi:softprob"),
        *("rank:map", "rank:ndcg", "rank:pairwise", "reg:absoluteerror", "reg:expectileerror", "reg:gamma"),
        *("reg:linear", "reg:logistic", "reg:pseudohubererror", "reg:quantileerror", "reg:squarederror"),
        *("reg:squaredlogerror", "reg:tweedie", "survival:aft", "survival:cox"),
    }
)
"""https://xgboost.readthedocs.io/en/stable/parameter.html#learning-task-parameters"""

_BASE_SCORES = {
    **dict.fromkeys(("binary:logistic", "reg:logistic"), (0.0, 1.0)),
    **dict.fromkeys(("reg:gamma",), (math.ulp(0.0), math.inf)),
}
"""What the library requires of the base score, where it requires something."""

_NEEDED_PARAMETERS = {
    "count:poisson": "poisson_regression_param",
    "multi:softmax": "softmax_multiclass_param",
    "multi:softprob": "softmax_multiclass_param",
    "reg:quantileerror": "quantile_loss_param",
    "reg:tweedie": "tweedie_regression_param",
    "survival:aft": "aft_loss_param",
}
"""The parameters without which the library does not load an objective."""

FEATURE_TYPES = frozenset({"float", "int", "i", "q", "c"})
"""https://xgboost.readthedocs.io/en/stable/python/python_api.html#xgboost.DMatrix"""

SORTED_QUANTILES = (3, 4, 0)
"""This version and newer sort a row's quantiles, so that none is above the next; what older ones saved expects none."""

SAVE_AGAIN = "save it with Booster.save_model('model.ubj')"


class UnreadableModelError(ValueError):
    """The file is no model that can be served. The message is one line: what it "is" or "has", and what to do."""


@dataclass(frozen=True)
class Model:
    """What a model file says.

    Attributes:
        saved_by: Version of the XGBoost that saved it: (major, minor, patch).
        objective: XGBoost's name of what was learnt, such as `reg:squarederror`.
        booster: `gbtree` or `dart`.
        trees: Number of trees.
        rounds: Number of boosting rounds; each has a tree for every output and parallel tree.
        rounds_used: How many of them predict: those up to the best one if training was stopped early, else all.
        depth: Longest way from a root to a leaf over all trees, in splits.
        path_length: Splits on the ways to all leaves of all trees, which is what explaining a row costs.
        outputs: Numbers that a prediction has: 1, or the number of classes or targets.
        untransformed: Whether the sums of the trees are the prediction as they are, whatever a newer library makes of
            them.
        missing: The number that counts as missing besides NaN, as the scikit-learn estimators of XGBoost 1.6 and 1.7
            keep it in their files; NaN for none.
        features: Feature names in the model's order; XGBoost's own (`f0`, `f1`, …) if it was trained without names.
        feature_types: XGBoost's type of each feature (`float`, `int`, `i`, `q`, `c`); may be empty.
        categories: For the index of each categorical feature its category names in the order of their codes; None
            instead of the names if the file has codes only, as all have that were saved before XGBoost 3.1.
    """

    saved_by: tuple[int, int, int]
    objective: str
    booster: str
    trees: int
    rounds: int
    rounds_used: int
    depth: int
    path_length: int
    outputs: int
    untransformed: bool
    missing: float
    features: tuple[str, ...]
    feature_types: tuple[str, ...]
    categories: dict[int, tuple[str | int, ...] | None]

    def found(self) -> dict[str, Any]:
        """Return what the manifest of a staged model repeats, so that a cold start need not read the file through."""
        return {
            "saved_by": dotted(self.saved_by),
            "objective": self.objective,
            "booster": self.booster,
            "outputs": self.outputs,
            "untransformed": self.untransformed,
            "missing": repr(self.missing),
            "rounds_used": self.rounds_used,
            "rounds": self.rounds,
            "trees": self.trees,
            "path_length": self.path_length,
        }

    def example(self) -> dict[str, float | str]:
        """Return a record that the model can predict: zeros, and the first category of each categorical feature."""
        record: dict[str, float | str] = dict.fromkeys(self.features, 0.0)
        for index, names in self.categories.items():
            record[self.features[index]] = names[0] if names else 0
        return record


def identity(content: bytes) -> dict[str, Any]:
    """Return what the manifest says of a file's bytes: who it is, and by what a damaged one is told from it."""
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "crc32": zlib.crc32(content)}


def read(content: bytes, library: tuple[int, int, int] = NEWEST) -> Model:
    """Read a model file, and refuse what the library would crash on or predict wrongly.

    Args:
        content: The whole file, UBJSON or JSON.
        library: Version of the XGBoost that will predict.

    Raises:
        UnreadableModelError: It is cut short, damaged, of another format, or of a kind that is not served.
    """
    stranger = _stranger(content)
    if stranger:
        raise UnreadableModelError(stranger)
    try:
        document = _parsed(content)
        saved_by = _version(document)
        _require_version(saved_by, library)
        return _model(document, saved_by)
    except UnreadableModelError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        reason = f" ({error})" if isinstance(error, _DamageError) else ""
        raise UnreadableModelError(
            f"is not a whole XGBoost model{reason}; {SAVE_AGAIN} of XGBoost 1.6 or newer"
        ) from None


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


class _DamageError(ValueError):
    """Two parts of the file do not fit each other; the message says which, in the file's own words."""


def _require(fits: bool, otherwise: str) -> None:
    if not fits:
        raise _DamageError(otherwise)


# --- what people take for a model file ---


def _stranger(content: bytes) -> str | None:
    """Return what a file is and what to do if it is a known kind of file other than a saved model."""
    start = content[:4096]
    if not content:
        return f"is empty; {SAVE_AGAIN} again, or copy it again"
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return "is a Git LFS pointer and not the model itself; fetch it with `git lfs pull`"
    if start.startswith((b"binf", b"bs64")) or (
        not start.startswith((b"{", b"\x80")) and re.search(rb"\0(gbtree|dart|gblinear)", start)
    ):
        return f"is in XGBoost's old binary format; load it with XGBoost 3.0 or older and {SAVE_AGAIN}"
    for kind, (beginning, what_to_do) in _STRANGERS.items():
        if re.match(beginning, start, re.DOTALL):
            return f"is {kind}; {what_to_do}"
    for library, beginning in _OTHER_LIBRARIES.items():
        if re.match(beginning, start, re.DOTALL):
            return f"is a model of {library}, and only those of XGBoost are served; train with XGBoost and {SAVE_AGAIN}"
    return None


_STRANGERS = {
    "a dump of a model, which cannot be loaded": (
        rb"booster\[|0:\[|0:leaf=|digraph \{|\s*(\[\s*)?\{\s*\"(nodeid|leaf)\"",
        f"{SAVE_AGAIN} where it was trained",
    ),
    "the configuration of a booster, without its trees": (rb"\{\s*\"learner\":\s*\{\s*\"generic_param\"", SAVE_AGAIN),
    "a booster's memory, which only its own version reads": (
        rb"\{L\0{7}\x06Config|CONFIG-offset:",
        f"load it there and {SAVE_AGAIN}",
    ),
    # Protocols 0 and 1 have no mark of their own: the object's class comes first.
    "a pickle, which cannot be deployed": (
        rb"\x80[\x02-\x05]|c(copy_?reg|xgboost|sklearn|joblib)",
        f"load it where it was made and {SAVE_AGAIN}",
    ),
    # gzip, bzip2, xz, zip; and zlib and LZ4, in which joblib packs pickles.
    "compressed": (rb"\x1f\x8b|BZh|\xfd7zXZ|PK\x03\x04|x[\x01\x5e\x9c\xda]|\x04\x22\x4d\x18", "unpack it first"),
    "XML or HTML, such as a failed download leaves": (rb"(\xef\xbb\xbf)?\s*<", "fetch the model again"),
}
"""How a file begins that people take for a model, by what it is; and what to do."""

_OTHER_LIBRARIES = {
    "LightGBM": rb"tree\r?\nversion=v",
    "CatBoost": rb"CBM1|\{\s*\"(cat_features|ctr_data|features_info|oblivious_trees|scale_and_bias)\"",
    "ONNX": rb"\x08[\x01-\x20](\x12.{2,60})?[\x1a:].",
}
"""How files begin that other libraries save."""


# --- the two formats ---


def is_ubjson(content: bytes) -> bool:
    """Return whether a file begins as XGBoost's UBJSON does: an object whose first key has a length of eight bytes."""
    return content[:2] == b"{L"


def _parsed(content: bytes) -> dict[str, Any]:
    if is_ubjson(content):
        document, end = _object(content, 1)
        _require(end == len(content), "bytes are left over")
    else:
        _require(content[:1] == b"{", "it begins neither as UBJSON nor as JSON")
        # XGBoost reads these four escapes and keeps a \u as it stands, so that names would differ from the file's.
        escapes = set(re.findall(rb"\\.", content, re.DOTALL))
        _require(escapes <= _ESCAPES, "its JSON holds an escape that XGBoost does not read")
        # Nor does it read an array that holds nothing but a blank, as Jackson and others write it.
        blank = re.search(rb"\[\s+\]", content) and re.search(
            rb'^(?:[^"\[]++|\[(?!\s+\])|"(?:[^"\\]|\\.)*+")*+\[\s+\]', content
        )
        _require(not blank, "its JSON holds an empty array with a blank in it, which XGBoost does not read")
        document = json.loads(content.decode(), object_pairs_hook=_shrunk)
    return dict(document)


def _shrunk(pairs: list[tuple[str, Any]]) -> Any:
    """Return an object, or what is kept of it if it is a tree."""
    entries = dict(pairs)
    # XGBoost takes the first of two in UBJSON, the last in JSON.
    _require(len(entries) == len(pairs), "a key stands twice")
    return _tree(entries) if "left_children" in entries else entries


_ESCAPES = {rb"\r", rb"\n", rb"\t", rb"\"", rb"\\"}

_NUMBERS = {
    kind: struct.Struct(f">{code}")
    for kind, code in {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}.items()
}
_ARRAYS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
_CONSTANTS: dict[str, Any] = {"Z": None, "T": True, "F": False}
_LENGTH = struct.Struct(">cq")


def _value(data: bytes, at: int, code: int) -> tuple[Any, int]:
    """Return the value of a kind that begins at an offset, and the offset behind it."""
    kind = chr(code)
    if kind == "[":
        return _array(data, at)
    if kind == "S":
        return _text(data, at)
    if kind == "{":
        return _object(data, at)
    if kind in _NUMBERS:
        number = _NUMBERS[kind]
        return number.unpack_from(data, at)[0], at + number.size
    return _CONSTANTS[kind], at


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length, for which XGBoost reads no other kind than `L`, and the offset behind it."""
    kind, length = _LENGTH.unpack_from(data, at)
    if kind != b"L" or not 0 <= length <= len(data):
        raise _DamageError("a length is beyond the file" if kind == b"L" else "a length is not of eight bytes")
    return length, at + _LENGTH.size


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, at = _length(data, at)
    end = at + length
    if end > len(data):
        raise _DamageError("a text ends behind the file")
    return data[at:end].decode(), end


def _object(data: bytes, at: int) -> tuple[Any, int]:
    pairs = []
    while data[at] != ord("}"):
        key, at = _text(data, at)
        value, at = _value(data, at + 1, data[at])
        pairs.append((key, value))
    return _shrunk(pairs), at + 1


def _array(data: bytes, at: int) -> tuple[Sequence[Any], int]:
    """Return an array: numbers of one kind in a row (`$`), a known count of values (`#`), or values up to a bracket."""
    if data[at] == ord("$"):
        _require(data[at + 2] == ord("#"), "an array of one kind has no length")
        count, start = _length(data, at + 3)
        numbers = array(_ARRAYS[chr(data[at + 1])])
        end = start + count * numbers.itemsize
        _require(end <= len(data), "an array ends behind the file")
        numbers.frombytes(data[start:end])
        if sys.byteorder == "little":
            numbers.byteswap()
        return numbers, end
    values = []
    if data[at] == ord("#"):
        count, at = _length(data, at + 1)
        for _ in range(count):
            value, at = _value(data, at + 1, data[at])
            values.append(value)
        return values, at
    while data[at] != ord("]"):
        value, at = _value(data, at + 1, data[at])
        values.append(value)
    return values, at + 1


# --- a tree ---


class _Tree(NamedTuple):
    """What is kept of a tree.

    Attributes:
        number: Its place among the trees.
        depth: Longest way from the root to a leaf, in splits.
        path_length: Splits on the ways to all leaves.
        width: One more than the largest feature index that it asks.
        leaf: Numbers that a leaf holds.
        category_bytes: What the library will keep of its splits by category.
    """

    number: int
    depth: int
    path_length: int
    width: int
    leaf: int
    category_bytes: int


_TREE_ARRAYS = {
    **dict.fromkeys(("left_children", "right_children", "parents", "categories", "categories_nodes"), "i"),
    **dict.fromkeys(("split_conditions", "base_weights", "loss_changes", "sum_hessian"), "f"),
    **dict.fromkeys(("categories_segments", "categories_sizes"), "q"),
    **dict.fromkeys(("default_left", "split_type"), "B"),
    "split_indices": "iq",
}
"""The arrays of every tree and the kinds that they may have in UBJSON."""

_OLD_VECTOR = 0
"""The length of a leaf that holds a vector without an array for it, as versions before 3.2 saved it."""

_NO_NODE = 2**31 - 1
"""The root's parent, and the feature index of a node that pruning deleted."""


def _tree(tree: dict[str, Any]) -> _Tree:
    """Check a tree; every node that a row can reach is visited, once.

    Raises:
        ValueError, KeyError, TypeError: Its parts do not fit each other.
    """
    parameters = tree["tree_param"]
    count = _whole(parameters["num_nodes"])
    leaf = max(1, _whole(parameters["size_leaf_vector"]))
    if leaf > 1 and "leaf_weights" not in tree:
        return _Tree(_index(tree["id"]), depth=0, path_length=0, width=0, leaf=_OLD_VECTOR, category_bytes=0)
    _whole(parameters["num_feature"])
    kinds = {**_TREE_ARRAYS, "leaf_weights": "f"} if leaf > 1 else _TREE_ARRAYS
    typed = isinstance(tree["parents"], array)
    for name, kind in kinds.items():
        _require_kind(name, tree[name], kind, typed)
    left, right, parents = tree["left_children"], tree["right_children"], tree["parents"]
    indices, default_left = tree["split_indices"], tree["default_left"]
    for values in (left, right, parents, indices, default_left, tree["split_conditions"], tree["split_type"]):
        _require(len(values) == count > 0, "num_nodes is not the length of a tree's arrays")
    _require(len(tree["loss_changes"]) == len(tree["sum_hessian"]) == count, "a tree lacks a node's statistics")
    weights = len(tree["base_weights"]) / count
    _require(weights == 1 or (leaf > 1 and weights in range(1, leaf + 1)), "base_weights are not of every node")
    _require(parents[0] in (-1, _NO_NODE), "a root has a parent")
    _require(count == 1 or (min(parents[1:]) >= 0 and max(parents[1:]) < count), "parents are out of range")
    highest = max(indices)
    _require(min(indices) >= 0 and highest <= _NO_NODE, "split_indices are out of range")
    places = range(count) if highest == _NO_NODE else ()
    deleted = sum(indices[node] == _NO_NODE and bool(default_left[node]) for node in places)
    _require(deleted == _whole(parameters.get("num_deleted", "0")), "num_deleted is not the number of deleted nodes")
    leaves = len(tree["leaf_weights"]) / leaf if leaf > 1 else math.inf

    depth, path_length, width, level = 0, 0, 0, [0]
    while True:
        below: list[int] = []
        for node in level:
            one, other = left[node], right[node]
            if one == -1:
                # A vector leaf's place among the leaves stands where another node has its right child.
                _require(leaf == 1 or 0 <= other < leaves, "leaf_weights do not hold every leaf")
                path_length += depth
                continue
            if indices[node] >= width:
                width = indices[node] + 1
            within = 0 < one < count and 0 < other < count and one != other
            if not within or not parents[one] == parents[other] == node:
                raise _DamageError("children and parents contradict each other")
            below += (one, other)
        if not below:
            return _Tree(_index(tree["id"]), depth, path_length, width, leaf, _category_bytes(tree, count))
        depth, level = depth + 1, below
        _require(depth <= MAX_DEPTH, f"a tree is deeper than {MAX_DEPTH}")


def _category_bytes(tree: dict[str, Any], count: int) -> int:
    """Check a tree's splits by category; return what the library will keep of them."""
    categories, split_type = tree["categories"], tree["split_type"]
    nodes, starts, sizes = tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"]
    highest = max(split_type)
    by_category = [node for node, kind in enumerate(split_type) if kind] if highest else []
    _require(highest <= 1 and list(nodes) == by_category, "categories_nodes are not those of split_type")
    _require(len(starts) == len(sizes) == len(nodes) <= count, "a split by category has no categories")
    total = 0
    for start, size in zip(starts, sizes, strict=True):
        _require(size > 0 and 0 <= start <= len(categories) - size, "categories_segments are out of range")
        total += max(categories[start : start + size]) // 8 + 4
    if categories:
        _require(min(categories) >= 0 and max(categories) < MAX_CATEGORY, "categories are out of range")
    return total


def _require_kind(name: str, values: Any, kind: str, typed: bool) -> None:
    """Require that an array is of a kind, in UBJSON by its own word, in JSON by the types of its elements."""
    if typed:
        _require(isinstance(values, array) and values.typecode in kind, f"{name} are of another kind")
        return
    _require(isinstance(values, list), f"{name} are no array")
    types = set(map(type, values))
    if kind == "B":
        known = {bool, int} if name == "default_left" else {int}
        _require(types <= known and set(values) <= {0, 1}, f"{name} are neither 0 nor 1")
    elif kind == "f":
        # XGBoost reads a number without point or exponent as a whole one, and takes none here.
        _require(types <= {float}, f"{name} hold a number without a decimal point")
    else:
        _require(types <= {int}, f"{name} are no whole numbers")


# --- the model ---


def _version(document: dict[str, Any]) -> tuple[int, int, int]:
    major, minor, patch = map(_index, document["version"])
    return major, minor, patch


def _require_version(saved_by: tuple[int, int, int], library: tuple[int, int, int]) -> None:
    if saved_by > library:
        raise UnreadableModelError(too_new(saved_by, library))
    if saved_by < OLDEST:
        raise UnreadableModelError(
            f"was saved by XGBoost {dotted(saved_by)}, before 1.6, and does not tell how many trees predict; "
            "train with XGBoost 1.6 or newer"
        )


def too_new(saved_by: tuple[int, int, int], library: tuple[int, int, int]) -> str:
    """Return why a library does not predict a model that a newer one saved."""
    return (
        f"was saved by XGBoost {dotted(saved_by)}, newer than the {dotted(library)} that would predict, wrongly and "
        f"without a word; train with XGBoost {dotted(library)} or older, or update the library"
    )


def _model(document: dict[str, Any], saved_by: tuple[int, int, int]) -> Model:
    learner = document["learner"]
    gradient_booster = learner["gradient_booster"]
    if gradient_booster["name"] == "gblinear":
        raise UnreadableModelError(
            'has the booster "gblinear", which is not served; train with booster="gbtree" or booster="dart"'
        )
    _require(gradient_booster["name"] in ("gbtree", "dart"), "its booster is unknown")
    outer = gradient_booster["gbtree"] if gradient_booster["name"] == "dart" else gradient_booster
    forest, parameters = outer["model"], learner["learner_model_param"]
    _require(outer["name"] == "gbtree", "its booster is unknown")
    # Until 3.3 the weights that DART gives its trees stood beside the trees, and the booster was called after them.
    place = forest if "weight_drop" in forest else gradient_booster
    dart = "weight_drop" in place
    weights = place["weight_drop"] if dart else [1.0] * len(forest["trees"])
    _require(dart or gradient_booster["name"] == "gbtree", "weight_drop is missing")

    features, feature_types = _features(learner, _whole(parameters["num_feature"]))
    outputs = _outputs(learner, parameters)
    trees = _trees(forest, saved_by, outputs, len(features), weights)
    rounds = _rounds(forest, vector_leaves=bool(trees) and trees[0].leaf > 1)
    objective, attributes = str(learner["objective"]["name"]), learner["attributes"]
    _require(set(map(type, attributes.values())) <= {str}, "attributes are no texts")
    return Model(
        saved_by=saved_by,
        objective=objective,
        booster="dart" if dart else "gbtree",
        trees=len(trees),
        rounds=rounds,
        rounds_used=_rounds_used(attributes, rounds, _parallel_trees(forest)),
        depth=max((tree.depth for tree in trees), default=0),
        path_length=sum(tree.path_length for tree in trees),
        # `multi:softmax` answers the class itself.
        outputs=1 if objective == "multi:softmax" else outputs,
        untransformed=objective == "reg:quantileerror" and saved_by < SORTED_QUANTILES,
        missing=_missing(attributes),
        features=features,
        feature_types=feature_types,
        categories=_categories(forest, feature_types, saved_by),
    )


def _features(learner: dict[str, Any], count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and the types of the features; the types may be missing."""
    if count > MAX_FEATURES:
        raise UnreadableModelError(
            f"has {count} features, more than a request to Lambda can hold ({MAX_FEATURES}); train on fewer columns"
        )
    named = learner.get("feature_names", []), learner.get("feature_types", [])
    _require(all(isinstance(texts, list) for texts in named), "feature_names are no array")
    names, types = map(tuple, named)
    _require(count > 0, "num_feature is 0")
    _require(len(names) in (0, count) and len(types) in (0, count), "num_feature is not the number of feature_names")
    _require(set(types) <= FEATURE_TYPES, "feature_types are unknown")
    _require(set(map(type, names)) <= {str} and "\0" not in "".join(names), "feature_names are no texts")
    if len(set(names)) < len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise UnreadableModelError(
            f"has two features of the name {twice!r}, so that a record cannot say which it means; "
            "rename one and train again"
        )
    "".join(names).encode()
    # A model trained without names gets those that XGBoost itself prints for it.
    return names or tuple(f"f{index}" for index in range(count)), types


def _outputs(learner: dict[str, Any], parameters: dict[str, str]) -> int:
    """Return how many margins the trees add up to, held against the objective and the base score."""
    classes, targets = _whole(parameters["num_class"]), _whole(parameters.get("num_target", "1"))
    outputs = max(classes, targets, 1)
    _require(targets > 0 and (classes <= 1 or targets == 1), "num_class and num_target contradict each other")
    if outputs > MAX_OUTPUTS:
        raise UnreadableModelError(
            f"has {outputs} outputs, more than an answer of Lambda can hold ({MAX_OUTPUTS}); train for fewer"
        )
    _require(parameters.get("boost_from_average", "0") in ("0", "1"), "boost_from_average is neither 0 nor 1")
    base = _reals(parameters["base_score"])
    _require(len(base) in (1, outputs), "base_score has not one number for each output")

    objective = learner["objective"]
    _require(objective["name"] in OBJECTIVES, f"its objective {str(objective['name'])[:40]!r} is unknown")
    low, high = _BASE_SCORES.get(objective["name"], (-math.inf, math.inf))
    _require(all(low <= number <= high for number in base), "base_score is none of its objective's")
    _require_objective(objective)
    if objective["name"] in ("multi:softmax", "multi:softprob"):
        told = _whole(objective["softmax_multiclass_param"]["num_class"])
        _require(told == classes > 0, "num_class is not the objective's")
    if objective["name"] == "reg:quantileerror":
        alphas = _reals(objective["quantile_loss_param"]["quantile_alpha"])
        _require(len(alphas) == targets, "num_target is not the number of quantiles")
        if alphas != sorted(alphas):
            raise UnreadableModelError(
                f"has its quantile_alpha in another order than ascending, which XGBoost {dotted(SORTED_QUANTILES[:2])} "
                f"does not load; booster.set_param({{'quantile_alpha': {sorted(alphas)}}}) changes neither predictions "
                "nor their order, then save it again"
            )
    return outputs


def _trees(
    forest: dict[str, Any], saved_by: tuple[int, int, int], outputs: int, features: int, weights: Any
) -> list[_Tree]:
    trees, groups = forest["trees"], forest["tree_info"]
    _require(set(map(type, forest["gbtree_model_param"].values())) == {str}, "gbtree_model_param holds something else")
    count = _whole(forest["gbtree_model_param"]["num_trees"])
    _require(all(type(tree) is _Tree for tree in trees), "trees holds something else")
    _require(len(trees) == len(groups) == count, "num_trees is not the number of trees")
    _require([tree.number for tree in trees] == list(range(count)), "trees are out of order")
    _require(all(type(group) is int and 0 <= group < outputs for group in groups), "tree_info is out of range")
    _require(max((tree.width for tree in trees), default=0) <= features, "split_indices are out of range")
    _require(sum(tree.category_bytes for tree in trees) <= MAX_CATEGORY_BYTES, "categories are out of range")
    _require(len(weights) == count and set(map(type, weights)) <= {float}, "weight_drop is not of every tree")
    leaves = {tree.leaf for tree in trees}
    if _OLD_VECTOR in leaves or (leaves - {1} and saved_by < (3, 2)):
        raise UnreadableModelError(
            f"has trees of vectors (multi_output_tree) that XGBoost {dotted(saved_by)} saved, which newer versions "
            "cannot load; train it again with XGBoost 3.2 or newer"
        )
    _require(leaves <= {1} or leaves == {outputs}, "size_leaf_vector is not the number of outputs")
    return list(trees)


def _parallel_trees(forest: dict[str, Any]) -> int:
    parallel = _whole(forest["gbtree_model_param"]["num_parallel_tree"])
    _require(0 < parallel <= max(1, len(forest["trees"])), "num_parallel_tree is out of range")
    return parallel


def _rounds(forest: dict[str, Any], vector_leaves: bool) -> int:
    """Return the number of boosting rounds, as the library counts them."""
    trees = len(forest["trees"])
    if "iteration_indptr" in forest:
        ends = forest["iteration_indptr"]
        _require(all(type(end) is int for end in ends), "iteration_indptr holds no whole numbers")
        _require(ends[0] == 0 and ends[-1] == trees, "iteration_indptr does not end with the trees")
        _require(all(start <= end for start, end in pairwise(ends)), "iteration_indptr goes backwards")
        return len(ends) - 1
    # Saved before 2.0: every round is alike. Later versions of the library fail where there is none.
    if trees == 0:
        raise UnreadableModelError(
            "has no trees, which XGBoost 2.0 and newer refuse to predict in an older file; train at least one round"
        )
    each = _parallel_trees(forest) * (1 if vector_leaves else max(forest["tree_info"]) + 1)
    _require(trees > 0 and trees % each == 0, "num_parallel_tree does not divide the trees")
    return trees // each


def _rounds_used(attributes: dict[str, str], rounds: int, parallel: int) -> int:
    """Return how many rounds early stopping kept, as XGBoost's scikit-learn estimators count them."""
    best, limit = attributes.get("best_iteration"), attributes.get("best_ntree_limit")
    if best is None:
        return rounds
    if not re.fullmatch("[0-9]{1,9}", best) or int(best) >= rounds:
        raise UnreadableModelError(
            f"has the best_iteration {best[:20]!r}, which is not one of its {rounds} rounds; "
            "booster.set_attr(best_iteration=None) lets all of them predict, then save it again"
        )
    if limit is not None and limit != str((int(best) + 1) * parallel):
        raise UnreadableModelError(
            f"has the best_iteration {best} and the best_ntree_limit {limit[:20]!r}, which contradict each other, "
            "as in models from before XGBoost 1.6; train with XGBoost 1.6 or newer"
        )
    return int(best) + 1


def _missing(attributes: dict[str, str]) -> float:
    """Return the `missing` of the estimator that was saved: of all its parameters, the one that predictions need."""
    try:
        value = float(json.loads(attributes["scikit_learn"])["missing"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):  # a later version's file, or a Booster's
        return math.nan
    return value if math.isfinite(value) else math.nan


def _categories(
    forest: dict[str, Any], feature_types: tuple[str, ...], saved_by: tuple[int, int, int]
) -> dict[int, tuple[str | int, ...] | None]:
    """Return the names of each categorical feature's categories; None if the file has codes only."""
    wanted = [index for index, kind in enumerate(feature_types) if kind == "c"]
    if "cats" not in forest:
        return dict.fromkeys(wanted)
    stored = forest["cats"]
    _require(isinstance(stored["enc"], list), "categories are no array")
    names = [_category_names(encoding, saved_by) for encoding in stored["enc"]]
    counts = list(map(len, names))
    segments, order = (list(_numbers(stored[key], "i")) for key in ("feature_segments", "sorted_idx"))
    if not names:
        _require(not segments and not order, "categories have no names")
        return dict.fromkeys(wanted)
    _require(len(names) == len(feature_types), "categories are not of every feature")
    _require(segments == list(accumulate(counts, initial=0)), "feature_segments are not the numbers of categories")
    _require(len(order) == sum(counts), "sorted_idx is not of every category")
    for start, end in pairwise(segments):
        _require(sorted(order[start:end]) == list(range(end - start)), "sorted_idx is no order of the categories")
    _require({index for index, count in enumerate(counts) if count} <= set(wanted), "categories are not of type c")
    return {index: names[index] for index in wanted}


_CATEGORY_KINDS = {9: "b", 10: "B", 11: "h", 12: "H", 13: "i", 14: "I", 15: "q", 16: "Q"}
"""XGBoost's numbers for the kinds of whole numbers that categories may be."""


def _category_names(encoding: dict[str, Any], saved_by: tuple[int, int, int]) -> tuple[str | int, ...]:
    names: tuple[str | int, ...]
    if "offsets" in encoding:
        text, offsets = _numbers(encoding["values"], "b").tobytes(), _numbers(encoding["offsets"], "i")
        if not offsets:
            _require(not text, "offsets of categories are missing")
            return ()
        _require(offsets[0] == 0 and offsets[-1] == len(text), "offsets of categories do not end with them")
        _require(all(start <= end for start, end in pairwise(offsets)), "offsets of categories go backwards")
        if saved_by < NON_ASCII_NAMES and not text.isascii():
            raise UnreadableModelError(
                f"has category names beyond ASCII, which XGBoost before {dotted(NON_ASCII_NAMES[:2])} stores damaged, "
                f"and was saved by {dotted(saved_by)}; train again with a newer XGBoost or with names in plain ASCII"
            )
        names = tuple(text[start:end].decode() for start, end in pairwise(offsets))
    else:
        names = tuple(_numbers(encoding["values"], _CATEGORY_KINDS[encoding["type"]]))
    _require(len(set(names)) == len(names), "a category stands twice")
    return names


def _numbers(values: Any, kind: str) -> array[int]:
    """Return whole numbers as an array of a kind, which they are in UBJSON already, or signed for want of another."""
    if isinstance(values, array):
        _require(values.typecode in (kind, kind.lower()), "categories are of another kind")
        return array(kind, values.tobytes())
    _require(isinstance(values, list), "categories are no array")
    _require(set(map(type, values)) <= {int}, "categories are neither texts nor whole numbers")
    return array(kind, values)


# --- numbers in texts, as XGBoost keeps its parameters ---


def _whole(text: str) -> int:
    _require(bool(re.fullmatch("[0-9]{1,10}", text)) and int(text) < 2**31, "a parameter is no whole number")
    return int(text)


def _reals(text: str) -> list[float]:
    numbers = text.removeprefix("[").removesuffix("]").split(",")
    _require(
        all(re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?", each.strip()) for each in numbers), "a number"
    )
    values = [float(each) for each in numbers]
    _require(all(abs(value) <= MAX_FLOAT for value in values), "a parameter is beyond float32")
    return values


_FLAG = frozenset({"0", "1", "true", "false"})
_PARAMETERS: dict[str, frozenset[str] | tuple[float, float]] = {
    **dict.fromkeys(("aft_loss_distribution_scale", "fix_list_weight", "huber_slope"), (-math.inf, math.inf)),
    **dict.fromkeys(("lambdarank_bias_norm", "max_delta_step", "scale_pos_weight"), (0.0, math.inf)),
    "tweedie_variance_power": (1.0, math.nextafter(2, 0)),
    **dict.fromkeys(("lambdarank_normalization", "lambdarank_score_normalization", "lambdarank_unbiased"), _FLAG),
    "ndcg_exp_gain": _FLAG,
    "aft_loss_distribution": frozenset({"normal", "logistic", "extreme"}),
    "lambdarank_pair_method": frozenset({"topk", "mean"}),
}
"""The words or the range that XGBoost takes for a parameter of an objective; others it does not read, or are whole."""

_WHOLE_PARAMETERS = frozenset({"lambdarank_num_pair_per_sample", "num_class", "num_pairsample"})


def _require_objective(objective: dict[str, Any]) -> None:
    """Require the parameters that an objective has, as the library reads them."""
    needed = _NEEDED_PARAMETERS.get(objective["name"])
    _require(needed is None or needed in objective, f"{needed} is missing")
    biases = {"ti+", "tj-"}  # the positions' biases that an unbiased ranking learnt
    for name, parameters in objective.items():
        if name in biases:
            _require_kind(name, parameters, "f", isinstance(parameters, array))
        elif name != "name":
            _require_parameters(parameters)
    unbiased = objective.get("lambdarank_param", {}).get("lambdarank_unbiased") in ("1", "true")
    _require(not unbiased or biases <= objective.keys(), "the biases of an unbiased ranking are missing")


def _require_parameters(parameters: dict[str, str]) -> None:
    for name, value in parameters.items():
        _require(isinstance(value, str), f"{name} is no text")
        allowed = _PARAMETERS.get(name)
        if isinstance(allowed, frozenset):
            _require(value in allowed, f"{name} is none of {', '.join(sorted(allowed))}")
        elif allowed is not None:
            low, high = allowed
            number = _reals(value)[0]
            subnormal = 0 < abs(number) < 2.0**-126
            _require(value[:1] != "[" and low <= number <= high and not subnormal, f"{name} is out of range")
        elif name in _WHOLE_PARAMETERS:
            _require(bool(re.fullmatch("[0-9]{1,10}", value)), f"{name} is no whole number")


def _index(value: Any) -> int:
    _require(type(value) is int and 0 <= value < 2**31, "a number is no index")
    return int(value)
