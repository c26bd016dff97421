"""Tables, pages and files made of results. It reads results and decides nothing."""

from tune_dml.reporting.document import SearchReport, Soup
from tune_dml.reporting.leaderboard import Row
from tune_dml.reporting.leaderboard_tables import leaderboard_frame, leaderboard_markdown
from tune_dml.reporting.on_terminal import print_leaderboard
from tune_dml.reporting.page import html_page, leaderboard_html
from tune_dml.reporting.predictions import predictions_table, write_predictions
from tune_dml.reporting.search_json import to_json
from tune_dml.reporting.whole_files import replacing, write_csv_atomic, write_parquet_atomic, write_text_atomic
from tune_dml.reporting.wording import summary_lines

__all__ = [
    "Row",
    "SearchReport",
    "Soup",
    "html_page",
    "leaderboard_frame",
    "leaderboard_html",
    "leaderboard_markdown",
    "predictions_table",
    "print_leaderboard",
    "replacing",
    "summary_lines",
    "to_json",
    "write_csv_atomic",
    "write_parquet_atomic",
    "write_predictions",
    "write_text_atomic",
]
