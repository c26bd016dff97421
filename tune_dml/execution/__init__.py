"""Ray itself. Importing this imports no Ray."""

from tune_dml.execution.garbage import collecting_no_garbage
from tune_dml.execution.interrupts import EXIT_CODE, Stop, ending_like_ctrl_c, exit_at_once, interrupts
from tune_dml.execution.leaving import done_or_left
from tune_dml.execution.lost_terminal import let_go_of_lost_terminal
from tune_dml.execution.memory import give_back_memory
from tune_dml.execution.objects import fetch, share, share_as_text
from tune_dml.execution.session import has_left, leave_ray, ray_session, start_ray, stop_ray, whereabouts

__all__ = [
    "EXIT_CODE",
    "Stop",
    "collecting_no_garbage",
    "done_or_left",
    "ending_like_ctrl_c",
    "exit_at_once",
    "fetch",
    "give_back_memory",
    "has_left",
    "interrupts",
    "leave_ray",
    "let_go_of_lost_terminal",
    "ray_session",
    "share",
    "share_as_text",
    "start_ray",
    "stop_ray",
    "whereabouts",
]
