"""paramiko-client.py CONFIG.json: what one writes by hand to run some commands on many hosts."""
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import paramiko

with open(sys.argv[1], encoding="utf-8") as file:
    config = json.load(file)
key = paramiko.Ed25519Key.from_private_key_file(config["identityFile"])


def run_on(address):
    client = paramiko.SSHClient()
    client.load_host_keys(config["knownHostsFile"])
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        address,
        port=config["port"],
        username=config["user"],
        pkey=key,
        allow_agent=False,
        look_for_keys=False,
        timeout=120,
        banner_timeout=120,
        auth_timeout=120,
    )
    try:
        for command in config["commands"]:
            stdin, stdout, stderr = client.exec_command(command)
            stdin.close()
            output = stdout.read()
            stderr.read()
            status = stdout.channel.recv_exit_status()
            if status != 0 or not output:
                raise RuntimeError(f"{address}: status {status}: {command}")
    finally:
        client.close()


with ThreadPoolExecutor(config["threads"]) as pool:
    list(pool.map(run_on, config["addresses"]))
