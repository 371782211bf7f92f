# SPDX-License-Identifier: MIT
"""S19: a daemon that crashes leaves no core, which would hold keys and what people ordered. Both defences are tried, the
limit and the flag of the process, and that `core_dumps` takes them back.

Mutation: aurora_supervisor_seal without set_dumpable, or aurora_supervisor_settle without the hard limit."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, Server  # noqa: E402

NOBODY = 65534
USER = NOBODY if os.geteuid() == 0 else os.geteuid()  # whose /proc tells the flag apart


class Crashing(Server):
    """A copy in a folder of its own, as a user who is not root, with all cores allowed that the system allows."""

    def start(self, timeout=20):
        folder = pathlib.Path(self.folder.name)
        shutil.copy(BIN / self.program, folder)
        os.chown(folder, USER, -1)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(folder / self.program), "--store", self.store, "--listen", f"127.0.0.1:{self.port}",
                 *self.arguments],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                user=None if USER == os.geteuid() else USER,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
        return self.await_ready(timeout)

    def crash(self):
        self.process.send_signal(signal.SIGABRT)
        status = os.waitpid(self.process.pid, 0)[1]
        self.process.returncode = -os.WTERMSIG(status)
        cores = [path.name for path in pathlib.Path(self.folder.name).iterdir() if path.name.startswith("core")]
        return os.WTERMSIG(status), os.WCOREDUMP(status), cores


def check(condition, what):
    if not condition:
        sys.exit(f"no_core: {what}")


def core_limits(pid):
    """Soft and hard, as the system writes them."""
    line = next(line for line in pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line)
    return tuple(line.split()[4:6])


def check_sealed(program):
    with Crashing(program=program) as server:
        pid = server.process.pid
        limit = core_limits(pid)
        check(limit == ("0", "0"), f"{program}: the limit of cores is {limit}")
        check(os.stat(f"/proc/{pid}/environ").st_uid == 0, f"{program}: its memory is open to its user")
        found = server.crash()
        check(found == (signal.SIGABRT, False, []), f"{program}: a crash left {found}")


def check_allowed():
    with Crashing("--core-dumps", "true") as server:
        pid = server.process.pid
        soft, hard = core_limits(pid)
        check(soft == hard, f"core_dumps: the limit is {soft} of {hard}")
        check(os.stat(f"/proc/{pid}/environ").st_uid == USER, "core_dumps: its memory is closed")


def main():
    check_sealed("aurorad")
    check_allowed()
    print("no_core: the limit is 0, the flag is off, and a crash leaves nothing")


main()
