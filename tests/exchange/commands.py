"""Running import and export as the operator does."""

from dataclasses import dataclass
from pathlib import Path

from diary.cli import exchange

SHIPPED_PAUSE = exchange.PAUSE_SECONDS
exchange.PAUSE_SECONDS = 0  # in which others could write: there are none in the process of a test

DATA = Path(__file__).resolve().parent.parent / "data" / "diaries"


@dataclass
class Done:
    """How a command ended: exit status, the last line of stdout, all of stderr."""

    code: int
    last: str
    err: str


class Commands:
    def __init__(self, app, folder: Path):
        self.runner = app.test_cli_runner()
        self.folder = folder

    def run(self, *args: str) -> Done:
        result = self.runner.invoke(args=[str(arg) for arg in args])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        lines = result.stdout.splitlines()
        return Done(result.exit_code, lines[-1] if lines else "", result.stderr)

    def write(self, content: str | bytes, name: str = "in.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(self, content: str | bytes, *options: str, who: str = "alice@example.org") -> Done:
        return self.run("import", who, self.write(content), *options)
