// Package kubelet is the part of contrib's package of this name that kubeletstats needs in a pod:
// the published module has no entry in the checksum database, so that Go refuses it.
package kubelet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/internal/k8sconfig"
	"go.opentelemetry.io/collector/config/configtls"
	"go.uber.org/zap"
)

const (
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"
	timeout        = 10 * time.Second
)

// ClientConfig has the receiver's settings for its connection; TLS files have no effect here.
type ClientConfig struct {
	k8sconfig.APIConfig `mapstructure:",squash"`
	configtls.Config    `mapstructure:",squash"`
	InsecureSkipVerify  bool `mapstructure:"insecure_skip_verify"`
}

// Client reads from a kubelet.
type Client interface {
	Get(path string) ([]byte, error)
}

// ClientProvider makes the client.
type ClientProvider interface {
	BuildClient() (Client, error)
}

type client struct {
	url  string
	http *http.Client
}

// NewClientProvider checks the settings; endpoint is host:port.
func NewClientProvider(endpoint string, config *ClientConfig, _ *zap.Logger) (ClientProvider, error) {
	if config.AuthType != k8sconfig.AuthTypeServiceAccount {
		return nil, fmt.Errorf("auth_type %q: this build has only serviceAccount", config.AuthType)
	}
	authority, err := os.ReadFile(filepath.Join(serviceAccount, "ca.crt"))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return nil, errors.New("the service account's ca.crt holds no certificate")
	}
	settings := &tls.Config{RootCAs: trusted, InsecureSkipVerify: config.InsecureSkipVerify}
	transport := &http.Transport{TLSClientConfig: settings}
	return &client{"https://" + endpoint, &http.Client{Transport: transport, Timeout: timeout}}, nil
}

func (c *client) BuildClient() (Client, error) { return c, nil }

// Get reads the token each time, since kubelets renew it.
func (c *client) Get(path string) ([]byte, error) {
	token, err := os.ReadFile(filepath.Join(serviceAccount, "token"))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodGet, c.url+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", request.URL, answer.Status, body)
	}
	return body, err
}
