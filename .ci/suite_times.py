"""Prints how long each suite (folder below tests/) took, from pytest's JUnit file."""

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree


def main(report: Path) -> None:
    if not report.is_file():
        return
    seconds: defaultdict[str, float] = defaultdict(float)
    tests: defaultdict[str, int] = defaultdict(int)
    for case in ElementTree.parse(report).iter("testcase"):
        parts = case.get("classname", "").split(".")
        # tests.cli.test_help: the folder; tests.test_floors: a file of the top level.
        suite = parts[1] if len(parts) > 2 else "(top level)"
        seconds[suite] += float(case.get("time", "0"))
        tests[suite] += 1
    print(f"{'suite':<16}{'tests':>7}{'seconds':>10}   (summed over test processes)")
    for suite in sorted(seconds, key=lambda name: -seconds[name]):
        print(f"{suite:<16}{tests[suite]:>7}{seconds[suite]:>10.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
