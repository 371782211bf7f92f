#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""junit.py REPORT.xml prints "PASSED FAILED SKIPPED" of a report that ctest wrote."""

import sys
import xml.etree.ElementTree as ElementTree


def verdict(case):
    status = case.get("status")
    if status == "run":
        return "passed"
    reason = case.find("skipped")
    message = reason.get("message", "") if reason is not None else ""
    # A program that ctest could not start is "notrun" too, and no excuse.
    return "skipped" if status == "disabled" or message.startswith("SKIP_") else "failed"


def main():
    cases = ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    verdicts = [verdict(case) for case in cases]
    print(*(verdicts.count(word) for word in ("passed", "failed", "skipped")))


if __name__ == "__main__":
    main()
