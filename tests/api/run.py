#!/usr/bin/env python3
"""Holds a running node against the OpenAPI document it serves: no 5xx, no status, content type or body that the document
does not name, nothing taken that the document refuses; once as an operator, once as a stranger. Schemathesis invents the
requests from a fixed seed. The last line says how many operations passed.

    tests/api/run.py [EXAMPLES]     requests per operation beside those at the borders, 20 when not given

Its packages are installed into target/venv from requirements.txt, pinned."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import xml.etree.ElementTree as xml
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target"))
PROGRAMS = Path(os.environ.get("SYMBIOSE_PROGRAMS", TARGET / "release"))
FOLDER = TARGET / "api"
VENV = TARGET / "venv"
SEED = 7
READY_S_MAX = 60
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "nothing_without_signing_in",
]
# The stream never ends; a backup is as large as the node and has its own story.
LEFT_OUT = ["/api/v1/stream", "/api/v1/backup"]


def tools():
    """Schemathesis, installed once per list of packages; None where it cannot be."""
    wanted = (HERE / "requirements.txt").read_text()
    stamp = VENV / "symbiose-requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        try:
            shutil.rmtree(VENV, ignore_errors=True)
            venv.create(VENV, with_pip=True)
            install = [VENV / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", HERE / "requirements.txt"]
            subprocess.run(install, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"passed over: Schemathesis cannot be installed on this machine ({error}); the API is not held against its document")
            return None
        stamp.write_text(wanted)
    return VENV / "bin/st"


class Hive:
    """Two buildings, with something to see: an asset in alert, a work order, a policy."""

    def __enter__(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        self.testnet = [PROGRAMS / "testnet"]
        self.env = {**os.environ, "SYMBIOSE_BIN": str(PROGRAMS / "symbiose")}
        self.log = open(FOLDER / "testnet.log", "wb")
        words = ["up", "--json", "--reset", "--for", "15m", "--dir", FOLDER / "hive", "--buildings", "2", "--authorities", "2"]
        self.process = subprocess.Popen([*self.testnet, *words], env=self.env, stdout=self.log, stderr=self.log)
        net = FOLDER / "hive/net.json"
        self.until("every node is ready", READY_S_MAX, net.exists)
        self.node = json.loads(net.read_text())["nodes"][0]
        self.tell("drift", f"{self.node['name']}-ELEVATOR_1", "motor_temp")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def tell(self, *words):
        subprocess.run([*self.testnet, *words, "--dir", FOLDER / "hive"], env=self.env, check=True, stdout=self.log, stderr=self.log)

    def ask(self, path, body=None):
        headers = {"Authorization": f"Bearer {self.node['token']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.node["http"] + path, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def first(self, path):
        items = self.ask(path)["items"]
        return items[0] if items else None

    def until(self, what, seconds, look):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            found = look()
            if found:
                return found
            time.sleep(0.1)
        raise SystemExit(f"{what}: not within {seconds} s; see {FOLDER}/testnet.log")


def things(hive):
    """Ids that exist, by the beginning of their paths."""
    order = hive.until("a work order of the drifting asset", 60, lambda: hive.first("/api/v1/workorders?local=true"))
    alert, policy = hive.first("/api/v1/alerts"), hive.first("/api/v1/policies")
    block = hive.until("a block", 60, lambda: hive.first("/api/v1/ledger/blocks"))
    transaction = hive.ask(f"/api/v1/ledger/blocks/{block['height']}")["transactions"][0]
    asset = f"{hive.node['name']}-ELEVATOR_1"
    user = hive.ask("/api/v1/users", {"name": "Bilal", "role": "technician"})
    return {
        "/api/v1/alerts/": alert["id"],
        "/api/v1/assets/": asset,
        "/api/v1/ledger/transactions/": transaction["id"],
        "/api/v1/policies/": policy["id"],
        "/api/v1/sites/": hive.first("/api/v1/sites")["code"],
        "/api/v1/users/": user["id"],
        "/api/v1/workorders/": order["id"],
    }


def hold(name, hive, st, extra, environment):
    """One run; answers operations that passed and failed."""
    report = FOLDER / f"{name}.xml"
    left_out = [word for path in LEFT_OUT for word in ("--exclude-path", path)]
    words = ["--config-file", HERE / "schemathesis.toml", "run", hive.node["http"] + "/api/v1/openapi.json", "--seed", str(SEED), "--checks", ",".join(CHECKS), *left_out]
    words += ["--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--warnings", "off", "--no-color"]
    words += ["--max-failures", "100", "--request-timeout", "30", "--report-junit-path", report, "--workers", "1", *extra]
    env = {**hive.env, **environment, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    code = subprocess.run([str(st), *map(str, words)], env=env, cwd=FOLDER, stdin=subprocess.DEVNULL).returncode
    cases = list(xml.parse(report).getroot().iter("testcase")) if report.exists() else []
    bad = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    is_alive = hive.process.poll() is None and hive.ask("/api/v1/node")["building"] is not None
    broken = int(code != 0 and bad == 0) + int(not cases) + int(not is_alive)
    return len(cases) - bad, bad + broken


def main():
    examples = sys.argv[1] if len(sys.argv) > 1 else "20"
    st = tools()
    if st is None:
        return 0
    with Hive() as hive:
        operator_sees = {"SYMBIOSE_THINGS": json.dumps(things(hive))}
        token = f"Authorization: Bearer {hive.node['token']}"
        stranger = hold("stranger", hive, st, ["--max-examples", "3"], {"SYMBIOSE_ANONYMOUS": "1"})
        operator = hold("operator", hive, st, ["--max-examples", examples, "-H", token], operator_sees)
    passed, failed = (a + b for a, b in zip(stranger, operator))
    print(f"api: {passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
