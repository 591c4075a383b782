"""What the files of this folder promise of each other: who runs as whom, and how many of each there are."""

import json
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).parent


def nodes(prefix: str, services: dict) -> list:
    return [name for name in services if re.fullmatch(prefix + r"-\d", name)]


compose = yaml.safe_load((HERE / "compose.yaml").read_text())
services = compose["services"]
assert [len(nodes(kind, services)) for kind in ("clinic", "aggregator", "hub")] == [5, 3, 2], list(services)
for name, service in services.items():
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["user"] == "10001:10001", name
    assert service["volumes"] == [f"{name}:/var/lib/sumac"] and name in compose["volumes"], name
    assert service["secrets"][0]["source"] == name and name in compose["secrets"], name
    assert ("ports" in service) == name.startswith("hub"), name
print("ok: compose.yaml has five clinics, three aggregators and two hubs, each without rights")

for kind in ("clinic", "hub"):
    documents = list(yaml.safe_load_all((HERE / f"kubernetes/{kind}.yaml").read_text()))
    pods = [d for d in documents if d["kind"] == "StatefulSet"]
    assert len(pods) == 1 and pods[0]["spec"]["replicas"] == 1, kind
    (container,) = pods[0]["spec"]["template"]["spec"]["containers"]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"], kind
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys(), kind
    (claim,) = pods[0]["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] in {mount["name"] for mount in container["volumeMounts"]}, kind
print("ok: each node of kubernetes/ is one pod without rights, with probes, on a volume that stays")

rules = yaml.safe_load((HERE / "prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
for rule in rules:
    assert rule["labels"]["severity"] in ("page", "ticket"), rule
    assert (HERE.parent / rule["annotations"]["runbook"]).is_file(), rule
print(f"ok: {len(rules)} alerts, each with a runbook")

board = json.loads((HERE / "grafana/dashboard.json").read_text())
assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
assert all(panel["targets"] for panel in board["panels"])
yaml.safe_load((HERE / "prometheus/scrape.yaml").read_text())
print(f"ok: a dashboard of {len(board['panels'])} panels")
