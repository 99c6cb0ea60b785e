#!/usr/bin/env python3
"""A mail server to try tidings against: aiosmtpd with STARTTLS and AUTH, under a certificate authority made on the spot.

    tests/peers/smtp.py FOLDER [--port 0] [--defer] [--refuse ADDRESS] [--cut]

Makes a virtual environment, the authority and the certificate in FOLDER (once), then listens on 127.0.0.1 and writes every
letter to FOLDER/inbox/N.eml. --defer answers 451 to the first RCPT it hears; --refuse answers 550 for that address; --cut takes the first letter and
hangs up without a word. Prints
one line of JSON per event on standard output; the first names the port, the user, the password and ca.pem for tidings.toml:

    [mail]
    smtp = "smtp://tidings@127.0.0.1:PORT"
    from = "Lab tidings <tidings@lab.example>"
    password_env = "TIDINGS_SMTP_PASSWORD"
    ca_file = "FOLDER/ca.pem"

Ends when its standard input is closed or on Ctrl-C.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import venv

AIOSMTPD = "aiosmtpd==1.4.6"
USER, PASSWORD = "tidings", "correct horse battery"


def say(**event):
    print(json.dumps(event), flush=True)


def prepare(folder):
    """The interpreter of an environment that has aiosmtpd."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", AIOSMTPD], check=True)
    return python


def certificates(folder):
    """ca.pem and a certificate it signed. One that is both is refused by rustls (CaUsedAsEndEntity)."""
    if (folder / "leaf.pem").exists():
        return

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", "ca-key.pem", "-out", "ca.pem",
            "-subj", "/CN=tidings test authority", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf-key.pem", "-out", "leaf.csr", "-subj", "/CN=localhost")
    (folder / "leaf.cnf").write_text(
        "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "30",
            "-extfile", "leaf.cnf", "-out", "leaf.pem")


def serve(folder, arguments):
    import ssl

    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult, LoginPassword

    inbox = folder / "inbox"
    inbox.mkdir(exist_ok=True)
    deferred = [not arguments.defer]
    cut = [not arguments.cut]
    connections = [0]
    letters = [len(list(inbox.glob("*.eml")))]

    class Handler:
        async def handle_EHLO(self, server, session, envelope, hostname, responses):
            # Once in the clear and once under TLS.
            if session.ssl is not None:
                connections[0] += 1
                say(event="connected", number=connections[0])
            session.host_name = hostname
            return responses

        async def handle_RCPT(self, server, session, envelope, address, options):
            if not deferred[0]:
                deferred[0] = True
                say(event="deferred", to=address)
                return "451 4.7.1 try again later"
            if address == arguments.refuse:
                say(event="refused", to=address)
                return "550 5.1.1 no such person"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            letters[0] += 1
            number = letters[0]
            (inbox / f"{number}.eml").write_bytes(envelope.original_content)
            say(event="letter", file=f"inbox/{number}.eml", to=envelope.rcpt_tos, sender=envelope.mail_from,
                bytes=len(envelope.original_content), encrypted=session.ssl is not None, signed_in=session.authenticated)
            if not cut[0]:
                cut[0] = True
                say(event="cut", to=envelope.rcpt_tos)
                server.transport.abort()
            return f"250 OK letter {number}"

    def authenticate(server, session, envelope, mechanism, data):
        ok = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        say(event="auth", mechanism=mechanism, ok=ok)
        # handled=True with success=False would hang up without a reply.
        return AuthResult(success=ok, handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem", folder / "leaf-key.pem")
    controller = Controller(Handler(), hostname="127.0.0.1", port=arguments.port or free_port(), tls_context=context,
                            require_starttls=True, auth_required=True, auth_require_tls=True, authenticator=authenticate,
                            enable_SMTPUTF8=True)
    controller.start()
    say(event="listening", port=controller.port, user=USER, password=PASSWORD, ca_file=str(folder / "ca.pem"))
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    controller.stop()


def free_port():
    """aiosmtpd tries its own port at start, so it cannot be asked for port 0."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--defer", action="store_true")
    parser.add_argument("--refuse")
    parser.add_argument("--cut", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    python = prepare(folder)
    if pathlib.Path(sys.prefix).resolve() != (folder / "venv").resolve():
        os.execv(python, [python, __file__, *sys.argv[1:]])
    certificates(folder)
    serve(folder, arguments)


if __name__ == "__main__":
    main()
