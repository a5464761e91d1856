"""The result as JUnit XML, which every CI system shows: one test case a rule.

It fits both schemas in use, Jenkins' `junit-10.xsd` and the older one of Ant, so all attributes that the latter wants
are there, and its elements in their order. A failed rule is a failure, one that could not be evaluated an error; what
only warns passes, and is told in `system-out`.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from processor.analyses.validate.rules import name_of
from processor.analyses.validate.verdict import Judged, Status

# What XML 1.0 has no way to write, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, rules: Sequence[Judged], *, suite: str, now: datetime) -> None:
    """Write the report.

    Args:
        path: of a new file.
        rules: in their order.
        suite: what was checked: the input's filename.
        now: when.
    """
    root = Element("testsuites")
    attributes = {
        "name": text(suite),
        "package": "sundog.validate",
        "id": "0",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": "sundog",
        "tests": str(len(rules)),
        "failures": str(sum(rule.status is Status.FAILED for rule in rules)),
        "errors": str(sum(rule.status is Status.ERROR for rule in rules)),
        "time": "0",
    }
    element = SubElement(root, "testsuite", attributes)
    SubElement(element, "properties")
    for rule in rules:
        _case(element, rule, suite=suite)
    SubElement(element, "system-out").text = text("\n".join(_asides(rules)))
    SubElement(element, "system-err")
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def text(value: str) -> str:
    """A text that XML can hold: each character that it cannot stands as U+FFFD."""
    return _NO_XML.sub("\ufffd", value)


def _case(parent: Element, rule: Judged, *, suite: str) -> None:
    name = f"{rule.number}: {name_of(rule.rule)}"
    case = SubElement(parent, "testcase", {"name": text(name), "classname": text(suite), "time": "0"})
    match rule.status:
        case Status.FAILED:
            failure = SubElement(case, "failure", {"message": text(rule.message), "type": rule.rule.rule})
            failure.text = text("\n".join(_lines(rule)))
        case Status.ERROR:
            SubElement(case, "error", {"message": text(rule.message), "type": rule.rule.rule}).text = text(rule.message)


def _lines(rule: Judged) -> list[str]:
    return [f"row {example['row']}: {example['values']}" for example in rule.found.examples]


def _asides(rules: Sequence[Judged]) -> list[str]:
    told = (Status.WARNED, Status.NOTED)
    return [f"{rule.status}: {name_of(rule.rule)}: {rule.message}" for rule in rules if rule.status in told]
