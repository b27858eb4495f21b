"""wapiti and sqlmap in an environment of their own, since one of them wants an older SQLAlchemy."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = Path(os.environ.get("NEAP_SCANNERS", ROOT / ".venv-attack")) / "bin"
MODULES = "sql,xss,permanentxss,csp,http_headers,cookieflags,csrf,crlf,redirect,exec,file"
LEVELS = {1: "low", 2: "medium", 3: "high", 4: "critical"}


def there() -> bool:
    return (HOME / "wapiti").exists() and (HOME / "sqlmap").exists()


@dataclass(frozen=True)
class Finding:
    kind: str
    level: int
    where: str
    parameter: str

    def __str__(self) -> str:
        return f"{LEVELS[self.level]}: {self.kind} at {self.where}, parameter {self.parameter or 'none'}"


def wapiti(pages: list[str], cookie: str, folder: Path, seconds: int) -> tuple[int, list[Finding]]:
    """How many addresses it tried, and what it found, of low level or more."""
    out = folder / "wapiti.json"
    base = "/".join(pages[0].split("/")[:3])
    starts = [option for page in pages[1:] for option in ("-s", page)]
    known = ("-C", cookie, "--drop-set-cookie") if cookie else ()
    subprocess.run(
        [
            HOME / "wapiti", "-u", pages[0], *starts, *known, "-x", f"{base}/sign-out*", "-m", MODULES, "--scope", "domain",
            "-d", "1", "--max-links-per-page", "60", "--max-scan-time", str(seconds), "--max-attack-time", "45",
            "--no-bugreport", "--flush-session", "--store-session", folder / "session",
            "--store-config", folder / "config", "-f", "json", "-o", out, "-v", "0",
        ],
        cwd=folder, check=True, timeout=seconds * 5, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    told = json.loads(out.read_text())
    found = [
        Finding(kind, one["level"], f"{one['method']} {one['path']}", one["parameter"] or "")
        for part in ("vulnerabilities", "anomalies")
        for kind, ones in told[part].items()
        for one in ones
    ]
    return told["infos"]["crawled_pages_nbr"], sorted(set(found), key=str)


def sqlmap(page: str, cookie: str, folder: Path, data: str = "", skip: str = "") -> str:
    """Which techniques get through by which parameters of this page; empty for none."""
    form = ("--data", data) if data else ()
    known = ("--cookie", cookie) if cookie else ()
    out = folder / "sqlmap"
    done = subprocess.run(
        [
            HOME / "sqlmap", "-u", page, *form, *known, "--batch", "--level", "1", "--risk", "1", "--technique", "BEUT",
            "--time-sec", "2", "--flush-session", "--disable-coloring", "--output-dir", out, "--skip", f"csrf_token,{skip}",
            "--ignore-code", "*", "--drop-set-cookie", "-v", "1",
        ],
        cwd=folder, timeout=900, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert "testing for SQL injection on" in done.stdout, done.stdout[-1500:]
    return "\n".join(line.strip() for line in done.stdout.splitlines() if line.strip().startswith("Title:"))
