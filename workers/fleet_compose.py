"""A compose file to lay over docker-compose.yml: vLLM for each deployment of our own, workers that know them all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from policies.fleet import Deployment, Fleet, Serving

MOUNTED = "/etc/holdfast/fleet.yaml"
HEAD = """\
# Written by `holdfast fleet compose {file}`; change the fleet and write it anew.
#   docker compose -f docker-compose.yml -f <this file> up -d
# Put the weights into the volume `models` first: the servers fetch nothing.
"""


def overlay(fleet: Fleet, file: Path) -> str:
    """Write the fleet as YAML to lay over docker-compose.yml; `file` is where Compose finds the fleet itself."""
    served = {each.address.hostname: _service(each, each.serving) for each in fleet.deployments if each.serving}
    written: dict[str, Any] = {"services": {**served, **_workers(fleet, file)}}
    if served:
        written |= {"networks": {"inside": {"internal": True}}, "volumes": {"models": {}}}
    if secrets := {_secret(each): {"environment": each.key_variable} for each in _with_key(fleet) if each.serving}:
        written["secrets"] = secrets
    return HEAD.format(file=file) + yaml.dump(written, Dumper=_Plain, sort_keys=False, width=120)


def _service(deployment: Deployment, serving: Serving) -> dict[str, Any]:
    entrypoint, secrets = ["vllm", "serve"], []
    if deployment.key_variable:
        # The key goes from the secret into the server's environment, never onto a command line that `ps` shows.
        secrets = [_secret(deployment)]
        start = f'VLLM_API_KEY="$$(cat /run/secrets/{secrets[0]})" exec vllm serve "$$@"'
        entrypoint = ["sh", "-c", start, "vllm"]
    port = deployment.address.port or 80
    asking = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/health', timeout=4)"
    gpus = {"driver": "nvidia", "device_ids": list(serving.gpus), "capabilities": ["gpu"]}
    return {
        "restart": "unless-stopped",
        "init": True,
        "security_opt": ["no-new-privileges:true"],
        "logging": {"driver": "local", "options": {"max-size": "20m", "max-file": "5"}},
        "image": serving.image,
        "entrypoint": entrypoint,
        "command": [each.replace("$", "$$") for each in _arguments(deployment, serving, port)],
        "environment": {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"},
        **({"secrets": secrets} if secrets else {}),
        "networks": ["inside"],
        "volumes": ["models:/models:ro"],
        "shm_size": "4g",
        "healthcheck": {
            "test": ["CMD", "python3", "-c", asking],
            "interval": "10s",
            "timeout": "5s",
            "retries": 3,
            "start_period": "10m",
        },
        "deploy": {
            "resources": {
                "limits": {"cpus": str(serving.cpus), "memory": serving.memory},
                "reservations": {"devices": [gpus]},
            }
        },
    }


def _arguments(deployment: Deployment, serving: Serving, port: int) -> list[str]:
    return [
        serving.weights,
        *("--served-model-name", deployment.model),
        *("--port", str(port)),
        *("--max-model-len", str(deployment.context)),
        *("--gpu-memory-utilization", f"{serving.gpu_memory:g}"),
        *(("--tensor-parallel-size", str(len(serving.gpus))) if len(serving.gpus) > 1 else ()),
        *(("--quantization", serving.quantization) if serving.quantization else ()),
        *(("--speculative-config", json.dumps(serving.speculative)) if serving.speculative else ()),
        # A grammar allows blanks between tokens without end, and a model that falls into them never closes its braces.
        *("--structured-outputs-config", json.dumps({"backend": "xgrammar", "disable_any_whitespace": True})),
        "--enable-prefix-caching",
        # Without it a server does not say how many tokens of a prompt its cache held, and the ledger overstates costs.
        "--enable-prompt-tokens-details",
        *serving.arguments,
    ]


def _workers(fleet: Fleet, file: Path) -> dict[str, Any]:
    where = file.as_posix() if file.is_absolute() else f"./{file.as_posix()}"
    named, mounts = {"HOLDFAST_FLEET": MOUNTED}, [f"{where}:{MOUNTED}:ro"]
    variables = {str(each.key_variable) for each in _with_key(fleet)}
    keys = {name: f"${{{name}:?set {name}}}" for name in sorted(variables)}
    # Policy is pinned on the first queue, models are asked on the second; only that one gets keys.
    return {
        "worker-conversation": {"environment": named, "volumes": mounts},
        "worker-inference": {"environment": {**named, **keys}, "volumes": mounts},
    }


def _with_key(fleet: Fleet) -> Iterator[Deployment]:
    return (each for each in fleet.deployments if each.key_variable)


def _secret(deployment: Deployment) -> str:
    return str(deployment.key_variable).lower()


class _Plain(yaml.SafeDumper):
    """SafeDumper without anchors: a person reads this, and compares it with the fleet."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
