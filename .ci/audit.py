"""Asks PyPI for known vulnerabilities of the tested versions (constraints.txt). Exit code 1 if there is one.

Where no answer is to be had, as behind a mirror that does not serve them, it says so and ends with 0.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).resolve().parents[1] / "constraints.txt"
COMMAND = "-r", str(PINS), "--no-deps", "--disable-pip", "-s", "pypi", "-f", "json", "--progress-spinner", "off"
NO_ANSWER = re.compile(r"ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|ServiceError|SSLError|HTTPError")


def main() -> int:
    ran = subprocess.run([sys.executable, "-m", "pip_audit", *COMMAND], capture_output=True, text=True)
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = ran.stderr.strip().splitlines() or ["nothing"]
        if NO_ANSWER.search(ran.stderr):
            print(f"not audited: no vulnerability service can be reached ({said[-1][:100]})")
            return 0
        print(f"pip-audit failed: {said[-1]}", file=sys.stderr)
        return 1
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        # pip-audit itself calls that "no known vulnerabilities".
        print(f"not audited: the vulnerability service that can be reached knows none of {len(packages)} packages")
        return 0
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    found = [(package, one) for package in asked for one in package["vulns"]]
    for package, one in found:
        mend = f"mended in {', '.join(one['fix_versions'])}" if one["fix_versions"] else "not mended yet"
        print(f"{package['name']} {package['version']}: {one['id']}, {mend}", file=sys.stderr)
    beside = f"; {len(unknown)} unknown to it: {', '.join(unknown)}" if unknown else ""
    print(f"audited: {len(asked)} packages, {len(found)} known vulnerabilities{beside}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
