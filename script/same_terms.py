"""Tell whether two .pot files hold the same terms: python same_terms.py COMMITTED EXPORTED"""

import pathlib
import sys

import polib


def terms(path):
    if not pathlib.Path(path).exists():
        return set()
    return {(entry.msgctxt, entry.msgid) for entry in polib.pofile(path)}


committed, exported = terms(sys.argv[1]), terms(sys.argv[2])
for _, term in sorted(exported - committed, key=str):
    print("missing:", term)  # noqa: T201
for _, term in sorted(committed - exported, key=str):
    print("no longer there:", term)  # noqa: T201
sys.exit(committed != exported)
