"""What pytest-odoo leaves open for this project."""

import unittest

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a skipped test: without a browser, half of the tests would pass unseen."""
    report = yield
    return _fail_if_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Fail a skipped file or class of tests."""
    report = yield
    return _fail_if_skipped(report)


def _fail_if_skipped(report):
    if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"A test must not be skipped. {reason}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector, name, obj):
    """Give the test classes of `tests/` what Odoo gives only to those inside an addon."""
    if (
        isinstance(obj, type)
        and issubclass(obj, unittest.TestCase)
        and not obj.__module__.startswith("odoo.")
        and "test_class" not in vars(obj)
    ):
        obj.test_tags = getattr(obj, "test_tags", None) or {"standard", "post_install"}
        obj.test_module = "tests"
        obj.test_class = obj.__name__
        obj.test_sequence = 0
