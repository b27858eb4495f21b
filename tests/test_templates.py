"""Templates are used, their macros are used, and htmx is asked for nothing that a strict policy can't keep."""

import json
import re
from pathlib import Path

import html5lib
import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)")
TAKEN = re.compile(r"{%-?\s*from\s+\"([^\"]+)\"\s+import\s+([^%]+?)\s*(?:with(?:out)? context\s*)?-?%}")
# A trigger's filter is evaluated, and fails open where evaluating is forbidden: the request is sent all the same.
FILTER = re.compile(r"\[[^\]]*\]")
EVALUATED = re.compile(r"^\s*(?:js|javascript):", re.I)


def name_of(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


SOURCES = {name_of(path): path.read_text() for path in FILES}
CODE = "\n".join(path.read_text() for path in sorted((ROOT / "diary").rglob("*.py")))


def unused_macros(sources: dict[str, str]) -> set[str]:
    """ "file: macro" of those that nobody calls: neither their own file nor one that takes them from it."""
    unused = set()
    for name, source in sources.items():
        for macro in MACRO.findall(source):
            here = len(_called(source, macro))
            users = [other for other in sources.values() if macro in _taken(other, name)]
            if not here and not any(_called(other, macro) for other in users):
                unused.add(f"{name}: {macro}")
    return unused


def _called(source: str, macro: str) -> list[str]:
    """Calls in expressions and call blocks; the macro's own head is none."""
    source = re.sub(rf"{{%-?\s*macro\s+{macro}\b", "", source)
    inside = re.findall(r"{[{%](.*?)[%}]}", source, re.S)
    return [one for one in inside if re.search(rf"(?<![\w.\"]){macro}\s*\(", one)]


def _taken(source: str, name: str) -> set[str]:
    found = set()
    for module, names in TAKEN.findall(source):
        if module == name:
            found |= {part.split(" as ")[0].strip() for part in names.split(",")}
    return found


def used_templates(sources: dict[str, str], code: str) -> set[str]:
    """Those that code names, and those that a used one extends, includes or takes macros from."""
    waiting = [name for name in sources if f'"{name}"' in code]
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in used:
            continue
        used.add(name)
        tree = Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(sources[name])
        for node in tree.find_all((nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)):
            named = [const.value for const in node.template.find_all(nodes.Const)]
            if isinstance(node.template, nodes.Const):
                named.append(node.template.value)
            waiting += [one for one in named if one in sources]
    return used


def htmx_faults(source: str) -> list[str]:
    """Attributes that need eval or an inline handler; the expressions of Jinja are no part of what is sent."""
    plain = re.sub(r"{%.*?%}|{#.*?#}|{{.*?}}", "", source, flags=re.S)
    tree = html5lib.parse(plain, namespaceHTMLElements=False)
    faults = []
    for el in tree.iter():
        for key, value in el.attrib.items():
            key = str(key).removeprefix("data-")
            if key.startswith("hx-on") or re.fullmatch(r"on[a-z]+", key):
                faults.append(f"{key}: a handler in the page")
            elif key == "hx-trigger" and FILTER.search(value):
                faults.append(f"{key}={value}: a filter")
            elif key.startswith("hx-") and EVALUATED.search(value):
                faults.append(f"{key}={value}: an expression")
            elif key == "hx-vars" or (
                key in ("hx-vals", "hx-headers") and value.strip()[:1] not in ("", "{")
            ):
                faults.append(f"{key}={value}: no plain values")
            elif key in ("href", "action", "src", "formaction") and EVALUATED.search(value):
                faults.append(f"{key}={value}: a script for an address")
    return faults


def test_every_macro_is_used():
    assert not unused_macros(SOURCES)


def test_every_template_is_used():
    assert sorted(set(SOURCES) - used_templates(SOURCES, CODE)) == []


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_htmx_is_asked_for_nothing_that_is_evaluated(name):
    assert not htmx_faults(SOURCES[name])


def test_htmx_keeps_no_pages_in_the_browsers_storage():
    """Its default keeps ten of them, which anybody with the phone could read."""
    (config,) = [
        json.loads(found)
        for found in re.findall(r"""htmx-config" content='([^']+)'""", SOURCES["_head.html"])
    ]
    assert config["historyCacheSize"] == 0 and not config["allowEval"] and not config["allowScriptTags"]


def test_the_browsers_scripts_make_no_such_attribute_either():
    for path in sorted((ROOT / "static" / "js").rglob("*.mjs")):
        source = path.read_text()
        assert "hx-on" not in source and "javascript:" not in source and "eval(" not in source, path


class TestTheLint:
    """Each fault, planted, is found."""

    @pytest.mark.parametrize(
        "line",
        [
            '<b hx-trigger="click[ctrlKey]">',
            "<b hx-trigger=\"{{ x }} keyup[key=='a'] from:body\">",
            '<b hx-on:click="x()">',
            '<b hx-on--after-request="x()">',
            '<b data-hx-on:click="x()">',
            '<b onclick="x()">',
            "<b hx-vals='js:{a: b()}'>",
            "<b hx-vals='javascript:{a: b()}'>",
            "<b hx-vals='values()'>",
            "<b hx-headers='js:{a: b()}'>",
            '<b hx-vars="a:b()">',
            '<a href="javascript:x()">',
        ],
    )
    def test_of_htmx(self, line):
        assert htmx_faults(f"<!doctype html><p>{line}")

    @pytest.mark.parametrize(
        "line",
        [
            '<b hx-trigger="change, keyup changed delay:300ms">',
            "<b hx-vals='{\"a\": 1}'>",
            '<b hx-get="{{ url }}" hx-target="#a">',
            '<b hx-trigger="{{ names[0] }}">',
        ],
    )
    def test_of_what_is_fine(self, line):
        assert not htmx_faults(f"<!doctype html><p>{line}")

    def test_of_macros_and_templates(self):
        sources = {
            "macros/a.html": "{% macro used() %}{% endmacro %}{% macro lost() %}{% endmacro %}{% macro own() %}{{ used() }}{% endmacro %}",
            "b.html": '{% from "macros/a.html" import own %}{{ own() }} lost("in words")',
            "_c.html": "",
            "_d.html": "",
        }
        assert unused_macros(sources) == {"macros/a.html: lost"}
        sources["b.html"] += '{% include "_c.html" %}'
        assert set(sources) - used_templates(sources, 'render_template("b.html")') == {"_d.html"}
