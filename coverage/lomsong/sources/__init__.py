"""Readers: files in, tables that keep their contracts out; units and CRS are converted here."""
