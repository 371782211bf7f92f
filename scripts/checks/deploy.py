#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What deploy/ names exists: the paths that are copied, programs, settings, options of the build, packages,
and packages for every library that the built programs need; compose files and units of systemd hang together, Prometheus
is given every service, Grafana finds its sources, and the gateway takes edge.ini. No image is built."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

BUILD = pathlib.Path(os.environ.get("AURORA_BUILD_DIR", ROOT / "build"))
DEPLOY = ROOT / "deploy"
BASE_PACKAGES = {"libc6", "libgcc-s1"}  # of every Debian image

objections = []


def complain(where, why):
    objections.append(f"deploy/{where}: {why}")


def instructions(text):
    """(word, rest) of each instruction, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), " ".join(rest.split())


def installed_packages(rest):
    for part in rest.split("&&"):
        if "apt-get install" in part:
            yield from (word for word in part.split("install", 1)[1].split()
                        if not word.startswith("-"))


def known_packages(names):
    """Those that apt or dpkg here knows; None where neither can say."""
    if shutil.which("apt-cache") is None:
        return None
    answer = subprocess.run(["apt-cache", "show", "--no-all-versions", *names], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return set(re.findall(r"^Package: (.+)$", answer, re.MULTILINE)) or None


def check_packages(names):
    known = known_packages(sorted(names))
    if known is None:
        print("deploy: no list of packages here, their names are not checked")
        return
    for name in sorted(set(names) - known):
        complain("Dockerfile", f"there is no package {name}")


@functools.cache
def owner_of(library):
    """The package of the file that the loader takes; a name in /lib is owned under /usr/lib or there."""
    for path in ("/usr" + library, library, os.path.realpath(library)):
        answer = subprocess.run(["dpkg-query", "-S", path], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=False).stdout
        if answer:
            return answer.split(":")[0]
    return None


def needed_packages(program):
    headers = subprocess.run(["readelf", "-d", program], text=True, stdout=subprocess.PIPE,
                             check=True).stdout
    needed = set(re.findall(r"NEEDED.*\[(.+)\]", headers))
    places = subprocess.run(["ldd", program], text=True, stdout=subprocess.PIPE, check=True).stdout
    for name, path in re.findall(r"(\S+) => (/\S+)", places):
        if name in needed:
            yield name, owner_of(path)


def check_libraries(packages, programs):
    if any(shutil.which(tool) is None for tool in ("dpkg-query", "readelf", "ldd")):
        print("deploy: no dpkg, readelf or ldd here, libraries are not checked")
        return
    for program in programs:
        path = BUILD / "bin" / program
        if not path.exists():
            print(f"deploy: {program} is not built, its libraries are not checked")
            continue
        for library, package in needed_packages(path):
            if package not in packages | BASE_PACKAGES:
                complain("Dockerfile", f"{program} needs {library} of {package}: not installed")


def settings():
    """Names as variables of the environment, as aurorad itself says them."""
    program = BUILD / "bin" / "aurorad"
    if not program.exists():
        return None
    text = subprocess.run([program, "--help"], text=True, stdout=subprocess.PIPE, check=True).stdout
    names = re.findall(r"^  --([a-z][a-z-]+) ", text, re.MULTILINE)
    return {"AURORA_" + name.replace("-", "_").upper() for name in names}


def check_variables(where, names, known):
    for name in names:
        if known is not None and name.removesuffix("_FILE") not in known:
            complain(where, f"{name} is no setting of aurorad")


def daemons():
    return sorted(path.name for path in (ROOT / "daemons").iterdir() if path.is_dir())


def check_copy(rest, programs):
    *sources, target = [word for word in rest.split() if not word.startswith("--")]
    if "--from=" not in rest:
        for source in sources:
            if not (ROOT / source).exists():
                complain("Dockerfile", f"{source} does not exist")
        return target
    for source in sources:
        if source.endswith("/bin/"):
            programs.extend(daemons())
            continue
        name = pathlib.PurePath(source).name
        programs.append(name)
        if not (ROOT / "daemons" / name).is_dir():
            complain("Dockerfile", f"{name} is no program of daemons/")
    return None


def check_dockerfile(known_settings):
    options = set(re.findall(r"option\((\w+)", "".join(
        path.read_text(encoding="utf-8") for path in
        [ROOT / "CMakeLists.txt", *sorted((ROOT / "cmake").glob("*.cmake"))])))
    packages, stages, programs, helpers, words = set(), [], [], [], {}
    for word, rest in instructions((DEPLOY / "Dockerfile").read_text(encoding="utf-8")):
        words[word] = rest
        if word == "FROM":
            stages.append(set())
        elif word == "RUN":
            stages[-1].update(installed_packages(rest))
            for option in re.findall(r"-D(AURORA_\w+)=", rest):
                if option not in options:
                    complain("Dockerfile", f"{option} is no option of the build")
        elif word == "COPY":
            helpers.append(check_copy(rest, programs))
        elif word == "ENV":
            check_variables("Dockerfile", re.findall(r"(AURORA_\w+)=", rest), known_settings)
    packages = set().union(*stages)
    check_packages(packages)
    check_libraries(stages[-1], programs)
    if words.get("USER") in (None, "root", "0"):
        complain("Dockerfile", "the program must not run as root")
    return {"/".join(["", "usr", "local", "bin", name]) for name in programs} | set(helpers)


def check_service(where, name, service, compose, commands):
    """What a service of a compose file names: the build, secrets, volumes, programs of the image."""
    build = service["build"]
    if not (DEPLOY / build["context"] / build["dockerfile"]).is_file():
        complain(where, f"{name}: {build['dockerfile']} does not exist")
    for value in service["environment"].values():
        if value.startswith("/run/secrets/") and value[13:] not in service.get("secrets", []):
            complain(where, f"{name}: {value} is no secret of it")
    for program in (service["healthcheck"]["test"][1], *service.get("entrypoint", [])[:1]):
        if "/usr/local/bin/" + program not in commands:
            complain(where, f"{name}: {program} is not in the image")
    for secret in service.get("secrets", []):
        if secret not in compose.get("secrets", {}):
            complain(where, f"{name}: there is no secret {secret}")


def listened(service):
    """HOST's port by its own settings; of an image of others by its usual one."""
    return service.get("environment", {}).get("AURORA_LISTEN", ":").rsplit(":", 1)[1]


def check_addresses(where, name, service, services):
    """Each HOST:PORT in a setting is another service, and an upstream's port the one it listens on."""
    for key, value in service["environment"].items():
        if not key.startswith("AURORA_") or key == "AURORA_LISTEN":
            continue
        for host, port in re.findall(r"(?:@|//|=|\|)([a-z]+):(\d+)", value):
            if host not in services:
                complain(where, f"{name}: {key} names {host}, which is no service")
            elif key == "AURORA_UPSTREAM" and listened(services[host]) != port:
                complain(where, f"{name}: {host} does not listen on {port}")
    if service["healthcheck"]["test"][2] != (listened(service) or "8080"):
        complain(where, f"{name}: the health check asks another port than it listens on")


def read_yaml(where):
    import yaml  # pylint: disable=import-outside-toplevel
    return yaml.safe_load((DEPLOY / where).read_text(encoding="utf-8"))


def extended(where, service):
    """The service with what it takes from another file; lists are joined."""
    if "extends" not in service:
        return service
    base = read_yaml(service["extends"]["file"])["services"].get(service["extends"]["service"])
    if base is None:
        complain(where, f"{service['extends']['file']} has no service {service['extends']['service']}")
        base = {}
    whole = dict(base, **service)
    whole["volumes"] = base.get("volumes", []) + service.get("volumes", [])
    return whole


def check_volume(where, name, volume, compose):
    source = volume.split(":")[0]
    if source.startswith("./"):
        if not (DEPLOY / source).exists():
            complain(where, f"{name}: {source} does not exist")
        if not volume.endswith(":ro"):
            complain(where, f"{name}: {source} is not mounted read only")
    elif source not in compose.get("volumes", {}):
        complain(where, f"{name}: there is no volume {source}")


def check_image(where, name, service):
    """Of others: a version, not whatever is newest."""
    if "build" not in service and not re.fullmatch(r"[a-z/-]+:v?\d[\w.]*", service.get("image", "")):
        complain(where, f"{name}: its image has no version")


def check_targets(where, services):
    """Prometheus is given each service of ours by its name and port, under its name as label."""
    volumes = services.get("prometheus", {}).get("volumes", [])
    found = {}
    for volume in volumes:
        source, _, target = volume.partition(":")
        if target.startswith("/etc/prometheus/targets/") and (DEPLOY / source).is_file():
            for group in read_yaml(source):
                for address in group["targets"]:
                    found[address] = group["labels"]["service"]
    for name, service in services.items():
        if "build" in service and f"{name}:{listened(service) or '8080'}" not in found:
            complain(where, f"Prometheus has no target {name}:{listened(service) or '8080'}")
    for address, label in found.items():
        host = address.split(":")[0]
        program = services.get(host, {}).get("entrypoint", ["aurorad"])[0].removeprefix("aurora-")
        if host not in services or label != program:
            complain(where, f"Prometheus' target {address} is not the service {label}")


def check_datasources(where, services):
    sources = read_yaml("grafana/provisioning/datasources/aurora.yaml")["datasources"]
    uids = {source["uid"] for source in sources}
    for source in sources:
        host, _, port = source["url"].removeprefix("http://").partition(":")
        ports = [entry.split(":")[-1] for entry in services.get(host, {}).get("ports", [])]
        if port not in ports:
            complain(where, f"Grafana's {source['name']} is at {source['url']}, where no service is")
        for link in source["jsonData"].get("exemplarTraceIdDestinations", []) if "jsonData" in source else []:
            if link["datasourceUid"] not in uids:
                complain(where, f"Grafana's {source['name']} leads to {link['datasourceUid']}, which there is not")
    folder = read_yaml("grafana/provisioning/dashboards/aurora.yaml")["providers"][0]["options"]["path"]
    if not any(f":{folder}:" in volume for volume in services["grafana"]["volumes"]):
        complain(where, f"Grafana looks for dashboards in {folder}, where none are")


def check_compose(where, known_settings, commands):
    try:
        compose = read_yaml(where)
    except ImportError:
        print(f"deploy: no PyYAML here, {where} is not checked")
        return
    services = {name: extended(where, service) for name, service in compose["services"].items()}
    for name, service in services.items():
        check_variables(where, [key for key in service.get("environment", {})
                                if key.startswith("AURORA_")], known_settings)
        for volume in service.get("volumes", []):
            check_volume(where, name, volume, compose)
        check_image(where, name, service)
        if "healthcheck" not in service:
            complain(where, f"{name}: no health check")
        if "mem_limit" not in service:
            complain(where, f"{name}: no mem_limit")
        if "build" in service:
            check_service(where, name, service, compose, commands)
            check_addresses(where, name, service, services)
    check_targets(where, services)
    check_datasources(where, services)
    if sum("build" in service for service in services.values()) > 1:
        run = {service["entrypoint"][0] for service in services.values() if "entrypoint" in service}
        for program in set(daemons()) - run - {"aurorad", "auroractl"}:
            complain(where, f"no service runs {program}")


def check_unit_text(path, known_settings):
    text = path.read_text(encoding="utf-8")
    where = f"systemd/{path.name}"
    for program in re.findall(r"^ExecStart=/usr/bin/(\S+)", text, re.MULTILINE):
        if program != "aurora-%i" and program not in daemons():
            complain(where, f"{program} is no program of daemons/")
    for page in re.findall(r"/doc/aurora/(\S+)", text):
        if not (ROOT / "docs" / page).is_file():
            complain(where, f"there is no docs/{page}")
    check_variables(where, re.findall(r"^(AURORA_[A-Z_]+)=", text, re.MULTILINE), known_settings)


def verify_units(units):
    """As systemd itself reads them, with the units that they lean on and the programs made up."""
    if shutil.which("systemd-analyze") is None:
        print("deploy: no systemd-analyze here, units are only read by us")
        return
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("usr/bin", "bin", "usr/lib/systemd/system", "etc/systemd/system"):
            (root / name).mkdir(parents=True)
        for name in [*daemons(), "../../bin/kill"]:
            shutil.copy("/bin/true", root / "usr/bin" / name)
        for name in ("sysinit.target", "basic.target", "shutdown.target", "network-online.target",
                     "multi-user.target", "system.slice", "-.mount"):
            (root / "usr/lib/systemd/system" / name).write_text("[Unit]\n", encoding="utf-8")
        own = root / "etc/systemd/system"
        (own / "aurora@gateway.service.d").mkdir()
        shutil.copy(DEPLOY / "systemd" / "edge.conf", own / "aurora@gateway.service.d")
        for unit in units:
            shutil.copy(unit, own / unit.name)
        for unit, name in [(unit, unit.name.replace("@", "@" + instance)) for unit in units
                           for instance in ("order", "gateway")]:
            answer = subprocess.run(["systemd-analyze", "verify", "--man=no", f"--root={root}", name],
                                    text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    check=False)
            for line in answer.stdout.splitlines():
                complain(f"systemd/{unit.name}", line)
            if answer.returncode != 0 and not answer.stdout:
                complain(f"systemd/{unit.name}", "systemd-analyze refuses it")


def check_edge(where):
    """As the gateway reads it, with a certificate and a secret made up in place of the operator's."""
    program = BUILD / "bin" / "aurora-gateway"
    if not program.exists() or shutil.which("openssl") is None:
        print(f"deploy: no aurora-gateway or no openssl here, {where} is not checked")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "gateway.ini"
        text = (DEPLOY / where).read_text(encoding="utf-8")
        file.write_text(text.replace("/etc/aurora-edge/", folder + "/"), encoding="utf-8")
        (file.parent / "secret").write_text("k" * 32, encoding="utf-8")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-subj", "/CN=shop.example.com", "-days", "90",
                        "-keyout", file.parent / "privkey.pem", "-out", file.parent / "fullchain.pem"],
                       stderr=subprocess.DEVNULL, check=True)
        own = {name: value for name, value in os.environ.items() if not name.startswith("AURORA_")}
        answer = subprocess.run([program, "--config", file, "--check-config"], text=True, check=False,
                                env={**own, "AURORA_SERVICE_SECRET_FILE": str(file.parent / "secret")},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if answer.returncode != 0:
        complain(where, answer.stdout.strip())


def main():
    known_settings = settings()
    if known_settings is None:
        print("deploy: aurorad is not built, names of settings are not checked")
    commands = check_dockerfile(known_settings)
    for path in sorted(DEPLOY.glob("compose*.yaml")):
        check_compose(path.name, known_settings, commands)
    for path in sorted((DEPLOY / "systemd").iterdir()):
        check_unit_text(path, known_settings)
    check_edge("edge.ini")
    verify_units(sorted((DEPLOY / "systemd").glob("*.service")))
    for objection in objections:
        print(objection)
    print(f"deploy: {len(objections)} objections")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
