"""The sentences that go with a leaderboard, the same in the terminal, in Markdown and in HTML."""

from __future__ import annotations

from collections.abc import Mapping

from tune_dml.config import command, quoted
from tune_dml.data import METRICS, has_majority
from tune_dml.reporting.document import SearchReport
from tune_dml.reporting.leaderboard import Row

_SCORE_WORDS = {"cv": "cross-validation", "holdout": "hold-out", "official": "validation-split"}
_LOST_WORDS = {
    "worker": "by itself",
    "node": "with its machine",
    "memory": "to Ray's memory monitor",
    "gpu": "to a fault of its GPU",
}
_CLASSES_LISTED = 12


def title(report: SearchReport) -> str:
    """``TREC · 50 shots · all-MiniLM-L6-v2 · name``."""
    settings = report.settings
    return f"{settings.task.task} · {report.shots} shots · {', '.join(settings.encoder_names)} · {settings.name}"


def shots_sentence(report: SearchReport) -> str:
    """How many labelled examples of each class there are."""
    counts = report.per_class
    if len(counts) > _CLASSES_LISTED:
        each = f"{len(counts)} classes with {min(counts.values())} to {max(counts.values())} each"
    else:
        each = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{report.shots} shots (draw {report.settings.draw.draw}): {each}."


def result_sentences(report: SearchReport, rows: list[Row]) -> list[str]:
    """What was found and how far to believe it: winner, confirmed score, bias, corrected estimate, failures."""
    winner = next((row for row in rows if row.is_winner), None)
    sentences = [_winner(report, winner)]
    if winner:
        sentences += [
            *_nothing_right(report, winner),
            *_majority(report),
            *_soup(report),
            *_tie(report, winner, rows),
            *_bought(report, winner),
            *_beliefs(report, winner),
            *_readouts(report),
        ]
    if report.failed:
        sentences.append(failures(report.failed))
    if report.confirm_failed:
        sentences.append(f"Confirm runs: {failures(report.confirm_failed)}")
    if report.lost_workers:
        sentences.append(_lost(report.lost_workers))
    return sentences


def summary_lines(report: SearchReport) -> list[str]:
    """The least that one wants to know: what was searched, what won with which scores, where the model is."""
    winner = next((row for row in report.rows() if row.is_winner), None)
    shown = report.shown_metric
    lines = [title(report), _winner(report, winner)]
    if winner is not None and winner.cv is not None:
        lines.append(f"cross-validation {shown.words}: {winner.cv[shown.name]:.3f}")
    if report.model is not None:
        lines.append(f"model: {report.model}")
    if report.interrupted or report.model is None:
        lines += [f"next: {line}" for line in next_commands(report)[:1]]
    return lines


def failures(reasons: Mapping[str, int]) -> str:
    """``2 failed: 1 nan, 1 collapse.``"""
    listed = ", ".join(f"{n} {reason}" for reason, n in reasons.items())
    return f"{sum(reasons.values())} failed: {listed}."


def _lost(causes: Mapping[str, int]) -> str:
    total = sum(causes.values())
    times = "once" if total == 1 else f"{total} times"
    listed = ", ".join(f"{n} {_LOST_WORDS.get(cause, cause)}" for cause, n in causes.items())
    return f"A worker was lost {times} ({listed}); what it ran was run again."


def places(report: SearchReport) -> dict[str, str]:
    """Where the results are: label and path, of those that exist."""
    known = {
        "results": report.folder,
        "report": report.report,
        "best": report.best,
        "model": report.model,
        "MLflow": report.mlflow_page or report.tracking_uri,
        "store": report.settings.store,
    }
    return {label: path for label, path in known.items() if path}


def next_commands(report: SearchReport) -> list[str]:
    """What one would run now, ready to be pasted."""
    settings = report.settings
    commands = []
    if report.interrupted:
        commands.append(command("resume", settings.results, settings.name))
    if report.winner and report.has_test and not report.confirmed.get(report.winner.name):
        commands.append(command("confirm", settings.results, settings.name))
    if report.model:
        commands.append(f"tune-dml predict {quoted(report.model)} FILE")
    return [*commands, command("ui", settings.results, settings.name)]


def _winner(report: SearchReport, winner: Row | None) -> str:
    if winner is None:
        return "No trial has finished all its rounds, so there is no winner yet."
    encoder = f" with {winner.encoder}" if winner.encoder else ""
    text = f"Winner: {winner.name}{encoder}, read-out {winner.readout or report.kind.target.readout}."
    shown = report.shown_metric
    if winner.test:
        summary = winner.test[shown.name]
        seeds = ", ".join(f"{value:.3f}" for value in summary.values)
        if len(summary.values) == 1:
            return f"{text} Test {shown.words} {summary.mean:.3f} with one seed."
        return (
            f"{text} Test {shown.words} {summary.mean:.3f} ± {summary.sd:.3f}, mean and standard deviation "
            f"over {len(summary.values)} seeds ({seeds})."
        )
    if report.has_test:
        return f"{text} It is not confirmed on the test split."
    return f"{text} There is no test split: the bias-corrected estimate is the answer."


def _nothing_right(report: SearchReport, winner: Row) -> list[str]:
    """Where texts may have no label, a model that predicts none at all has a score of 0, and no error."""
    shown = report.shown_metric
    if winner.cv is None or shown.lower_is_better or winner.cv[shown.name] > 0:
        return []
    return [
        f"Its cross-validation {shown.words} is 0: no label that a text has was predicted. Give more shots, or leave "
        "out labels that few texts have."
    ]


def _majority(report: SearchReport) -> list[str]:
    """What accuracy is worth where one class is much more frequent than the others."""
    if report.majority is None or not has_majority(list(report.per_class.values())):
        return []
    name, share = report.majority
    test = "" if report.test_majority is None else f", {report.test_majority:.3f} on the test split"
    return [f"Always answering '{name}' would have an accuracy of {share:.3f} on the shots{test}."]


def _soup(report: SearchReport) -> list[str]:
    """Whether the model is the mean of the winner's seeds, and what that is worth."""
    if (soup := report.soup) is None:
        return []
    shown, rounds = report.shown_metric, "one round" if soup.rounds == 1 else f"{soup.rounds} rounds"
    judged = "" if soup.judged is None else f": {soup.judged[0]:.3f}, its seeds {soup.judged[1]:.3f}, in {rounds}"
    if soup.left_out is not None:
        return [
            f"The mean of its seeds' weights was left out ({soup.left_out}{judged}); the model is the first seed's."
        ]
    kept = "The model is" if report.model else "There is also"
    test = "" if soup.scores is None else f" Test {shown.words} {soup.scores[shown.name]:.3f}."
    return [
        f"{kept} a soup: the mean of the weights of {soup.seeds} seeds, its read-out fitted anew.{test} Held-out texts "
        f"had nothing against it{judged}."
    ]


def _tie(report: SearchReport, winner: Row, rows: list[Row]) -> list[str]:
    """Why the winner is not the first trial of the table, if it is not."""
    first = next(row for row in rows if row.kind == "trial")
    if first is winner:
        return []
    return [
        f"{first.name} is ahead of it in {_SCORE_WORDS[report.settings.draw.validation]} by no more than luck "
        "gives the best of so many trials: a tie, and ties go to what the space begins with."
    ]


def _bought(report: SearchReport, winner: Row) -> list[str]:
    """What there is to show for all the trials after the first."""
    trials = sum(record.kind == "trial" for record in report.records)
    if winner.name == report.first_recipe and trials > 1:
        return ["Over the recipe that the space begins with, the search has gained nothing."]
    gain = report.bought
    if gain is None:
        return []
    low, high = gain.interval
    words, seeds = METRICS[gain.metric].words, f"{gain.seeds} seeds" if gain.seeds > 1 else "one seed"
    chance = "" if low > 0 or high < 0 else ", which may be chance"
    verb = "gained" if gain.mean >= 0 else "lost"
    size = abs(100 * gain.mean)
    low, high = (100 * low, 100 * high) if gain.mean >= 0 else (-100 * high, -100 * low)
    return [
        f"The search has {verb} {size:.1f} points of test {words} [{low:.1f}, {high:.1f}] over the recipe that the "
        f"space begins with, {gain.over}, with the same {seeds}{chance}."
    ]


def _readouts(report: SearchReport) -> list[str]:
    """The one that is used, and of each other the best setting, the usual one where none is better."""
    used = report.readouts.get(report.winner.name) if report.winner is not None else None
    best: dict[str, str] = {}
    for name, value in report.readout_scores.items():
        family = "used" if name == used else name.partition(":")[0]
        if family not in best or value > report.readout_scores[best[family]]:
            best[family] = name
    if len(best) < 2:
        return []
    words = report.kind.target.metrics[0].words
    listed = ", ".join(f"{name} {report.readout_scores[name]:.3f}" for name in best.values())
    return [f"The winner's read-outs by {_SCORE_WORDS[report.settings.draw.validation]} {words}: {listed}."]


def _beliefs(report: SearchReport, winner: Row) -> list[str]:
    sentences = []
    shown = report.shown_metric
    if winner.cv:
        validation = report.settings.draw.validation
        down = ", and down, because each round trains on only a part of the shots" if validation != "official" else ""
        sentences.append(
            f"The winner's {_SCORE_WORDS.get(validation, validation)} {shown.words}, "
            f"{winner.cv[shown.name]:.3f} with the {report.kind.target.readout} read-out, is biased: up, "
            f"because the winner was picked by it{down}."
        )
    if report.corrected:
        low, high = report.corrected.intervals[shown.name]
        sentences.append(
            f"Bias-corrected {shown.words} (BBC-CV): {report.corrected.scores[shown.name]:.3f}, "
            f"95% interval {low:.3f} to {high:.3f}."
        )
    return sentences
