"""Prints name, version and licence of every distribution that `pip install tune-dml` brings, as installed here.

Exit code 1 if one has a licence that is not on the list below. Extras of this project do not count.
"""

import re
import sys
from collections import deque
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

#: Permissive, or copyleft that ends at the library itself (LGPL, MPL), by their SPDX names. "BSD": some packages do not
#: say which of the BSD licences, all of which are permissive.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "CNRI-Python", "ISC", "LGPL-2.1-or-later", "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0",
    "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip
#: Other spellings, in small letters.
SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD",
    "bsd license": "BSD",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
#: Those whose metadata do not say, by what the LICENSE file in them is.
LOOKED_UP = {
    "huey": "MIT",
    "skops": "MIT",
}
#: An owner's terms, for names of this beginning only: a torch for GPUs brings NVIDIA's CUDA libraries, which are free
#: to use, but not open source. A torch for CPUs comes without.
OWNERS_TERMS = {"LicenseRef-NVIDIA-Proprietary": "nvidia-"}


def brought_by(name: str) -> list[Distribution]:
    """The distribution and, in turn, what it requires on this machine, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = deque([(name, "")])
    while waiting:
        name, extra = waiting.popleft()
        key = canonicalize_name(name)
        if (key, extra) in seen:
            continue
        seen.add((key, extra))
        found[key] = distribution(name)
        for text in found[key].requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                waiting.extend((wanted.name, one) for one in ("", *wanted.extras))
    return [found[key] for key in sorted(found)]


def licence(package: Distribution) -> str:
    """As an SPDX expression where it is known, else what the metadata say; empty where they say nothing."""
    about = package.metadata
    if about.get("License-Expression"):
        return about.get("License-Expression")
    # Older metadata: a name, or the text of the licence, and beside it names of a fixed list.
    said = (about.get("License") or "").strip()
    classifiers = [
        line.rpartition("::")[2].strip() for line in about.get_all("Classifier", []) if line.startswith("License ::")
    ]
    for names in ([said], classifiers):
        known = [SPELLINGS.get(name.lower(), name) for name in names]
        if known and all(allowed(name) for name in known):
            return " AND ".join(known)
    looked_up = LOOKED_UP.get(canonicalize_name(package.name))
    return looked_up or " / ".join([said.partition("\n")[0][:60], *classifiers]).strip(" /")


def allowed(expression: str, name: str = "") -> bool:
    """Whether one of its alternatives may be used: those between ``OR``; all of it where there are parentheses."""
    alternatives = [expression] if "(" in expression else expression.split(" OR ")
    for alternative in alternatives:
        parts = [part.strip(" ()") for part in re.split(r" AND | OR ", alternative)]
        if all(part in ALLOWED or (part in OWNERS_TERMS and name.startswith(OWNERS_TERMS[part])) for part in parts):
            return True
    return False


def main(name: str) -> int:
    try:
        packages = brought_by(name)
    except PackageNotFoundError as missing:
        print(f"{missing.name} is required, but not installed here.", file=sys.stderr)
        return 1
    refused = []
    for package in packages:
        says = licence(package)
        print(f"{package.name:<36}{package.version:<16}{says or '(not known)'}")
        if not allowed(says, canonicalize_name(package.name)):
            refused.append(f"{package.name}: {says or 'the metadata name no licence'}")
    for line in refused:
        print(f"Not on the list of licences in .ci/licences.py: {line}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main("tune-dml"))
