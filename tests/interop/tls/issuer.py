# SPDX-License-Identifier: Apache-2.0
"""An authority that issues anything, good or bad, revokes, and signs lists and
OCSP responses: the openssl program's `ca` and `ocsp` in a folder."""
import datetime
import pathlib

from harness.certs import run

CONFIG = """
[ca]
default_ca = here
[here]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
default_crl_days = 30
[any]
commonName = optional
organizationName = optional
"""

DAY = datetime.timedelta(days=1)


def der(tag, content):
    """One DER element."""
    n = len(content)
    if n < 128:
        head = bytes([tag, n])
    else:
        size = (n.bit_length() + 7) // 8
        head = bytes([tag, 0x80 | size]) + n.to_bytes(size, "big")
    return head + content


def raw_names(*names):
    """A subjectAltName of DNS names of any bytes."""
    text = der(0x30, b"".join(der(0x82, n) for n in names))
    return "DER:" + ":".join(f"{b:02x}" for b in text)


class Issuer:
    def __init__(self, folder, name="issuer"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.pem = self.folder / "ca.pem"
        (self.folder / "ca.cnf").write_text(CONFIG)
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")
        (self.folder / "crlnumber").write_text("01\n")
        self._self_signed("ca", name,
                          ["basicConstraints=critical,CA:TRUE",
                           "keyUsage=critical,keyCertSign,cRLSign"])

    def _self_signed(self, file, name, lines):
        words = [w for line in lines for w in ("-addext", line)]
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{file}.key",
            "-out", f"{file}.pem", "-days", "30", "-subj", f"/CN={name}",
            *words, cwd=self.folder)
        return self.folder / f"{file}.pem", self.folder / f"{file}.key"

    def self_signed(self, file, san):
        return self._self_signed(file, file, [f"subjectAltName={san}",
                                              "basicConstraints=CA:FALSE",
                                              "keyUsage=digitalSignature"])

    def leaf(self, file, san=None, usage="serverAuth,clientAuth", subject=None,
             first=-1, last=30, authority=False, extra=(), issuer="ca"):
        """(certificate, key); first and last: days from now."""
        lines = ["basicConstraints=critical,CA:"
                 + ("TRUE" if authority else "FALSE"),
                 "keyUsage=critical,"
                 + ("keyCertSign,cRLSign" if authority
                    else "digitalSignature")]
        if san:
            lines.append(f"subjectAltName={san}")
        if usage and not authority:
            lines.append(f"extendedKeyUsage={usage}")
        (self.folder / f"{file}.ext").write_text(
            "\n".join(["[ext]", *lines, *extra]) + "\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{file}.key",
            "-out", f"{file}.csr", "-subj", subject or f"/CN={file}",
            cwd=self.folder)
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = lambda days: (now + days * DAY).strftime("%Y%m%d%H%M%SZ")
        run("openssl", "ca", "-batch", "-config", "ca.cnf", "-notext",
            "-cert", f"{issuer}.pem", "-keyfile", f"{issuer}.key",
            "-in", f"{file}.csr", "-out", f"{file}.pem", "-startdate",
            stamp(first), "-enddate", stamp(last), "-extfile",
            f"{file}.ext", "-extensions", "ext", cwd=self.folder)
        key = self.folder / f"{file}.key"
        key.chmod(0o600)
        return self.folder / f"{file}.pem", key

    def chain(self, file, *parts):
        """Several certificates in one file."""
        out = self.folder / f"{file}.pem"
        out.write_bytes(b"".join(pathlib.Path(p).read_bytes() for p in parts))
        return out

    def revoke(self, certificate):
        run("openssl", "ca", "-batch", "-config", "ca.cnf", "-revoke",
            str(certificate), cwd=self.folder)

    def crl(self):
        run("openssl", "ca", "-batch", "-config", "ca.cnf", "-gencrl", "-out",
            "crl.pem", cwd=self.folder)
        return self.folder / "crl.pem"

    def staple(self, certificate):
        """An OCSP response about it, as the books stand now."""
        name = pathlib.Path(certificate).stem
        run("openssl", "ocsp", "-issuer", "ca.pem", "-cert", str(certificate),
            "-no_nonce", "-reqout", f"{name}.req", cwd=self.folder)
        run("openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem",
            "-rsigner", "ca.pem", "-rkey", "ca.key", "-ndays", "1", "-reqin",
            f"{name}.req", "-respout", f"{name}.der", cwd=self.folder)
        return self.folder / f"{name}.der"
