"""What differences between arms of a comparison are worth: tests, intervals, power. Numbers in, numbers out."""

from tune_dml.statistics.corrected import ALPHA
from tune_dml.statistics.intervals import Interval, studentised_interval
from tune_dml.statistics.over_tasks import OverTasks, over_tasks
from tune_dml.statistics.paired import Paired, compare_paired
from tune_dml.statistics.power import can_be_tested, draws_needed, power, visible_difference
from tune_dml.statistics.ranks import Ranks, average_ranks
from tune_dml.statistics.sign_flips import sign_flip_p, smallest_p
from tune_dml.statistics.summary import ArmRow, Group, Score, Summary, summarise

__all__ = [
    "ALPHA",
    "ArmRow",
    "Group",
    "Interval",
    "OverTasks",
    "Paired",
    "Ranks",
    "Score",
    "Summary",
    "average_ranks",
    "can_be_tested",
    "compare_paired",
    "draws_needed",
    "over_tasks",
    "power",
    "sign_flip_p",
    "smallest_p",
    "studentised_interval",
    "summarise",
    "visible_difference",
]
