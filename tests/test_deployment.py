"""The files of `deploy/` and the words of docs/deployment.md name what exists."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from diary.config import ROOT, SECRETS
from diary.lib.log import without_keys
from tests.conftest import ENVIRON

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
DOC = (ROOT / "docs" / "deployment.md").read_text()
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
README = (ROOT / "README.md").read_text()
OF_OTHERS = {
    "PYTHONDONTWRITEBYTECODE",
    "XDG_CACHE_HOME",
    "NEAP_UPSTREAM",
}  # Python's, fontconfig's, the Caddyfile's


def options(unit) -> list[tuple[str, str]]:
    lines = (line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return [tuple(line.split("=", 1)) for line in lines]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_exists_and_is_shut_in(unit, app):
    (started,) = [value for name, value in options(unit) if name == "ExecStart"]
    program, *arguments = shlex.split(started)
    if program.endswith("/gunicorn"):
        assert arguments == ["--config", "gunicorn.conf.py", "app:app"]
    else:
        assert program.endswith("/.venv/bin/flask") and arguments[:2] == ["--app", "app"]
        assert arguments[2] in app.cli.commands
    told = dict(options(unit))
    assert (told["User"], told["EnvironmentFile"]) == ("neap", "/etc/neap.env")
    assert (told["ProtectSystem"], told["NoNewPrivileges"], told["CapabilityBoundingSet"]) == (
        "strict",
        "yes",
        "",
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_takes_the_units(tmp_path):
    for unit in DEPLOY.glob("neap-*.*"):
        text = re.sub(r"/srv/neap/app/\.venv/bin/\w+", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and str(tmp_path) not in done.stderr, done.stderr


def test_the_image_has_its_packages_from_the_lists_of_make():
    assert "scripts/system.sh run" in DOCKERFILE and "scripts/setup.sh requirements.txt" in DOCKERFILE
    assert re.findall(r"apt-get install (.*?) \\?", DOCKERFILE.replace("\\\n", ""))[0].startswith("--yes")
    apt = re.search(r"apt-get install --yes --no-install-recommends (.*?) \\", DOCKERFILE)[1]
    assert apt.split() == ["python3", "ca-certificates"], "the rest comes from scripts/system.sh"
    assert "pip install" not in DOCKERFILE


def test_what_is_copied_into_the_image_is_all_that_neap_needs(tmp_path):
    copied = [line.split()[1:] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text()
    for *sources, _ in copied:
        for source in sources:
            assert f"!{source.split('/')[0]}\n" in ignored
            target = tmp_path / "image" / source
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, target)
    environ = {
        "PATH": os.environ["PATH"],
        **ENVIRON,
        "DATA_DIR": str(tmp_path / "data"),
        "LOG_LEVEL": "critical",
    }
    page = "from app import app; r = app.test_client().get('/sign-in'); print(r.status_code, b'/static/v-' in r.data)"
    for code, said in (
        (
            "import sys; from flask.cli import main; sys.argv = ['flask', '--app', 'app', 'migrate']; main()",
            "newest version",
        ),
        (page, "200 True"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path / "image",
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert said in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["neap.env", "compose.yaml", "Dockerfile"])
def test_a_variable_that_is_set_stands_in_the_readmes_table(name):
    text = (DEPLOY / name).read_text()
    named = set(re.findall(r"^\s*([A-Z][A-Z_]+)[:=]", text, re.MULTILINE)) | set(
        re.findall(r"\b([A-Z_]+)=\S", text)
    )
    named -= OF_OTHERS
    assert len(named) >= 3
    for one in named:
        plain = one.removesuffix("_FILE")
        assert f"`{plain}`" in README and (one == plain or plain in SECRETS), one


def test_the_proxy_logs_no_path_that_is_a_key(app):
    (line,) = re.findall(r"@keys path (.*)", (DEPLOY / "Caddyfile").read_text())
    left_out = {path.removesuffix("*") for path in line.split()}
    rules = {rule.rule for rule in app.url_map.iter_rules() if "token" in rule.arguments}
    keys = {rule.split("<")[0] for rule in rules if not rule.startswith("/dev/")}  # production has no /dev
    assert keys == left_out
    for path in keys:
        assert f"`{path}<token>" in DOC
        assert without_keys(f"GET {path}{'x' * 43} HTTP/1.1") == f"GET {path}<token> HTTP/1.1", (
            "gunicorn's own log"
        )


def test_the_document_names_each_file_and_commands_that_exist(app):
    for path in DEPLOY.iterdir():
        if path.is_file() and path.suffix != ".dockerignore":
            assert path.name in DOC, path.name
    for command in re.findall(r"(?:flask --app app|(?:^|`|&& )neap) ([a-z][a-z-]+)", DOC, re.MULTILINE):
        assert command in app.cli.commands, command
