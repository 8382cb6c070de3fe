"""Telephone numbers as people write them, and whether two of them reach the same telephone.

There is no numbering plan in here, and none is needed: a number is compared from its end, where all
ways to write it agree, and what may stand in front of it is a country code of three digits at most.
"""

import re
import unicodedata

# the last digits, by which numbers are looked up; fewer than the shortest number with an area code
KEY_SIZE = 7
COUNTRY_CODE_SIZE = 3
# what follows the number inside the house: "ext. 12", "x12", "#12"
EXTENSION = r'\s*(ext|x|#)\.?\s*[0-9]{1,6}\s*$'


def get_key_sql(column: str) -> str:
    """Return `get_key` in the words of the database; immutable, so that it can be indexed.

    :param column: the column of the number, or `%s` for a parameter
    """
    return (
        f"right(regexp_replace(translate({column}, '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', "
        f"'01234567890123456789'), '{EXTENSION}|[^0-9]', '', 'gi'), {KEY_SIZE})"
    )


def get_key(number: str) -> str:
    """Return the last digits of a number, the extension left out."""
    return _get_digits(number)[-KEY_SIZE:]


def is_same(one: str, other: str) -> bool:
    """Return whether two numbers, however they are written, reach the same telephone.

    `+48 601 202 303`, `0048601202303`, `0601 202 303` and `601-202-303` are the same. Short numbers
    (extensions, emergency calls) are only the same as themselves.
    """
    (first, is_first_full), (second, is_second_full) = _parse(one), _parse(other)
    if not first or not second:
        return False
    if first == second:
        return True
    if is_first_full and is_second_full:
        return False
    short, long = sorted((first, second), key=len)
    return (
        len(short) >= KEY_SIZE
        and len(long) - len(short) <= COUNTRY_CODE_SIZE
        and long.endswith(short)
    )


def _parse(number: str) -> tuple:
    """Return the significant digits, and whether the country code is certainly among them."""
    # the trunk prefix that some write into the international form: +49 (0)30 ...
    number = _to_ascii(number).replace('(0)', '')
    digits = _get_digits(number)
    if number.lstrip().startswith('+'):
        return digits, True
    if digits.startswith('00'):
        return digits[2:], True
    return (digits.removeprefix('0') if len(digits) > KEY_SIZE else digits), False


def _get_digits(number: str) -> str:
    return re.sub(f'{EXTENSION}|[^0-9]', '', _to_ascii(number), flags=re.IGNORECASE)


def _to_ascii(number: str) -> str:
    """Write the digits of all scripts as 0 to 9."""
    return ''.join(
        str(unicodedata.decimal(character, character)) for character in number or ''
    )
