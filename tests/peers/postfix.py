"""A Postfix of our own, with its own configuration, queue and mailbox below a folder: loopback only, and nothing leaves it.

Needs root and Debian's `postfix`. It wants TLS and asks for no password. Nothing of the system's own Postfix is read, changed or started.
"""
import pathlib
import socket
import subprocess
import time


class Postfix:
    def __init__(self, folder):
        self.folder = folder
        # Without a user tidings signs in nowhere; TLS is asked for all the same.
        self.user = ""
        self.etc, self.queue, self.data = folder / "etc", folder / "queue", folder / "data"
        self.mail = folder / "mail"
        for path in (self.etc, self.queue, self.data, self.mail):
            path.mkdir(parents=True)
        self.port, self.ca_file = free_port(), folder / "ca.pem"
        certificates(folder)
        subprocess.run(["chown", "postfix", self.data], check=True)
        subprocess.run(["chown", "nobody", self.mail], check=True)
        uid = subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True, check=True).stdout.strip()
        gid = subprocess.run(["id", "-g", "nobody"], capture_output=True, text=True, check=True).stdout.strip()
        (self.etc / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {self.queue}
data_directory = {self.data}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.lab.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = lab.example
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_transport = error:outside mail is disabled
relay_transport = error:outside mail is disabled
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {folder / "leaf-key.pem"} {folder / "leaf.pem"}
smtpd_forbid_bare_newline = yes
smtpd_forbid_bare_newline_exclusions =
maillog_file = {folder / "maillog"}
maillog_file_prefixes = {folder}
""")
        (self.etc / "master.cf").write_text(f"""
127.0.0.1:{self.port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
""")
        self.version = self.ask("postconf", "-c", self.etc, "-h", "mail_version")
        self.ask("postfix", "-c", self.etc, "start")
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"Postfix does not answer: {(folder / 'maillog').read_text()}")

    def ask(self, *words):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{words[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def delivered(self, number):
        """The files of the letters, once so many have arrived or a minute is over."""
        for _ in range(600):
            files = list((self.mail / "all" / "new").glob("*"))
            if len(files) >= number:
                break
            time.sleep(0.1)
        return files

    def empty(self):
        for path in (self.mail / "all" / "new").glob("*"):
            path.unlink()

    def end(self):
        subprocess.run(["postfix", "-c", self.etc, "stop"], capture_output=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificates(folder):
    """ca.pem and a certificate it signed; one that is both is refused by rustls."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", "ca-key.pem", "-out", "ca.pem",
            "-subj", "/CN=tidings test authority", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf-key.pem", "-out", "leaf.csr", "-subj", "/CN=localhost")
    (pathlib.Path(folder) / "leaf.cnf").write_text(
        "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "30",
            "-extfile", "leaf.cnf", "-out", "leaf.pem")
