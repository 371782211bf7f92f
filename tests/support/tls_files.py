# SPDX-License-Identifier: MIT
"""Authorities and certificates of a test, made by the openssl command: none is older than the test."""

import pathlib
import subprocess
import tempfile

KINDS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"]}


class Files:
    """A folder with ca.pem and what is asked for: NAME.pem is a certificate, NAME.key its key."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="aurora-tls-")
        self.authority("ca")

    def path(self, name):
        return str(pathlib.Path(self.folder.name) / name)

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")

    def authority(self, name):
        self.openssl("req", "-x509", *KINDS["ec"], "-nodes", "-keyout", self.path(name + ".key"), "-out",
                     self.path(name + ".pem"), "-days", "30", "-subj", f"/CN={name}", "-addext",
                     "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        return self.path(name + ".pem")

    def certificate(self, name, names=("DNS:localhost", "IP:127.0.0.1"), authority="ca", kind="ec", days=30):
        """(certificate, key); `days` below 0: it ended so many days ago."""
        self.openssl("req", "-new", *KINDS[kind], "-nodes", "-keyout", self.path(name + ".key"), "-out",
                     self.path(name + ".csr"), "-subj", f"/CN={name}")
        pathlib.Path(self.path(name + ".ext")).write_text(
            f"subjectAltName={','.join(names)}\nbasicConstraints=CA:FALSE\n" if names else "basicConstraints=CA:FALSE\n")
        self.openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path(authority + ".pem"), "-CAkey",
                     self.path(authority + ".key"), "-CAcreateserial", "-days", str(days), "-extfile",
                     self.path(name + ".ext"), "-out", self.path(name + ".pem"))
        return self.path(name + ".pem"), self.path(name + ".key")

    def cleanup(self):
        self.folder.cleanup()
