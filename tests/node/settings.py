"""The settings of the node's parts, as they follow from its place and its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.node.machine import CNI_FOLDER

NODE_NAME = "node"
PLACES = 16
USERS = {
    "admin": ("admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{NODE_NAME}", "system:nodes"),
    "proxy": ("system:kube-proxy", ""),
}
"""By the names of their kubeconfigs: the user and its group."""

_API_PORT = 6443
_ETCD = "http://127.0.0.1:2379"
_DNS_DOMAIN = "cluster.local"


@dataclass(frozen=True, slots=True)
class Place:
    """One of the places for nodes on a machine, each with addresses and names of its own.

    The addresses are from the block for benchmarks (RFC 2544), which no real network has.
    """

    index: int

    @property
    def name(self) -> str:
        return f"mcp-node-{self.index}"

    @property
    def host_address(self) -> str:
        return f"198.18.{self.index}.1"

    @property
    def address(self) -> str:
        return f"198.18.{self.index}.2"

    @property
    def services(self) -> str:
        return f"198.18.{128 + self.index}.0/24"

    @property
    def first_service(self) -> str:
        """Of the API server."""
        return f"198.18.{128 + self.index}.1"

    @property
    def dns(self) -> str:
        return f"198.18.{128 + self.index}.10"

    @property
    def pods(self) -> str:
        return f"198.19.{self.index}.0/24"

    @property
    def api_server(self) -> str:
        return f"https://{self.address}:{_API_PORT}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of a node is: below one folder."""

    place: Place
    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def containerd_socket(self) -> Path:
        return self / "run" / "containerd.sock"

    @property
    def pod_logs(self) -> Path:
        return self / "pod-logs"

    @property
    def certificate_authority(self) -> Path:
        return self / "ca.crt"

    def kubeconfig(self, user: str) -> Path:
        return self / f"{user}.kubeconfig"

    def log(self, part: str) -> Path:
        return self / "logs" / f"{part}.log"


def etcd(layout: Layout) -> list[str]:
    return [
        f"--data-dir={layout / 'etcd'}",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(layout: Layout) -> list[str]:
    return [
        f"--etcd-servers={_ETCD}",
        f"--advertise-address={layout.place.address}",
        f"--secure-port={_API_PORT}",
        f"--tls-cert-file={layout / 'server.crt'}",
        f"--tls-private-key-file={layout / 'server.key'}",
        f"--client-ca-file={layout.certificate_authority}",
        f"--kubelet-client-certificate={layout / 'client.crt'}",
        f"--kubelet-client-key={layout / 'client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--token-auth-file={layout / 'tokens.csv'}",
        f"--service-account-issuer=https://kubernetes.default.svc.{_DNS_DOMAIN}",
        f"--service-account-key-file={layout / 'service-account.key'}",
        f"--service-account-signing-key-file={layout / 'service-account.key'}",
        f"--service-cluster-ip-range={layout.place.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--admission-control-config-file={layout / 'admission.yaml'}",
        "--allow-privileged=true",
        "--profiling=false",
    ]


def controllers(layout: Layout) -> list[str]:
    return [
        *_client(layout, "controllers"),
        f"--service-account-private-key-file={layout / 'service-account.key'}",
        f"--root-ca-file={layout.certificate_authority}",
        "--use-service-account-credentials",
        "--allocate-node-cidrs",
        f"--cluster-cidr={layout.place.pods}",
        "--node-cidr-mask-size=24",
        f"--service-cluster-ip-range={layout.place.services}",
        "--leader-elect=false",
    ]


def scheduler(layout: Layout) -> list[str]:
    return [*_client(layout, "scheduler"), "--leader-elect=false"]


def kubelet(layout: Layout) -> list[str]:
    return [
        f"--config={layout / 'kubelet.yaml'}",
        f"--kubeconfig={layout.kubeconfig('kubelet')}",
        f"--root-dir={layout / 'kubelet'}",
        f"--cert-dir={layout / 'kubelet-certificates'}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={layout.place.address}",
        # Otherwise cAdvisor has no series of containers.
        f"--containerd={layout.containerd_socket}",
    ]


def proxy(layout: Layout) -> list[str]:
    return [f"--config={layout / 'proxy.yaml'}"]


def _client(layout: Layout, user: str) -> list[str]:
    options = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return [f"--{option}={layout.kubeconfig(user)}" for option in options]


def kubeconfig(layout: Layout, token: str) -> dict[str, Any]:
    cluster = {
        "server": layout.place.api_server,
        "certificate-authority": str(layout.certificate_authority),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NODE_NAME, "cluster": cluster}],
        "users": [{"name": NODE_NAME, "user": {"token": token}}],
        "contexts": [{"name": NODE_NAME, "context": {"cluster": NODE_NAME, "user": NODE_NAME}}],
        "current-context": NODE_NAME,
    }


def files(layout: Layout) -> Mapping[str, Any]:
    """Configuration files by name; JSON is YAML, too."""
    return {
        "admission.yaml": _admission_configuration(),
        "kubelet.yaml": _kubelet_configuration(layout),
        "proxy.yaml": _proxy_configuration(layout),
        "cni/node.conflist": _network(layout),
    }


def _admission_configuration() -> dict[str, Any]:
    """The strictest of the Pod Security Standards, for all but the cluster's own pods."""
    restricted = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": {"enforce": "restricted", "enforce-version": "latest"},
        "exemptions": {"namespaces": ["kube-system"]},
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "PodSecurity", "configuration": restricted}],
    }


def _kubelet_configuration(layout: Layout) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.certificate_authority)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.place.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "clusterDNS": [layout.place.dns],
        "clusterDomain": _DNS_DOMAIN,
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "resolvConf": str(layout / "resolv.conf"),
        "podLogsDir": str(layout.pod_logs),
        # ConfigMaps and Secrets get into pods at the next of these.
        "syncFrequency": "5s",
        "nodeStatusUpdateFrequency": "5s",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
    }


def _proxy_configuration(layout: Layout) -> dict[str, Any]:
    untouched = {
        # The limits are the whole machine's.
        "maxPerCore": 0,
        "min": 0,
        "tcpEstablishedTimeout": "0s",
        "tcpCloseWaitTimeout": "0s",
    }
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": {"kubeconfig": str(layout.kubeconfig("proxy"))},
        "clusterCIDR": layout.place.pods,
        "hostnameOverride": NODE_NAME,
        "conntrack": untouched,
        "iptables": {"minSyncPeriod": "0s"},
    }


def _network(layout: Layout) -> dict[str, Any]:
    bridge = {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": layout.place.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(layout / "cni-state"),
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": NODE_NAME, "plugins": [bridge, ports]}


def containerd(layout: Layout) -> str:
    """Its configuration, in TOML."""
    cri = '[plugins."io.containerd.grpc.v1.cri"'
    return f"""
version = 2
root = "{layout / "containerd"}"
state = "{layout / "run"}/containerd"
[grpc]
address = "{layout.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "{layout / "opt"}"
{cri}]
sandbox_image = "{PAUSE_IMAGE}"
# Some machines allow no negative scores.
restrict_oom_score_adj = true
{cri}.cni]
bin_dir = "{CNI_FOLDER}"
conf_dir = "{layout / "cni"}"
{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
{cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
"""


PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
DNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.12.4"
