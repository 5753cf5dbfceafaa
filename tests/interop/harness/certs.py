# SPDX-License-Identifier: Apache-2.0
"""Certificate authorities and leaves, through the openssl program."""
import pathlib
import subprocess


def run(*words, cwd):
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")


class Authority:
    """One EC P-256 authority in a folder of its own."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pem = self.folder / "ca.pem"
        self.count = 0
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-days", "30", "-subj", f"/CN={name} test authority",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            cwd=self.folder)

    def leaf(self, name, sans, usage="serverAuth,clientAuth", days="30",
             mode=0o600):
        """(certificate, key) paths for these subjectAltNames."""
        self.count += 1
        ext = self.folder / f"{name}.ext"
        ext.write_text(f"subjectAltName={','.join(sans)}\n"
                       f"extendedKeyUsage={usage}\n"
                       "basicConstraints=CA:FALSE\n"
                       "keyUsage=digitalSignature\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", "-subj", f"/CN={name}", cwd=self.folder)
        run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem",
            "-CAkey", "ca.key", "-set_serial", str(1000 + self.count),
            "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem",
            cwd=self.folder)
        key = self.folder / f"{name}.key"
        key.chmod(mode)
        return self.folder / f"{name}.pem", key
