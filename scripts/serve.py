"""Neap on this machine: schema, demo clinic when nobody is there, then web and jobs until Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT = os.environ.get("PORT") or "8000"
URL = f"http://localhost:{PORT}"
FLASK = [sys.executable, "-m", "flask", "--app", "app"]
WEB = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:app"]
START_SECONDS = 30
STOP_SECONDS = 12
DEMO_PEOPLE = """\
alice@demo.example     patient
bob@demo.example       clinician
cora@demo.example      coach
dana@demo.example      admin
charlie@demo.example   patient of the other clinic
"""


class Stop(Exception):
    """Somebody asked for the end."""


def main() -> int:
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    if not PORT.isdecimal() or not 0 < int(PORT) < 65536:
        print(f"PORT is {PORT!r}; it is a number from 1 to 65535.", file=sys.stderr)
        return 2
    if is_taken(int(PORT)):
        print(f"Something else listens on port {PORT}. Choose another: make run PORT=8001", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        if subprocess.run([*FLASK, "migrate"], stdout=subprocess.DEVNULL).returncode:
            return 1
        sign_ins = people()
        children["web"] = start(WEB)
        children["jobs"] = start([*FLASK, "jobs"])
        wait_until_up(children["web"])
        print(f"\nNeap is at {URL}\n{mails()}\n{sign_ins}\nCtrl-C stops it.", flush=True)
        return watch(children)
    except Stop:
        return 0
    finally:
        end(children)


def stop(_signal, _frame) -> None:
    raise Stop


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def people() -> str:
    """The words that say how to sign in; makes the demo clinic where nobody is."""
    from sqlmodel import select

    from diary import create_app, db
    from diary.accounts.models import Person
    from diary.accounts.queries import person_by_email
    from diary.demo import PASSPHRASE

    app = create_app()
    if app.config["SETTINGS"].production:
        return ""
    with app.app_context():
        with db.read() as s:
            is_empty = s.exec(select(Person.id).limit(1)).first() is None
            is_demo = person_by_email(s, "alice@demo.example") is not None
        db.engine().dispose()
    if is_empty:
        print("Nobody is here yet: making the demo clinics.", flush=True)
        made = subprocess.run([*FLASK, "demo"], capture_output=True, text=True)
        if made.returncode:
            print(made.stderr, file=sys.stderr)
            raise SystemExit(1)
        return made.stdout
    if is_demo:
        return f"{DEMO_PEOPLE}passphrase: {PASSPHRASE}\n"
    return "Sign in as one of the people of this database.\n"


def mails() -> str:
    """Where the mails are seen that nobody is sent; empty where they go to a server."""
    from diary import config

    settings = config.load()
    return "" if settings.production or settings.smtp else f"Mail is shown at {URL}/dev/mail\n"


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches this script, which stops both in order."""
    environ = {name: value for name, value in os.environ.items() if name != "BIND"}  # loopback, always
    return subprocess.Popen(command, start_new_session=True, env=environ)


def wait_until_up(web: subprocess.Popen[bytes]) -> None:
    end_at = time.monotonic() + START_SECONDS
    while time.monotonic() < end_at:
        if web.poll() is not None:
            raise SystemExit("The web process did not start; its reason stands above.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The web process did not answer in time.")


def watch(children: dict[str, subprocess.Popen[bytes]]) -> int:
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                print(f"The {name} process ended ({child.returncode}); stopping.", file=sys.stderr)
                return 1
        time.sleep(0.3)


def end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    end_at = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.wait(max(0.1, end_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


if __name__ == "__main__":
    sys.exit(main())
