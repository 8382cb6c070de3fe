""" How a quantity is shown as the sum of its parts (H8).

Nothing in here knows of the database.
"""

from math import floor

# what sums of fractions of hours are off by: far less than any digit shown
NOTHING = 1e-6


def split_quantity(total, shares, digits=2):
    """ Round the shares of a quantity so that they add up to it exactly.

    Each share is rounded down, then the units that are missing go to the shares that lost most by
    it (largest remainder). Where the shares add up to more or less than the quantity, which is what
    rounding makes of them, the largest ones take the difference.

    :param float total: the quantity, with at most so many digits
    :param list[float] shares: what it consists of; there is at least one
    :param int digits: the digits after the decimal point
    :rtype: list[float]
    """
    unit = 10 ** digits
    scaled = [share * unit for share in shares]
    parts = [floor(share + NOTHING) for share in scaled]
    missing = round(total * unit) - sum(parts)
    by_loss = sorted(range(len(parts)), key=lambda i: (
        round(parts[i] - scaled[i], 6), -abs(scaled[i]), i,
    ))
    by_size = sorted(range(len(parts)), key=lambda i: (-abs(scaled[i]), i))
    for index in by_loss[:max(missing, 0)]:
        parts[index] += 1
        missing -= 1
    rounds, rest = divmod(abs(missing), len(parts))
    step = 1 if missing > 0 else -1
    for place, index in enumerate(by_size):
        parts[index] += step * (rounds + (place < rest))
    return [round(part / unit, digits) for part in parts]
