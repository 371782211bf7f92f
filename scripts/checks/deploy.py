#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What deploy/ names exists: the paths that are copied, programs, settings, options of the build, packages,
and packages for every library that the built programs need. No image is built."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys

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


def check_copy(rest, programs):
    *sources, target = [word for word in rest.split() if not word.startswith("--")]
    if "--from=" not in rest:
        for source in sources:
            if not (ROOT / source).exists():
                complain("Dockerfile", f"{source} does not exist")
        return target
    for source in sources:
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


def check_compose(text, known_settings, commands):
    try:
        import yaml  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("deploy: no PyYAML here, compose.yaml is not checked")
        return
    compose = yaml.safe_load(text)
    volumes, secrets = compose.get("volumes", {}), compose.get("secrets", {})
    for name, service in compose["services"].items():
        build = service["build"]
        if not (DEPLOY / build["context"] / build["dockerfile"]).is_file():
            complain("compose.yaml", f"{name}: {build['dockerfile']} does not exist")
        check_variables("compose.yaml", [key for key in service["environment"]
                                         if key.startswith("AURORA_")], known_settings)
        for secret in service.get("secrets", []):
            if secret not in secrets:
                complain("compose.yaml", f"{name}: there is no secret {secret}")
        for value in service["environment"].values():
            if value.startswith("/run/secrets/") and value[13:] not in service.get("secrets", []):
                complain("compose.yaml", f"{name}: {value} is no secret of it")
        for volume in service.get("volumes", []):
            if volume.split(":")[0] not in volumes:
                complain("compose.yaml", f"{name}: there is no volume {volume}")
        command = "/usr/local/bin/" + service["healthcheck"]["test"][1]
        if command not in commands:
            complain("compose.yaml", f"{name}: {command} is not in the image")


def main():
    known_settings = settings()
    if known_settings is None:
        print("deploy: aurorad is not built, names of settings are not checked")
    commands = check_dockerfile(known_settings)
    check_compose((DEPLOY / "compose.yaml").read_text(encoding="utf-8"), known_settings, commands)
    for objection in objections:
        print(objection)
    print(f"deploy: {len(objections)} objections")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
