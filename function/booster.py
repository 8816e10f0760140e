"""XGBoost's public C API as the few typed calls that inference needs.

Leaves out the `xgboost` Python package, numpy and scipy: their imports are most of a cold start, and the
library itself answers. Leaves out training, and every question of what a request may contain (contract.py).
"""

# pathlib alone would add a tenth to the cold start.
# ruff: noqa: PTH100, PTH113, PTH118, PTH120

from __future__ import annotations

import ctypes
import os
import sys
from _thread import allocate_lock
from array import array
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_uint64, c_void_p

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Result = tuple[list[float], list[int]]

# https://xgboost.readthedocs.io/en/stable/dev/group__Prediction.html: values of the option "type".
_VALUE = 0
_MARGIN = 1
_CONTRIBUTIONS = 2

_Sizes = POINTER(c_uint64)
_Floats = POINTER(c_float)

_LIBRARY_NAMES = {"win32": "xgboost.dll", "darwin": "libxgboost.dylib"}


class LibraryError(Exception):
    """XGBoost's library is missing, cannot be loaded, or reported an error. The message is one plain line."""


class Booster:
    """A model loaded into XGBoost's library.

    Predictions are safe from several threads at once: the library keeps each thread's result apart, and the
    result is copied out before the call returns.

    Attributes:
        num_features: Number of columns that a row must have.
        feature_names: Names stored in the model, in column order; empty if it was trained without names.
        feature_types: XGBoost's type of each column (`float`, `int`, `i`, `q`, `c`); may be empty.
        missing: JSON of the number that counts as missing besides NaN; NaN itself for none.
    """

    def __init__(
        self, model: bytes, dart: bool = False, untransformed: bool = False, trees: int = 0, path_length: int = 0
    ) -> None:
        """Load a model that was saved as JSON or UBJSON.

        Args:
            model: The whole file. It must have been verified: a damaged one can crash the library.
            dart: Whether its trees were trained with DART.
            untransformed: Whether the sums of its trees are the prediction, whatever the library makes of them.
            trees: Number of its trees; 0 if nobody counted them.
            path_length: Splits on the ways to all of its leaves.

        Raises:
            LibraryError: The library is missing or does not accept the model.
        """
        self._library = load_library()
        self._handle = c_void_p()
        # One for each thread that predicts at the same time; a list's pop and append are atomic.
        self._proxies: list[c_void_p] = []
        self._call("XGBoosterCreate", None, c_uint64(0), byref(self._handle))
        # One thread: Lambda gives one core below 1,769 MB, and small batches lose by waking a team of threads.
        self._call("XGBoosterSetParam", self._handle, b"nthread", b"1")
        self._call("XGBoosterLoadModelFromBuffer", self._handle, model, c_uint64(len(model)))
        count = c_uint64()
        self._call("XGBoosterGetNumFeature", self._handle, byref(count))
        self.num_features = int(count.value)
        self.feature_names = self._feature_info(b"feature_name")
        self.feature_types = self._feature_info(b"feature_type")
        self._dart = dart
        self._few = few_rows(trees, path_length)
        self._answer = _MARGIN if untransformed else _VALUE
        self.missing = b"NaN"
        self._one_at_a_time = allocate_lock()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            for proxy in self._proxies:
                self._library.XGDMatrixFree(proxy)
            self._library.XGBoosterFree(self._handle)

    def to_ubj(self) -> bytes:
        """Return the model as the file that XGBoost itself would save as UBJSON; the same model gives the same bytes.

        Raises:
            LibraryError: The library cannot save the model.
        """
        length, start = c_uint64(), c_void_p()
        options = b'{"format":"ubj"}'
        self._call("XGBoosterSaveModelToBuffer", self._handle, options, byref(length), byref(start))
        return ctypes.string_at(start, length.value)  # a copy: the buffer is the library's own

    def categories(self) -> list[list[object]] | None:
        """Return for each feature its category names in the order of their codes, empty if it has none.

        None if the model knows no names: it was saved before XGBoost 3.1, or trained on codes.

        Raises:
            LibraryError: The library cannot show them.
        """
        import categories

        handle, exported = c_void_p(), c_char_p()
        self._call("XGBoosterGetCategoriesExportToArrow", self._handle, None, byref(handle), byref(exported))
        try:
            return categories.read(exported.value) if exported.value else None
        finally:
            if handle:
                self._call("XGBCategoriesFree", handle)

    def dump(self) -> list[bytes]:
        """Return each tree as the JSON text of `Booster.get_dump`, with the features' indices in place of their names.

        The library writes names as they are, quotes and all, and rounds the thresholds of integers.

        Raises:
            LibraryError: The library cannot show them.
        """
        count = self.num_features
        names = (c_char_p * count)(*(b"%d" % index for index in range(count)))
        kinds = (c_char_p * count)(*(b"c" if kind == "c" else b"q" for kind in self.feature_types or "q" * count))
        length, trees = c_uint64(), POINTER(c_char_p)()
        self._call(
            "XGBoosterDumpModelExWithFeatures",
            self._handle,
            c_int(count),
            names,
            kinds,
            c_int(0),
            b"json",
            byref(length),
            byref(trees),
        )
        return [trees[index] or b"" for index in range(length.value)]

    def predict(
        self,
        values: array[float],
        rows: int,
        iterations: int = 0,
        column_major: bool = False,
        base_margin: array[float] | None = None,
    ) -> Result:
        """Predict a matrix of float32.

        Args:
            values: `rows` times `num_features` values of typecode `f`; NaN is a missing value.
            rows: Number of rows, at least 1.
            iterations: Number of boosting rounds to use; 0 uses them all.
            column_major: Whether the values stand column after column instead of row after row.
            base_margin: What the trees add to, one value for each row and margin; None for the model's own base score.

        Returns:
            The float32 predictions widened to Python floats, flat, and their shape (first axis: rows).

        Raises:
            LibraryError: The library refused the data.
        """
        described = self._matrix(values, rows, column_major)
        options = self._options(self._answer, iterations)
        if self._dart or base_margin is not None:
            # In place, the library adds DART's trees in another order, which shows in the last bit.
            return self._from_own_matrix(described, options, rows, base_margin)
        matrices = [described] if rows > self._few else self._each_row(values, rows, column_major)
        # The library wants a proxy for each call and makes one if it gets none, which asks the system for its number
        # of processors and compiles a regular expression: half the time of two rows. So proxies are kept.
        try:
            proxy = self._proxies.pop()
        except IndexError:  # asking first whether there is one would be a race
            proxy = self._new_proxy()
        try:
            shape, dims, result = _Sizes(), c_uint64(), _Floats()
            answer = byref(shape), byref(dims), byref(result)
            flat: list[float] = []
            for matrix in matrices:
                self._call("XGBoosterPredictFromDense", self._handle, matrix, options, proxy, *answer)
                flat += _copy(result, shape[: dims.value])[0]
            return flat, [rows, *shape[1 : dims.value]]
        finally:
            self._proxies.append(proxy)

    def _new_proxy(self) -> c_void_p:
        proxy = c_void_p()
        self._call("XGProxyDMatrixCreate", byref(proxy))
        return proxy

    def contributions(
        self,
        values: array[float],
        rows: int,
        iterations: int = 0,
        column_major: bool = False,
        base_margin: array[float] | None = None,
    ) -> Result:
        """Return TreeSHAP's contribution of each feature to each margin, the base last.

        Arguments as for `predict`.

        Returns:
            The float32 contributions widened to Python floats, flat, and their shape: rows, outputs, features + 1.

        Raises:
            LibraryError: The library cannot explain this model.
        """
        described = self._matrix(values, rows, column_major)
        options = self._options(_CONTRIBUTIONS, iterations, strict_shape=True)
        return self._from_own_matrix(described, options, rows, base_margin)

    def margins(self) -> int:
        """Return how many margins a row has: one for each class or target, or one."""
        row = array("f", bytes(4 * self.num_features))
        described = self._matrix(row, 1, column_major=False)  # an address: the row must outlive it
        rounds = c_int()
        self._call("XGBoosterBoostedRounds", self._handle, byref(rounds))
        # One round is enough to ask, and a model of a base score alone has not even one.
        options = self._options(_MARGIN, iterations=min(rounds.value, 1))
        return len(self._from_own_matrix(described, options, 1)[0])

    def _from_own_matrix(
        self, described: bytes, options: bytes, rows: int, base_margin: array[float] | None = None
    ) -> Result:
        """Predict a copy of the data in the library's own form, one thread at a time."""
        matrix = c_void_p()
        self._call("XGDMatrixCreateFromDense", described, b'{"missing":%s,"nthread":1}' % self.missing, byref(matrix))
        try:
            if base_margin is not None:
                margins = _interface(base_margin, (rows, len(base_margin) // rows))
                self._call("XGDMatrixSetInfoFromInterface", matrix, b"base_margin", margins)
            shape, dims, result = _Sizes(), c_uint64(), _Floats()
            with self._one_at_a_time:
                self._call(
                    "XGBoosterPredictFromDMatrix",
                    self._handle,
                    matrix,
                    options,
                    byref(shape),
                    byref(dims),
                    byref(result),
                )
            return _copy(result, shape[: dims.value])
        finally:
            self._call("XGDMatrixFree", matrix)

    def _matrix(self, values: array[float], rows: int, column_major: bool) -> bytes:
        """Describe values to the library, once it is certain that they are as many as they must be."""
        width = self.num_features
        if values.itemsize != 4 or len(values) != rows * width:
            raise ValueError(f"got {len(values)} values for {rows} rows of {width} float32 features")
        return _interface(values, (rows, width), (4, 4 * rows) if column_major else None)

    def _each_row(self, values: array[float], rows: int, column_major: bool) -> list[bytes]:
        """Describe each row of values by itself."""
        width = self.num_features
        step, strides = (4, (4, 4 * rows)) if column_major else (4 * width, None)
        return [_interface(values, (1, width), strides, step * row) for row in range(rows)]

    def _options(self, kind: int, iterations: int, strict_shape: bool = False) -> bytes:
        return (
            b'{"type":%d,"training":false,"iteration_begin":0,"iteration_end":%d,'
            b'"strict_shape":%s,"missing":%s,"cache_id":0}'
            % (kind, iterations, b"true" if strict_shape else b"false", self.missing)
        )

    def _feature_info(self, field: bytes) -> tuple[str, ...]:
        length, strings = c_uint64(), POINTER(c_char_p)()
        self._call("XGBoosterGetStrFeatureInfo", self._handle, field, byref(length), byref(strings))
        return tuple((strings[i] or b"").decode() for i in range(length.value))

    def _call(self, name: str, *arguments: object) -> None:
        if getattr(self._library, name)(*arguments) != 0:
            raise LibraryError(f"XGBoost refused {name}: {_first_line(self._library.XGBGetLastError())}")


def few_rows(trees: int, path_length: int) -> int:
    """Return up to how many rows of a model are predicted faster each by itself than together.

    For several rows at once the library first copies the upper levels of all trees, which pays for many rows. The
    deeper the trees, the more is copied for each step of a row through them; the larger the model, the less counts what
    a call costs by itself. Fitted to what `python -m benchmarks.few_rows` prints (docs/adr/0034).

    Args:
        trees: Number of trees.
        path_length: Splits on the ways to all of their leaves.
    """
    return min(path_length // 8000, (path_length // max(1, trees)).bit_length() - 3)


def _interface(
    values: array[float], shape: tuple[int, int], strides: tuple[int, int] | None = None, offset: int = 0
) -> bytes:
    """Describe float32 in memory to the library without copying it: numpy's array interface, as JSON.

    Args:
        values: What is in memory; it must outlive what reads it.
        shape: Rows and columns.
        strides: Bytes from one row, and one column, to the next; row after row if None.
        offset: Bytes of `values` before the first one.
    """
    return b'{"data":[%d,true],"shape":[%d,%d],"strides":[%d,%d],"typestr":"<f4","version":3}' % (
        values.buffer_info()[0] + offset,
        *shape,
        *(strides or (4 * shape[1], 4)),
    )


def _copy(result: ctypes._Pointer[c_float], shape: list[int]) -> Result:
    length = 1
    for size in shape:
        length *= size
    return result[:length], shape


def _first_line(error: bytes | None) -> str:
    """Keep the sentence of an XGBoost error and drop its time stamp, source position and stack trace."""
    lines = (error or b"no reason given").decode(errors="replace").strip().splitlines()
    return lines[0].rpartition("] ")[2].strip() or "no reason given"


_loaded: list[ctypes.CDLL] = []


def load_library() -> ctypes.CDLL:
    """Load XGBoost's shared library once, without importing the `xgboost` package.

    Raises:
        LibraryError: It is not installed, or the system cannot load it.
    """
    if not _loaded:
        path = find_library(sys.path)
        try:
            library = _open(path)
        except OSError as error:
            hint = "; on macOS install libomp (brew install libomp)" if sys.platform == "darwin" else ""
            raise LibraryError(f"XGBoost's library {path} cannot be loaded: {error}{hint}") from None
        library.XGBGetLastError.restype = c_char_p
        library.XGBoosterFree.argtypes = [c_void_p]
        _loaded.append(library)
    return _loaded[0]


def _open(path: str) -> ctypes.CDLL:
    """Load a library; where the system can, its functions are bound when they are first called.

    XGBoost's has thousands that a prediction never calls; ctypes by itself has all of them looked up beforehand, which
    took more instructions than all the rest of loading it.
    """
    if sys.platform != "linux":
        return ctypes.CDLL(path)
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = c_void_p
    handle = dlopen(os.fsencode(path), os.RTLD_LAZY)
    # Without a handle ctypes tries for itself, and says why it cannot.
    return ctypes.CDLL(path, handle=handle)


def find_library(folders: Iterable[str]) -> str:
    """Return the path of XGBoost's library below the first of `folders` that has it.

    In the image it lies beside this file, on a laptop in site-packages; both as the wheel lays it out.

    Raises:
        LibraryError: None of the folders has it.
    """
    name = _LIBRARY_NAMES.get(sys.platform, "libxgboost.so")
    for folder in (os.path.dirname(os.path.abspath(__file__)), *folders):
        path = os.path.join(folder or ".", "xgboost", "lib", name)
        if os.path.isfile(path):
            return os.path.abspath(path)
    raise LibraryError(
        f"XGBoost's library xgboost/lib/{name} is in none of the folders of sys.path: install xgboost-cpu"
    )


def library_version() -> tuple[int, int, int]:
    """Return the version (major, minor, patch) of the loaded library."""
    major, minor, patch = c_int(), c_int(), c_int()
    load_library().XGBoostVersion(byref(major), byref(minor), byref(patch))
    return major.value, minor.value, patch.value
