"""Witnesses of signal besides speed tests: drive tests, reports of no service, field checks."""

from lomsong.sources.signals.checks import read_field_checks
from lomsong.sources.signals.drive_tests import read_signal_samples
from lomsong.sources.signals.reports import read_no_service

__all__ = ["read_field_checks", "read_no_service", "read_signal_samples"]
