from psycopg2 import OperationalError


def do_each(records, work, logger, message):
    """Do something with records at once or, where that fails, one by one.

    For jobs: a record that is broken stops no other.

    :param work: called with the records; what it did is taken back where it fails
    :param logger: of the caller, told of each record for which it failed
    :param message: what failed; `%s` is the name of the record
    :return: the records for which it failed
    """
    try:
        with records.env.cr.savepoint():
            work(records)
    except OperationalError:
        # two workers met: the job is run again as a whole
        raise
    except Exception:
        if len(records) > 1:
            return records.browse().union(*(
                do_each(one, work, logger, message) for one in records
            ))
        logger.exception(message, records.display_name)
        return records
    return records.browse()
