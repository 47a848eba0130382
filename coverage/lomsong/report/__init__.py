"""Results as files: tables, a summary by area, and a report to read."""
