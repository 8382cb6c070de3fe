"""Tell whether two .pot files hold the same terms: python same_terms.py COMMITTED EXPORTED"""

import pathlib
import sys

import polib


def terms(path):
    if not pathlib.Path(path).exists():
        return set()
    return {(entry.msgctxt, entry.msgid) for entry in polib.pofile(path)}


committed, exported = terms(sys.argv[1]), terms(sys.argv[2])
changes = [f"new: {term}" for _, term in sorted(exported - committed, key=str)]
changes += [f"gone: {term}" for _, term in sorted(committed - exported, key=str)]
print("\n".join(changes[:10]))  # noqa: T201
if len(changes) > 10:
    print(f"... and {len(changes) - 10} more")  # noqa: T201
sys.exit(bool(changes))
