"""What a comparison has to show: the answer in sentences, tables, pictures, a page."""

from tune_dml.reporting.comparison.answer import answer
from tune_dml.reporting.comparison.comparison_document import to_document
from tune_dml.reporting.comparison.comparison_page import comparison_page
from tune_dml.reporting.comparison.comparison_report import ComparisonReport
from tune_dml.reporting.comparison.comparison_tables import Table, tables

__all__ = ["ComparisonReport", "Table", "answer", "comparison_page", "tables", "to_document"]
