module github.com/open-telemetry/opentelemetry-collector-contrib/internal/kubelet

go 1.25.0

require (
	github.com/open-telemetry/opentelemetry-collector-contrib/internal/k8sconfig v0.155.0
	go.opentelemetry.io/collector/config/configtls v1.61.0
	go.uber.org/zap v1.28.0
)
