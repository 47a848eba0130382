"""Names as numbers: in a table of millions of rows each name is looked at once, not once a row."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def rows_of(column: pd.Series, names: pd.Index) -> NDArray[np.int32]:
    """
    Return where each name stands in `names`, -1 for missing or unknown ones.

    Parameters
    ----------
    column : Series
        Text; categories are the quickest.
    names : Index
        Unique names as plain text.

    Examples
    --------
    >>> rows_of(pd.Series(["b", None, "c"]), pd.Index(["a", "b"])).tolist()
    [1, -1, -1]
    """
    codes, found = _split(column)
    rows = np.append(names.get_indexer(found.astype(str)), -1).astype(np.int32)
    return np.asarray(rows[codes])


def number_names(*columns: pd.Series) -> tuple[list[NDArray[np.int32]], list[str]]:
    """
    Number the names of several columns in common, in their order; -1 for missing ones.

    Returns
    -------
    numbers : list of ndarray of int
        One a column.
    names : list of str
        By number.

    Examples
    --------
    >>> numbers, names = number_names(pd.Series(["b", "a"]), pd.Series([None, "c"]))
    >>> [number.tolist() for number in numbers], names
    ([[1, 0], [-1, 2]], ['a', 'b', 'c'])
    """
    names = sorted({str(name) for column in columns for name in _split(column)[1]})
    index = pd.Index(names, dtype=str)
    return [rows_of(column, index) for column in columns], names


def _split(column: pd.Series) -> tuple[NDArray[np.integer], pd.Index]:
    """Return the number of each row's name, -1 for none, and the names."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    codes, found = pd.factorize(column)
    return codes, pd.Index(found)
